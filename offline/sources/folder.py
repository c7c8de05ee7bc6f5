"""Photos in folders: <place>/<photos>, with an optional places.csv beside the folders.

places.csv may have the columns ``folder name name_en kinds city lat lon rate wikidata
description``, separated by commas or semicolons; only ``folder`` is needed. A place without a row
is named like its folder, which also makes its id.
"""

from collections.abc import Iterator
from pathlib import Path

from core.errors import SourceError
from core.kinds import parse_kinds
from core.places import Place
from offline.sources.items import Problem, SourceItems, SourcePhoto, encodable, safe_place_id
from offline.sources.rows import REPLACEMENT, clean_text, named_rows, read_point

TABLE = "places.csv"
MAX_ROW_CHARS = 100_000


def read_folder(folder: Path, *, max_photo_bytes: int) -> SourceItems:
    """Yield the places, photos and problems of a folder of folders, in alphabetical order.

    Args:
        folder: holds one folder of photos a place; hidden files are passed over.
        max_photo_bytes: bigger files are reported and not read.

    Raises:
        SourceError: the folder cannot be read or holds no folder with files.
    """
    try:
        place_folders = sorted(
            path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
        )
    except OSError as error:
        raise SourceError(f"cannot read {folder}: {error.strerror or error}") from error
    names = {path.name for path in place_folders}
    rows: dict[str, dict[str, str]] = {}
    if (folder / TABLE).is_file():
        columns = {"folder": ("folder", "slug", "place_id")}
        for source, cells in named_rows(folder / TABLE, columns, MAX_ROW_CHARS):
            if isinstance(cells, str):
                yield Problem(source, cells)
            elif any(REPLACEMENT in cell for cell in cells.values()):
                yield Problem(source, "the row is not in UTF-8; left out")
            elif cells["folder"] not in names:
                yield Problem(source, f"there is no folder {cells['folder']!r}")
            else:
                rows[cells["folder"]] = {**cells, "source": source}
                yield from (Problem(source, text) for text in _unusable(cells))
    found = False
    for place_folder in place_folders:
        try:
            photos = sorted(
                path
                for path in place_folder.iterdir()
                if path.is_file() and not path.name.startswith(".")
            )
        except OSError as error:
            found = True  # what is in it nobody knows
            yield Problem(place_folder.name, f"cannot be read: {error.strerror or error}")
            continue
        if not photos:
            yield Problem(place_folder.name, "the folder holds no photos")
            continue
        found = True
        place = _place(encodable(place_folder.name), rows.get(place_folder.name, {}))
        yield place
        for photo in photos:
            source = f"{place_folder.name}/{photo.name}"
            yield _photo(place.place_id, photo, source, max_photo_bytes)
    if not found:
        raise SourceError(f"there is no folder with photos in {folder}")


def _unusable(row: dict[str, str]) -> Iterator[str]:
    lat, lon, kinds = row.get("lat", ""), row.get("lon", ""), row.get("kinds", row.get("kind", ""))
    if (lat or lon) and read_point(lat, lon) is None:
        yield "the coordinates are not usable; kept without them"
    if kinds and not parse_kinds(kinds):
        yield "the kinds are not usable, they need names of core/kinds.csv; kept without them"


def _place(folder_name: str, row: dict[str, str]) -> Place:
    return Place(
        place_id=safe_place_id(folder_name),
        name=clean_text(row.get("name", "")) or clean_text(folder_name.replace("_", " ")),
        name_en=clean_text(row.get("name_en", "")),
        kinds=parse_kinds(row.get("kinds", row.get("kind", ""))),
        city=clean_text(row.get("city", "")),
        point=read_point(row.get("lat", ""), row.get("lon", "")),
        rate=clean_text(row.get("rate", ""))[:8],
        wikidata=clean_text(row.get("wikidata", ""))[:64],
        description=clean_text(row.get("description", "")),
        source=row.get("source", folder_name),
    )


def _photo(place_id: str, path: Path, source: str, max_photo_bytes: int) -> SourcePhoto | Problem:
    try:
        size = path.stat().st_size
        if size > max_photo_bytes:
            return Problem(source, f"the file has {size / 1e6:.0f} MB, too big for a photo")
        return SourcePhoto(place_id, path.read_bytes(), source)
    except OSError as error:
        return Problem(source, f"cannot be read: {error.strerror or error}")
