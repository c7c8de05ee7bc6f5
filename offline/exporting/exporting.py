"""Export an embedder as a pair that serves without its libraries, once it answers alike."""

import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.embedders import Embedder
from core.embedders.bundled import BundledEmbedder
from core.embedders.clip import ClipEmbedder
from core.embedders.optimized import OptimizedEmbedder
from core.embedders.pair import (
    CURRENT,
    FOLDER,
    MANIFEST,
    PICTURES,
    WORDS,
    Pair,
    Towers,
    current_pair,
    sha256,
)
from core.embedders.runtime import OPENVINO_FLOAT32, OPENVINO_INT8, openvino_precision
from core.embedders.weights import take_weights_out
from core.errors import (
    DataDirError,
    EmbedderUnavailable,
    ExportRefused,
    NoSnapshot,
    QueryError,
    SnapshotError,
)
from core.files import write_atomic
from core.images import ImageLimits, load_image
from core.snapshot import Snapshot
from core.snapshot_store import SnapshotStore
from offline.embedding_cache import embeddings_of
from offline.exporting.bundled import write_bundled
from offline.exporting.check import NO_PHOTOS, Bounds, Check, compare
from offline.exporting.clip import write_clip
from offline.exporting.int8 import (
    quantise_convolutions,
    quantise_for_openvino,
    quantise_transformer,
)
from offline.progress import Started, unwatched
from offline.training import Trainings
from offline.views import LOOKS, PARTS, for_training, views_of

Form = Literal["fp32", "int8", "openvino", "openvino-f32", "openvino-int8"]

DRAFT_PREFIX = ".draft-"
CALIBRATION_PHOTOS = 32


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export made."""

    pair: Pair
    check: Check
    snapshot: str  # version that was asked


@dataclass(frozen=True, slots=True)
class _Asking:
    """The gallery an export is checked on."""

    data_dir: Path
    snapshot: Snapshot
    limits: ImageLimits
    k: int

    def rows(self, count: int) -> list[int]:
        """Rows of up to ``count`` photos, spread evenly over the snapshot."""
        total = len(self.snapshot.photos)
        return [int(row) for row in np.linspace(0, total - 1, min(count, total))]


def export(
    source: Embedder,
    data_dir: Path,
    *,
    form: Form = "fp32",
    bounds: Bounds,
    photos: int,
    limits: ImageLimits,
    k: int,
    threads: int,
    started: Started = unwatched,
) -> ExportReport:
    """Write an optimized pair and make it the one in use, if it answers as ``source`` does.

    The pair is written into a draft, checked there, and put in place by renaming: whatever moment
    the job is killed at, the pair in use is whole. Only one job may run (`files.exclusive`).

    Args:
        source: what to export.
        data_dir: the guide's data folder, with a snapshot built by ``source``.
        form: float32 or 8-bit integers by ONNX Runtime, or by OpenVINO; ``openvino`` means bf16
            where the processor has it, and float32 elsewhere.
        bounds: what the check has to reach.
        photos: of the gallery that are asked at most.
        limits: what photos are refused.
        k: neighbours that vote.
        threads: processor threads for the check.
        started: told how many photos are asked.

    Raises:
        NoSnapshot: no snapshot was built by ``source``, so there is nothing to check against.
        EmbedderUnavailable: ``source`` cannot be exported, or a package for it is missing.
        ExportRefused: the pair answers too differently.
        DataDirError: the folder cannot be written.
    """
    precision = openvino_precision() if form == "openvino" else form
    if precision == OPENVINO_FLOAT32:
        _require("openvino", extra="openvino")
    snapshot = _snapshot_of(source, data_dir)
    asking = _Asking(data_dir, snapshot, limits, k)
    folder = data_dir / FOLDER
    draft = folder / f"{DRAFT_PREFIX}{os.getpid()}"
    try:
        for left_over in folder.glob(f"{DRAFT_PREFIX}*"):
            shutil.rmtree(left_over)
        draft.mkdir(parents=True)
        pair = _write(source, draft, precision, asking)
        rows = asking.rows(photos)
        embedder = OptimizedEmbedder(draft, threads=threads)
        check = compare(
            snapshot,
            embedder,
            data_dir,
            limits,
            k=k,
            rows=rows,
            trainings=_trainings(source, asking, started),
            started=started,
        )
        check.demand(bounds)
        pair = replace(pair, check=asdict(check))
        write_atomic(draft / MANIFEST, pair.as_json())
        _put_in_place(draft, folder, pair)
    except OSError as error:
        raise DataDirError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return ExportReport(pair, check, snapshot.version)


def _trainings(source: Embedder, asking: _Asking, started: Started) -> Trainings | None:
    """The training of the snapshot's heads, if it has any, once more."""
    snapshot = asking.snapshot
    if not snapshot.heads:
        return None
    photos = snapshot.photos
    wanted = for_training(photos)
    views = views_of(photos, asking.data_dir, source, asking.limits, wanted=wanted, started=started)
    return Trainings(
        embeddings_of(snapshot),
        [photo.place_id for photo in photos],
        {place.place_id: place.kinds for place in snapshot.places},
        views[LOOKS].and_of(views[PARTS]),
    )


