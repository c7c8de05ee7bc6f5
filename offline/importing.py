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
from offline.sources.items import (
    Problem,
    SourceItems,
    SourcePhoto,
    safe_place_id,
    with_plain_source,
)
from offline.sources.rows import clean_text

SAVE_EVERY = 1000  # photos; what a killed import may have to decode again
SAME_SPOT_M = 50  # places of one id closer than this are one sight, whatever their names
_FILLED_IN = ("name_en", "kinds", "city", "point", "rate", "wikidata", "description")


@dataclass(slots=True)
class ImportReport:
    """What an import did."""

    places: int = 0  # places of the source that the gallery has now
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

    Of a place that is there, only what is empty is filled in. A place whose name or city says that
    it is another sight than the one with its id is reported and left out with its photos.

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
    refused: set[str] = set()  # ids, until the source has another place for them
    try:
        for item in map(with_plain_source, items):
            match item:
                case Place():
                    if problem := _import_place(item, gallery):
                        refused.add(item.place_id)
                        report.problems.append(problem)
                        seen()
                    else:
                        refused.discard(item.place_id)
                        report.places += 1
                case Problem():
                    report.problems.append(item)
                    seen()
                case SourcePhoto() if item.place_id in refused:
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


def _import_place(item: Place, gallery: Gallery) -> Problem | None:
    """Add a place or complete the one that is there; a problem if that is another sight."""
    known = gallery.places.get(item.place_id)
    if known and not _is_same_sight(known, item):
        there, here = (
            f"{place.name} ({place.city})" if place.city else place.name for place in (known, item)
        )
        return Problem(
            item.source,
            f"{item.place_id} is {there} in the gallery and {here} here; left out with its photos: "
            "another place needs another id, the same place the same name and city",
        )
    gallery.places[item.place_id] = _completed(known, item) if known else item
    return None


def _is_same_sight(known: Place, item: Place) -> bool:
    """Whether two places of one id are one sight.

    A name edited by hand must not make another sight of a place: its position and Wikidata id
    count for more, and its former name may stand in ``name_en``.
    """
    if known.wikidata and known.wikidata == item.wikidata:
        return True
    if known.point and item.point and known.point.distance_m(item.point) < SAME_SPOT_M:
        return True
    if len({place.city.casefold() for place in (known, item) if place.city}) > 1:
        return False
    if not (_has_own_name(known) and _has_own_name(item)):
        return True
    return _is_called(known, item.name) or _is_called(item, known.name)


def _is_called(place: Place, name: str) -> bool:
    return name.casefold() in (place.name.casefold(), place.name_en.casefold())


def _has_own_name(place: Place) -> bool:
    """Whether a place is named, and not just called like the folder that its id is made from."""
    folders = (place.name, place.name.replace(" ", "_"))
    of_folder = place.name == clean_text(place.source.replace("_", " "))
    return not of_folder and place.place_id not in map(safe_place_id, folders)


def _completed(known: Place, item: Place) -> Place:
    """The place as the gallery knows it, with what the source adds."""
    fields = [field for field in _FILLED_IN if not getattr(known, field)]
    if _has_own_name(item) and not _has_own_name(known):
        fields += ["name", "source"]
    return replace(known, **{field: getattr(item, field) for field in fields})


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
