"""SQLite log of queries: what was asked and what was answered, never by whom."""

import hashlib
import hmac
import json
import logging
import secrets
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosqlite

from core.errors import DataDirError
from core.files import waiting_lock, write_atomic
from core.querylog_schema import prepare
from core.statistics import Statistics, read_statistics
from core.transactions import Transactions

logger = logging.getLogger(__name__)

FILE_NAME = "guide.sqlite3"


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


def hash_user(user_id: int | str, key: bytes) -> str:
    """Keyed hash of a user id or an address: 32 hex digits, not led back without the key."""
    return hmac.new(key, str(user_id).encode(), hashlib.sha256).hexdigest()[:32]


def load_hash_key(data_dir: Path) -> bytes:
    """The key for `hash_user`, made once and kept in the data folder, readable by its owner only.

    Raises:
        DataDirError: the key can be neither read nor written.
    """
    path = data_dir / "user_hash.key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with waiting_lock(data_dir):  # bot and web guide may start at the same moment
            if not path.exists():
                write_atomic(path, secrets.token_bytes(32), mode=0o600)
        return path.read_bytes()
    except OSError as error:
        raise DataDirError(f"cannot read {path}: {error.strerror or error}") from error


class QueryLog:
    """Log of queries, what people said about the answers, and the language they chose.

    Open it with ``async with QueryLog.open(path) as log``. People are known by `hash_user` alone.
    """

    def __init__(self, database: aiosqlite.Connection) -> None:
        self._database = database
        self._transactions = Transactions(database)

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
                await prepare(database)
            except sqlite3.Error as error:
                raise DataDirError(f"cannot open the query log {path}: {error}") from error
            yield cls(database)
        finally:
            await database.close()

    async def append(self, record: QueryRecord) -> int | None:
        """Write one row and return its id, which no other query ever gets.

        A failing disk is logged and never costs the user the answer; the id is None then.
        """
        row = (
            _now(),
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
            cursor = await self._write(
                "INSERT INTO queries (time, chat_type, kind, language, user_hash, text,"
                " file_unique_id, places, confident, timings_ms, snapshot, error)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *row,
            )
        except sqlite3.Error as error:
            logger.error("a query was not logged: %s", error)
            return None
        return cursor.lastrowid

    async def fail(self, query_id: int, error: str) -> None:
        """Note that an answer already logged did not reach the user; a failing disk is logged."""
        try:
            await self._write("UPDATE queries SET error = ? WHERE id = ?", error, query_id)
        except sqlite3.Error as trouble:
            logger.error("the error of a query was not logged: %s", trouble)

    async def text_of(self, query_id: int) -> str | None:
        """The words of a query; None for a photo, or when the query is no longer kept."""
        return await self._value("SELECT text FROM queries WHERE id = ?", query_id)

    async def add_feedback(
        self, query_id: int, user_hash: str, *, place_id: str, correct: bool
    ) -> bool:
        """Keep what a person says about an answer, in place of what they said before.

        Args:
            place_id: the place in question; empty for all that were offered.

        Returns:
            Whether the query is still there and the feedback was kept.
        """
        try:
            await self._write(
                "INSERT OR REPLACE INTO feedback (query_id, user_hash, place_id, correct, time)"
                " VALUES (?, ?, ?, ?, ?)",
                *(query_id, user_hash, place_id, correct, _now()),
            )
        except sqlite3.IntegrityError:  # of the reference: there is no such query
            return False
        except sqlite3.Error as error:
            logger.error("feedback was not kept: %s", error)
            return False
        return True

    async def language_of(self, user_hash: str) -> str | None:
        """The language a person chose; None when they did not, or the log cannot be read."""
        return await self._value("SELECT language FROM people WHERE user_hash = ?", user_hash)

    async def choose_language(self, user_hash: str, language: str) -> None:
        """Remember the language a person chose.

        Raises:
            DataDirError: it cannot be written.
        """
        try:
            await self._write("INSERT OR REPLACE INTO people VALUES (?, ?)", user_hash, language)
        except sqlite3.Error as error:
            raise DataDirError(f"a language was not kept: {error}") from error

    async def forget(self, user_hash: str) -> int:
        """Delete all about a person: queries with all feedback on them, feedback, language.

        Returns:
            How many queries were deleted.

        Raises:
            DataDirError: it cannot be deleted.
        """
        try:
            deleted = await self._write("DELETE FROM queries WHERE user_hash = ?", user_hash)
            await self._write("DELETE FROM feedback WHERE user_hash = ?", user_hash)
            await self._write("DELETE FROM people WHERE user_hash = ?", user_hash)
        except sqlite3.Error as error:
            raise DataDirError(f"a person was not forgotten: {error}") from error
        with suppress(sqlite3.Error):  # the write-ahead file would keep the old pages for a while
            await self._database.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        return deleted.rowcount

    async def prune(self, keep_days: int) -> int:
        """Delete the queries older than so many days, with the feedback on them.

        Returns:
            How many were deleted.

        Raises:
            DataDirError: they cannot be deleted.
        """
        oldest = (datetime.now(UTC) - timedelta(days=keep_days)).isoformat(timespec="milliseconds")
        try:
            deleted = await self._write("DELETE FROM queries WHERE time < ?", oldest)
        except sqlite3.Error as error:
            raise DataDirError(f"old queries were not deleted: {error}") from error
        return deleted.rowcount

    async def statistics(self, days: int) -> Statistics:
        """Figures of the last so many days.

        Raises:
            DataDirError: the log cannot be read.
        """
        try:
            return await read_statistics(self._database, days)
        except sqlite3.Error as error:
            raise DataDirError(f"the query log was not read: {error}") from error

    async def _write(self, statement: str, *values: object) -> aiosqlite.Cursor:
        """Run one statement and commit it."""
        async with self._transactions.begin() as database:
            return await database.execute(statement, values)

    async def _value(self, query: str, *values: object) -> str | None:
        """The first column of the first row, None without one; a failing disk is logged."""
        try:
            async with self._database.execute(query, values) as cursor:
                row = await cursor.fetchone()
        except sqlite3.Error as error:
            logger.error("the query log was not read: %s", error)
            return None
        return row[0] if row else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
