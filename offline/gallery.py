"""The working gallery on disk: places.csv, photos.csv and the photos."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TextIO

from core.errors import DataDirError
from core.files import write_atomic
from core.kinds import parse_kinds
from core.places import Photo, Place
from offline.sources.rows import delimiter_of, read_point

FOLDER = "gallery"
PLACE_COLUMNS = (
    "place_id", "name", "name_en", "kinds", "city", "lat", "lon", "rate", "wikidata",
    "description", "source",
)  # fmt: skip
PHOTO_COLUMNS = ("photo_id", "place_id", "path", "sha256", "width", "height", "phash", "source")
SOURCES_SEPARATOR = " | "
MAX_CELL_CHARS = 2**31 - 1  # csv's default is too little for the sources of a much copied photo
PhotoKey = tuple[str, str]  # (photo_id, place_id)


@dataclass(frozen=True, slots=True)
class GalleryPhoto(Photo):
    """A photo with its provenance."""

    sha256: str  # of the bytes the source had, which name the photo
    phash: str  # perceptual hash of the picture, 16 hex digits
    sources: tuple[str, ...]  # every row or file where the place has this very picture

    @property
    def key(self) -> PhotoKey:
        """What tells the photo from all others in the gallery."""
        return self.photo_id, self.place_id


class Gallery:
    """Places and photos of one data folder, in memory; `save` writes them in one step each.

    Photos are keyed by (photo_id, place_id): importing one twice changes nothing.
    """

    def __init__(self, data_dir: Path) -> None:
        """Read the gallery, which may not exist yet.

        Raises:
            DataDirError: it cannot be read or a row of its files is damaged.
        """
        self.data_dir = data_dir
        self.folder = data_dir / FOLDER
        self.places: dict[str, Place] = {
            row["place_id"]: _place(row) for row in _rows(self.folder / "places.csv", PLACE_COLUMNS)
        }
        self._photos: dict[PhotoKey, GalleryPhoto] = {}
        for row in _rows(self.folder / "photos.csv", PHOTO_COLUMNS):
            self.add_photo(_photo(row))

    @property
    def photos(self) -> Sequence[GalleryPhoto]:
        """All photos in the order they came."""
        return list(self._photos.values())

    def photo(self, photo_id: str, place_id: str) -> GalleryPhoto | None:
        """The photo of a place with that content, if it is there."""
        return self._photos.get((photo_id, place_id))

    def add_photo(self, photo: GalleryPhoto) -> None:
        """Add or replace a photo."""
        self._photos[photo.key] = photo

    def replace_photos(self, photos: Iterable[GalleryPhoto]) -> None:
        """Have these photos, in this order, and no others."""
        self._photos = {photo.key: photo for photo in photos}

    def shared(self) -> Mapping[str, Sequence[GalleryPhoto]]:
        """Photos whose very same picture stands under more than one place, by photo_id.

        Nobody can tell which place such a picture shows, so it must not vote.
        """
        by_id: dict[str, list[GalleryPhoto]] = defaultdict(list)
        for photo in self._photos.values():
            by_id[photo.photo_id].append(photo)
        return {photo_id: photos for photo_id, photos in by_id.items() if len(photos) > 1}

    def photo_path(self, photo_id: str, place_id: str) -> str:
        """Where a photo belongs, below the data folder. ``place_id`` must be a safe folder name."""
        return str(PurePosixPath(FOLDER, "photos", place_id, f"{photo_id}.jpg"))

    def save(self) -> None:
        """Write both files; photos last, since they refer to places."""
        write_atomic(
            self.folder / "places.csv",
            csv_bytes(PLACE_COLUMNS, map(_place_row, self.places.values())),
        )
        write_atomic(
            self.folder / "photos.csv",
            csv_bytes(PHOTO_COLUMNS, map(_photo_row, self._photos.values())),
        )


def csv_reader(file: TextIO) -> "csv.DictReader[str]":
    """Rows of a list, whose cells may be of any length; as `csv_bytes` or a spreadsheet writes it.

    Args:
        file: open at its start, without a byte order mark.
    """
    csv.field_size_limit(MAX_CELL_CHARS)
    header = file.readline()
    file.seek(0)
    return csv.DictReader(file, delimiter=delimiter_of(header))


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """A list that `csv_reader` reads as the same rows, whatever is in their cells."""
    text = _Lines(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(errors="backslashreplace")


class _Lines(io.StringIO):
    """Lines that end in ``\\n``, from a writer that ends them in ``\\r\\n``.

    A writer quotes cells with what ends its lines, and reading ends a line at either character.
    """

    def write(self, line: str) -> int:
        return super().write(line.removesuffix("\r\n") + "\n")


def _rows(path: Path, columns: Sequence[str]) -> Iterable[dict[str, str]]:
    """Rows of one of the gallery's files; none if it does not exist."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv_reader(file)
            missing = set(columns) - set(reader.fieldnames or columns)
            if missing:
                raise DataDirError(f"{path} has no column {', '.join(sorted(missing))}")
            for row in reader:
                if None in row or None in row.values():
                    raise DataDirError(f"{path}, line {reader.line_num}: wrong number of columns")
                if any(row.values()):  # spreadsheets keep rows that were emptied
                    yield row
    except FileNotFoundError:
        return
    except UnicodeDecodeError as error:
        raise DataDirError(f"cannot read {path}: it is not in UTF-8") from error
    except (OSError, csv.Error) as error:
        raise DataDirError(f"cannot read {path}: {error}") from error


def _place(row: Mapping[str, str]) -> Place:
    point = read_point(row["lat"], row["lon"])
    if point is None and (row["lat"] or row["lon"]):
        raise DataDirError(f"places.csv: {row['place_id']}: the coordinates are not usable")
    texts = {
        column: row[column] for column in PLACE_COLUMNS if column not in ("kinds", "lat", "lon")
    }
    return Place(**texts, kinds=parse_kinds(row["kinds"]), point=point)


def _place_row(place: Place) -> dict[str, object]:
    row: dict[str, object] = {
        column: getattr(place, column)
        for column in PLACE_COLUMNS
        if column not in ("kinds", "lat", "lon")
    }
    lat, lon = (place.point.lat, place.point.lon) if place.point else ("", "")
    return {**row, "kinds": ",".join(place.kinds), "lat": lat, "lon": lon}


def _photo(row: Mapping[str, str]) -> GalleryPhoto:
    try:
        return GalleryPhoto(
            photo_id=row["photo_id"],
            place_id=row["place_id"],
            path=row["path"],
            width=int(row["width"]),
            height=int(row["height"]),
            sha256=row["sha256"],
            phash=row["phash"],
            sources=tuple(row["source"].split(SOURCES_SEPARATOR)),
        )
    except ValueError as error:
        raise DataDirError(f"photos.csv: {row['photo_id']}: {error}") from error


def _photo_row(photo: GalleryPhoto) -> dict[str, object]:
    row = {column: getattr(photo, column) for column in PHOTO_COLUMNS if column != "source"}
    return {**row, "source": SOURCES_SEPARATOR.join(photo.sources)}
