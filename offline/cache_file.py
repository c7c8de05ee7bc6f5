"""Caches in SQLite files: what is written together is in them whole or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import DataDirError


@contextmanager
def cache_file(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """Open a cache, making it with ``schema`` if need be, and close it after the block.

    Raises:
        DataDirError: it cannot be opened, read or written (also while in use).
    """
    database = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(schema)
        yield database
    except (OSError, sqlite3.Error) as error:
        raise DataDirError(f"cannot use the cache {path}: {error}") from error
    finally:
        if database:
            database.close()
