"""The contest's files: <CODE>_places.csv beside <CODE>_images.csv with base64 photos.

Their quirks: the photo column is ``image`` or ``img``; file names vary in case; rows join by name
within their city; a name may stand in several rows with different XIDs; any row may be broken.
"""

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import SourceError
from core.kinds import parse_kinds
from core.places import Place
from offline.sources.items import Problem, SourceItems, SourcePhoto, safe_place_id
from offline.sources.rows import REPLACEMENT, clean_text, named_rows, read_point

ONE_PLACE_M = 200  # rows of one name closer than this describe one place
MAX_PLACE_ROW_CHARS = 100_000
MAX_NAME_CHARS = 300

_FILE_NAME = re.compile(r"(?P<code>.+)_(?P<what>places|images)\.csv", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _City:
    """The files of one city; ``images`` is None when it has none."""

    places: Path
    images: Path | None


def read_nto(folder: Path, *, max_photo_bytes: int) -> SourceItems:
    """Yield the places, photos and problems of a folder of contest files, city by city.

    Args:
        folder: holds the CSV files.
        max_photo_bytes: rows with bigger photos are reported and never held in memory whole.

    Raises:
        SourceError: the folder cannot be read or holds no places file.
    """
    cities, problems = _pair_files(folder)
    yield from problems
    taken: dict[str, str] = {}  # name by place_id: an XID may be used twice
    for city in cities:
        by_name: dict[str, list[Place]] = {}
        for item in _read_places(city.places, taken):
            if isinstance(item, Problem):
                yield item
            else:
                by_name[_key(item[0].name)] = item
                yield from item
        yield from _doubtful_names(by_name)
        if city.images:
            # base64 takes 4 characters for 3 bytes
            yield from _read_images(city.images, by_name, max_row_chars=max_photo_bytes * 3 // 2)


def _pair_files(folder: Path) -> tuple[list[_City], list[Problem]]:
    """Match places files with images files by their code, whatever the case."""
    try:
        names = [_FILE_NAME.fullmatch(path.name) for path in sorted(folder.iterdir())]
    except OSError as error:
        raise SourceError(f"cannot read {folder}: {error.strerror or error}") from error
    files: dict[str, dict[str, Path]] = defaultdict(dict)
    for match in filter(None, names):
        files[match["code"].casefold()][match["what"].casefold()] = folder / match[0]
    cities = [
        _City(pair["places"], pair.get("images")) for pair in files.values() if "places" in pair
    ]
    if not cities:
        raise SourceError(f"there is no <CODE>_places.csv in {folder}")
    orphans = [pair["images"] for pair in files.values() if "places" not in pair]
    return cities, [Problem(path.name, "there is no places file for it") for path in orphans]


def _read_places(path: Path, taken: dict[str, str]) -> Iterator[list[Place] | Problem]:
    """Yield the distinct places of each name - nearly always one - and bad rows."""
    rows: dict[str, list[Place]] = defaultdict(list)
    for source, cells in named_rows(path, {"name": ("name",)}, MAX_PLACE_ROW_CHARS):
        if isinstance(cells, str):
            yield Problem(source, cells)
            continue
        name = clean_text(cells["name"])
        if not name or len(name) > MAX_NAME_CHARS or REPLACEMENT in name:
            yield Problem(source, "the row has no readable name")
            continue
        point = read_point(cells.get("lat", ""), cells.get("lon", ""))
        if point is None and (cells.get("lat") or cells.get("lon")):
            yield Problem(source, f"{name}: the coordinates are not usable; kept without them")
        rows[_key(name)].append(
            Place(
                place_id=cells.get("xid", "").strip(),
                name=name,
                kinds=parse_kinds(cells.get("kind", "")),
                city=clean_text(cells.get("city", "")),
                point=point,
                rate=clean_text(cells.get("rate", ""))[:8],
                wikidata=clean_text(cells.get("wikidata", ""))[:64],
                source=source,
            )
        )
    for same_name in rows.values():
        yield [replace(place, place_id=_place_id(place, taken)) for place in _distinct(same_name)]


def _distinct(rows: Sequence[Place]) -> list[Place]:
    """Merge rows of one name that lie close together; the first row speaks for its place."""
    places: list[Place] = []
    for row in rows:
        for n, place in enumerate(places):
            if not (row.point and place.point) or row.point.distance_m(place.point) < ONE_PLACE_M:
                kinds = tuple(dict.fromkeys((*place.kinds, *row.kinds)))
                places[n] = replace(place, kinds=kinds, point=place.point or row.point)
                break
        else:
            places.append(row)
    return places


def _doubtful_names(by_name: Mapping[str, Sequence[Place]]) -> Iterator[Problem]:
    for first, *others in by_name.values():
        if others:
            ids = ", ".join(place.place_id for place in others)
            yield Problem(
                first.source,
                f"{first.name}: the name also stands for {ids}, far away; its photos are taken "
                f"as showing {first.place_id}",
            )


def _read_images(
    path: Path, by_name: Mapping[str, Sequence[Place]], *, max_row_chars: int
) -> SourceItems:
    """Yield the photos of one city's images file, one row in memory at a time."""
    columns = {"name": ("name",), "image": ("image", "img")}
    for source, cells in named_rows(path, columns, max_row_chars):
        if isinstance(cells, str):
            yield Problem(source, cells)
            continue
        places = by_name.get(_key(cells["name"]))
        if places is None:
            name = clean_text(cells["name"])[:60] or "(empty)"
            yield Problem(source, f"no place of that city has the name {name}")
            continue
        try:
            data = _from_base64(cells["image"])
        except binascii.Error as error:
            yield Problem(source, f"the photo is not base64: {error}")
            continue
        if data:
            yield SourcePhoto(places[0].place_id, data, source)
        else:
            yield Problem(source, "the photo is empty")


def _from_base64(cell: str) -> bytes:
    """Decode a photo; line breaks, a data-URL prefix and missing padding are forgiven."""
    text = "".join(cell.rpartition("base64,")[2].split())
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _place_id(place: Place, taken: dict[str, str]) -> str:
    """The XID where it is free and can name a folder, else one made from what the row says."""
    described_by = (place.city, place.name, str(place.point))
    place_id = safe_place_id(place.place_id, *described_by)
    if taken.get(place_id, place.name) != place.name:
        place_id = safe_place_id("", place.place_id, *described_by)
    taken[place_id] = place.name
    return place_id


def _key(name: str) -> str:
    return clean_text(name).casefold()
