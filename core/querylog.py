"""SQLite log of queries: what was asked and what was answered, never by whom."""

import hashlib
import hmac
import json
import logging
import secrets
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite

from core.errors import DataDirError
from core.files import write_atomic

logger = logging.getLogger(__name__)

FILE_NAME = "guide.sqlite3"

# Each entry brings the schema from version n to n + 1; entries are only ever appended.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE queries (
            id INTEGER PRIMARY KEY,
            time TEXT NOT NULL,              -- UTC, ISO 8601
            chat_type TEXT NOT NULL,
            kind TEXT NOT NULL,              -- photo or text
            language TEXT NOT NULL,
            user_hash TEXT NOT NULL,
            text TEXT,
            file_unique_id TEXT,
            places TEXT NOT NULL,            -- JSON: [[place_id, share], ...], best first
            confident INTEGER,
            timings_ms TEXT NOT NULL,        -- JSON: {stage: ms}
            snapshot TEXT,
            error TEXT
        ) STRICT
        """,
        "CREATE INDEX queries_time ON queries (time)",
    ),
)


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """One query and what was answered; never holds a user id, only its keyed hash."""

    kind: str  # "photo" or "text"
    chat_type: str  # private, group, supergroup, channel
    language: str  # the language answered in
    user_hash: str  # see `hash_user`
    text: str | None = None  # what was asked in words
    file_unique_id: str | None = None  # which photo was asked
    places: Sequence[tuple[str, float]] = ()  # (place_id, share or score), best first
    confident: bool | None = None  # None for words
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    snapshot: str | None = None
    error: str | None = None  # type of the error, None when answered


def hash_user(user_id: int, key: bytes) -> str:
    """Keyed hash of a user id: 32 hex digits that cannot be led back without the key."""
    return hmac.new(key, str(user_id).encode(), hashlib.sha256).hexdigest()[:32]


def load_hash_key(data_dir: Path) -> bytes:
    """The key for `hash_user`, made once and kept in the data folder, readable by its owner only.

    Raises:
        DataDirError: the key can be neither read nor written.
    """
    path = data_dir / "user_hash.key"
    try:
        if not path.exists():
            write_atomic(path, secrets.token_bytes(32), mode=0o600)
        return path.read_bytes()
    except OSError as error:
        raise DataDirError(f"cannot read {path}: {error.strerror or error}") from error


class QueryLog:
    """Append-only log of queries. Open it with ``async with QueryLog.open(path) as log``."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        self._database = database

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator["QueryLog"]:
        """Open the log, creating it or bringing an older one up to date.

        Raises:
            DataDirError: the file cannot be opened, is no database, or is from a newer release.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            database = await aiosqlite.connect(path)
        except (OSError, sqlite3.Error) as error:
            raise DataDirError(f"cannot open the query log {path}: {error}") from error
        try:
            try:
                await _prepare(database)
            except sqlite3.Error as error:
                raise DataDirError(f"cannot open the query log {path}: {error}") from error
            yield cls(database)
        finally:
            await database.close()

    async def append(self, record: QueryRecord) -> None:
        """Write one row; a failing disk is logged and never costs the user the answer."""
        row = (
            datetime.now(UTC).isoformat(timespec="milliseconds"),
            record.chat_type,
            record.kind,
            record.language,
            record.user_hash,
            record.text,
            record.file_unique_id,
            json.dumps([[place_id, round(share, 4)] for place_id, share in record.places]),
            record.confident,
            json.dumps({stage: round(ms, 1) for stage, ms in record.timings_ms.items()}),
            record.snapshot,
            record.error,
        )
        try:
            await self._database.execute(
                "INSERT INTO queries (time, chat_type, kind, language, user_hash, text,"
                " file_unique_id, places, confident, timings_ms, snapshot, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            await self._database.commit()
        except sqlite3.Error as error:
            logger.error("a query was not logged: %s", error)


async def _prepare(database: aiosqlite.Connection) -> None:
    """Set the connection up and bring the schema up to date, all or nothing."""
    await database.execute("PRAGMA busy_timeout = 5000")
    await database.execute("PRAGMA journal_mode = WAL")
    await database.execute("PRAGMA synchronous = NORMAL")
    await database.execute("BEGIN IMMEDIATE")  # two processes may open a new log at once
    async with database.execute("PRAGMA user_version") as cursor:
        [version] = await cursor.fetchone() or (0,)
    if version > len(MIGRATIONS):
        raise sqlite3.DatabaseError(f"its schema {version} is from a newer release of the guide")
    for statements in MIGRATIONS[version:]:
        for statement in statements:
            await database.execute(statement)
    await database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    await database.commit()