def _snapshot_of(source: Embedder, data_dir: Path) -> Snapshot:
    """The latest snapshot that an embedder built."""
    store = SnapshotStore(data_dir)
    for version in reversed(store.versions()):
        with suppress(SnapshotError):  # of an earlier release, or damaged
            if store.manifest(version).embedder == source.name:
                return store.load(source, version)
    raise NoSnapshot(
        f"no snapshot was built with {source.name}, so an export cannot be checked: "
        "run `python -m offline index` with this GUIDE_EMBEDDER first"
    )


def _write(source: Embedder, draft: Path, precision: str, asking: _Asking) -> Pair:
    """Write all files of a pair, the manifest last, not checked yet."""
    match source:
        case BundledEmbedder():
            if precision == OPENVINO_INT8:
                raise EmbedderUnavailable(
                    "OpenVINO runs `bundled` in int8 no faster than ONNX Runtime: "
                    "export it with --int8 or with --openvino alone"
                )
            towers = write_bundled(source, draft)
            if precision == "int8":
                quantise_convolutions(draft / PICTURES, _calibration(towers, asking))
        case ClipEmbedder():
            _require("onnx", "onnxruntime", "tokenizers", extra="clip")
            if precision == OPENVINO_INT8:
                _require("nncf", "openvino", extra="openvino")
            towers = write_clip(source, draft)
            if precision == "int8":
                towers = _one_by_one(towers)
                quantise_transformer(draft / PICTURES)
                quantise_transformer(draft / WORDS)
            if precision == OPENVINO_INT8:
                towers = replace(towers, text_batch=1)
                quantise_for_openvino(draft / PICTURES, _calibration(towers, asking))
                quantise_transformer(draft / WORDS)
        case _:
            raise EmbedderUnavailable(
                f"{source.name} is no original: name clip, bundled or a model in GUIDE_EMBEDDER"
            )
    for tower in draft.glob("*.onnx"):
        _put_weights_beside(tower)
    pair = Pair(
        source=source.name,
        precision=precision,
        towers=towers,
        files={path.name: sha256(path) for path in sorted(draft.iterdir())},
        check={},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_atomic(draft / MANIFEST, pair.as_json())
    return pair


def _calibration(towers: Towers, asking: _Asking) -> list[NDArray[np.float32]]:
    """A few gallery photos as the network gets them.

    Raises:
        ExportRefused: there is none that can be read.
    """
    pixels = []
    for row in asking.rows(CALIBRATION_PHOTOS):
        path = asking.data_dir / asking.snapshot.photos[row].path
        try:
            image = load_image(path.read_bytes(), asking.limits, min_side=towers.first_side)
        except (OSError, QueryError):
            continue
        pixels.append(towers.preprocessing.batch([image]))
    if not pixels:
        raise ExportRefused(NO_PHOTOS)
    return pixels


def _put_weights_beside(path: Path) -> None:
    """Move the weights of an ONNX model into a ``.bin`` of the same name."""
    import onnx

    model = onnx.load(str(path))
    weights = path.with_suffix(".bin")
    weights.write_bytes(take_weights_out(model, weights.name))
    onnx.save(model, str(path))


def _one_by_one(towers: Towers) -> Towers:
    """Activations in int8 are scaled by all in the batch: an answer must not depend on company."""
    return replace(towers, image_batch=1, text_batch=1)


def _require(*packages: str, extra: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            raise EmbedderUnavailable(
                f"exporting needs the package {package}: "
                f"pip install 'electronic-city-guide[{extra}]'"
            )


def _put_in_place(draft: Path, folder: Path, pair: Pair) -> None:
    """Give a checked draft its name, make it current, and remove what nothing uses any more."""
    home = folder / pair.name
    os.sync()  # a rename must not outlive the bytes it points to
    if _is_sound(home, pair):
        write_atomic(home / MANIFEST, pair.as_json())  # exported before: only the check is new
    else:
        shutil.rmtree(home, ignore_errors=True)  # damaged, if it is there at all
        draft.rename(home)
    before = _in_use(folder.parent)
    write_atomic(folder / CURRENT, pair.name.encode())
    if before != home:
        # A running bot may have yet to open a tower of the one before; older ones are done with.
        for old in {*folder.glob("[!.]*/")} - {home, before}:
            shutil.rmtree(old, ignore_errors=True)


def _in_use(data_dir: Path) -> Path | None:
    try:
        return current_pair(data_dir)
    except EmbedderUnavailable:
        return None


def _is_sound(home: Path, pair: Pair) -> bool:
    try:
        return all(sha256(home / name) == digest for name, digest in pair.files.items())
    except OSError:
        return False
