"""Take what a source yields into the gallery."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import imagehash
from PIL import Image

from core.errors import QueryError
from core.files import write_atomic
from core.images import ImageLimits, served_photo
from core.places import Place
from offline.cleaning.journal import removed_photos
from offline.gallery import Gallery, GalleryPhoto, PhotoKey
from offline.sources.items import Problem, SourceItems, SourcePhoto, with_plain_source

SAVE_EVERY = 1000  # photos; what a killed import may have to decode again


@dataclass(slots=True)
class ImportReport:
    """What an import did."""

    places: int = 0  # places the source has
    added: int = 0  # photos that were new
    known: int = 0  # photos that the gallery had already, or that the source repeats
    removed: int = 0  # those among the known that cleaning took out, and that stay out
    problems: list[Problem] = field(default_factory=list)  # what was left out or is doubtful
    shared: Mapping[str, Sequence[GalleryPhoto]] = field(default_factory=dict)
    # pictures that stand under several places, by photo_id


def import_items(
    items: SourceItems,
    gallery: Gallery,
    limits: ImageLimits,
    *,
    seen: Callable[[], None] = lambda: None,
) -> ImportReport:
    """Add places and photos to the gallery; what is there already stays as it is.

    What cleaning removed does not come back this way, only by restoring it.

    Safe to kill at any moment and to run again: photos are named by content, and the lists are
    written after the photos they name.

    Args:
        items: from a source.
        gallery: receives them and is saved.
        limits: photos beyond are reported and left out.
        seen: called after each photo or problem.

    Raises:
        SourceError: from the source.
        DataDirError: the gallery cannot be written, or a journal of cleaning is damaged.
    """
    report = ImportReport()
    removed = removed_photos(gallery.data_dir).keys()
    try:
        for item in map(with_plain_source, items):
            match item:
                case Place():
                    gallery.places[item.place_id] = item
                    report.places += 1
                case Problem():
                    report.problems.append(item)
                    seen()
                case SourcePhoto():
                    added_before = report.added
                    _import_photo(item, gallery, removed, limits, report)
                    if report.added > added_before and report.added % SAVE_EVERY == 0:
                        _save(gallery)
                    seen()
    finally:
        _save(gallery)
    report.shared = gallery.shared()
    return report


def _import_photo(
    item: SourcePhoto,
    gallery: Gallery,
    removed: Set[PhotoKey],
    limits: ImageLimits,
    report: ImportReport,
) -> None:
    sha256 = hashlib.sha256(item.data).hexdigest()
    if (sha256[:16], item.place_id) in removed:
        report.known += 1
        report.removed += 1
        return
    known = gallery.photo(sha256[:16], item.place_id)
    if known and (gallery.data_dir / known.path).exists():
        if item.source not in known.sources:
            gallery.add_photo(replace(known, sources=(*known.sources, item.source)))
        report.known += 1
        return
    try:
        served = served_photo(item.data, limits)
    except QueryError as error:
        report.problems.append(Problem(item.source, str(error)))
        return
    photo = GalleryPhoto(
        photo_id=sha256[:16],
        place_id=item.place_id,
        path=gallery.photo_path(sha256[:16], item.place_id),
        width=served.image.width,
        height=served.image.height,
        sha256=sha256,
        phash=perceptual_hash(served.image),
        sources=(*(known.sources if known else ()), item.source),
    )
    write_atomic(gallery.data_dir / photo.path, served.jpeg, durable=False)
    gallery.add_photo(photo)
    report.added += 1


def perceptual_hash(image: Image.Image) -> str:
    """DCT hash of a picture, 16 hex digits; similar pictures differ in few of its 64 bits."""
    return str(imagehash.phash(image))


def _save(gallery: Gallery) -> None:
    os.sync()  # photos first: the lists must not name what is not on the disk
    gallery.save()
