"""Places and photos of a snapshot as a SQLite file."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from core.places import Photo, Place, Point

_SCHEMA = """
    CREATE TABLE places (
        row INTEGER PRIMARY KEY, place_id TEXT UNIQUE NOT NULL, name TEXT NOT NULL, name_en TEXT,
        kinds TEXT, city TEXT, lat REAL, lon REAL, rate TEXT, wikidata TEXT, description TEXT,
        source TEXT
    ) STRICT;
    CREATE TABLE photos (
        row INTEGER PRIMARY KEY, photo_id TEXT UNIQUE NOT NULL,
        place_id TEXT NOT NULL REFERENCES places (place_id),
        path TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL
    ) STRICT;
"""


def write_catalogue(path: Path, places: Sequence[Place], photos: Sequence[Photo]) -> None:
    """Write a new file; rows follow the order given."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_SCHEMA)
        database.executemany(
            "INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (row, p.place_id, p.name, p.name_en, ",".join(p.kinds), p.city)
                + ((p.point.lat, p.point.lon) if p.point else (None, None))
                + (p.rate, p.wikidata, p.description, p.source)
                for row, p in enumerate(places)
            ),
        )
        database.executemany(
            "INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?)",
            (
                (row, p.photo_id, p.place_id, p.path, p.width, p.height)
                for row, p in enumerate(photos)
            ),
        )


def read_catalogue(path: Path) -> tuple[tuple[Place, ...], tuple[Photo, ...]]:
    """All places and photos, in the order they were written.

    Raises:
        sqlite3.Error: the file is missing or no such catalogue.
    """
    read_only = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(read_only, uri=True)) as database:
        places = tuple(
            Place(
                place_id=place_id,
                name=name,
                name_en=name_en,
                kinds=tuple(kinds.split(",")) if kinds else (),
                city=city,
                point=Point(lat, lon) if lat is not None else None,
                rate=rate,
                wikidata=wikidata,
                description=description,
                source=source,
            )
            for (
                place_id, name, name_en, kinds, city, lat, lon, rate, wikidata, description, source,
            ) in database.execute(
                "SELECT place_id, name, name_en, kinds, city, lat, lon, rate, wikidata,"
                " description, source FROM places ORDER BY row"
            )
        )  # fmt: skip
        photos = tuple(
            Photo(*columns)
            for columns in database.execute(
                "SELECT photo_id, place_id, path, width, height FROM photos ORDER BY row"
            )
        )
    return places, photos
