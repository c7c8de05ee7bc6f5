"""A small gallery to clean, and a process that is killed at any step."""

import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from core.images import ImageLimits
from core.places import Place
from offline.cleaning.findings import Candidate, Reason, Scan
from offline.gallery import Gallery
from offline.importing import ImportReport, import_items
from offline.sources.items import SourceItems, SourcePhoto
from tests.doubles import coloured_photo, encoded

LIMITS = ImageLimits.of(max_photo_mb=1, max_megapixels=1)
PLACES = (Place("tower", "Башня <i>&</i>", city="Город"), Place("bridge", "Мост"))
THRESHOLDS = dict.fromkeys(Reason, 0.5)
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "os.truncate"}
WRITING = os.O_WRONLY | os.O_RDWR

Found = Mapping[int, Mapping[Reason, float]]  # scores by the number of a photo in the gallery


def source() -> SourceItems:
    """Four photos of a tower and four of a bridge, rows a.csv:0 to a.csv:7."""
    yield from PLACES
    for row in range(8):
        photo = encoded(coloured_photo(("red", "blue")[row // 4], seed=row))
        yield SourcePhoto(("tower", "bridge")[row // 4], photo, f"a.csv:{row}")


def import_city(data_dir: Path) -> ImportReport:
    return import_items(source(), Gallery(data_dir), LIMITS)


def scanned(gallery: Gallery, found: Found) -> Scan:
    """A scan that found these photos; all others have low scores."""
    photos = gallery.photos
    scores = {reason: {photo.path: 0.1 for photo in photos} for reason in Reason}
    for number, reasons in found.items():
        for reason, score in reasons.items():
            scores[reason][photos[number].path] = score
    candidates = [Candidate(photos[number], reasons) for number, reasons in found.items()]
    return Scan(candidates, scores, THRESHOLDS)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but hidden ones: locks, and drafts that a killed process left."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def killed_before(step: int, act: Callable[[], object]) -> bool:
    """Act in another process that is killed right before its n-th change on the disk.

    Returns whether it was; False means that it was done before it got there.
    """
    pid = os.fork()
    if pid == 0:
        left = step

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
            if event in CHANGES or writing:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(hook)
            act()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert status in (0, signal.SIGKILL), "it failed instead of being killed"
    return status != 0


def killed_at_every_step(data_dir: Path, act: Callable[[Path], object]) -> Iterator[Path]:
    """Copies of a data folder, the act killed one change later in each, and done in the last."""
    for step in count():
        copy = data_dir.with_name(f"{data_dir.name}-{step}")
        shutil.copytree(data_dir, copy)
        killed = killed_before(step, lambda here=copy: act(here))
        yield copy
        shutil.rmtree(copy)
        if not killed:
            return


@contextmanager
def full_disk(free_bytes: int) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
