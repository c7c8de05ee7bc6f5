"""Which gallery photos Telegram holds already, by the file_id it knows them under."""

import logging
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from core.errors import DataDirError
from core.transactions import Transactions

logger = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS file_ids (
    bot_id INTEGER NOT NULL,
    photo_id TEXT NOT NULL,
    file_id TEXT NOT NULL,
    PRIMARY KEY (bot_id, photo_id)
) STRICT, WITHOUT ROWID
"""


class FileIds:
    """The file_ids of one bot, for no other can use them: read at once, written through.

    Open it with ``async with FileIds.open(path, bot_id) as file_ids``. They take about 200 bytes of
    memory each.
    """

    def __init__(
        self, database: aiosqlite.Connection, bot_id: int, known: Mapping[str, str]
    ) -> None:
        self._bot_id = bot_id
        self._known = dict(known)
        self._transactions = Transactions(database)

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, bot_id: int) -> AsyncIterator["FileIds"]:
        """Open the table, creating it in a database that has none.

        Raises:
            DataDirError: the file cannot be opened or is no database.
        """
        try:
            database = await aiosqlite.connect(path)
        except (OSError, sqlite3.Error) as error:
            raise DataDirError(f"cannot open {path}: {error}") from error
        try:
            try:
                await database.execute("PRAGMA busy_timeout = 5000")
                await database.execute(SCHEMA)
                query = "SELECT photo_id, file_id FROM file_ids WHERE bot_id = ?"
                rows = await database.execute_fetchall(query, (bot_id,))
            except sqlite3.Error as error:
                raise DataDirError(f"cannot read file_ids in {path}: {error}") from error
            yield cls(database, bot_id, {str(photo_id): str(file_id) for photo_id, file_id in rows})
        finally:
            await database.close()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, photo_id: str) -> str | None:
        """The file_id of a photo, None when Telegram does not hold it as far as we know."""
        return self._known.get(photo_id)

    async def remember(self, uploads: Mapping[str, str]) -> None:
        """Keep file_ids by photo_id; with a failing disk, until the bot is stopped."""
        new = {photo: file for photo, file in uploads.items() if self._known.get(photo) != file}
        if new:
            self._known |= new
            await self._write(
                "INSERT OR REPLACE INTO file_ids VALUES (?, ?, ?)",
                [(self._bot_id, photo_id, file_id) for photo_id, file_id in new.items()],
            )

    async def forget(self, *photo_ids: str) -> None:
        """Drop file_ids that Telegram does not accept any more."""
        for photo_id in photo_ids:
            self._known.pop(photo_id, None)
        await self._write(
            "DELETE FROM file_ids WHERE bot_id = ? AND photo_id = ?",
            [(self._bot_id, photo_id) for photo_id in photo_ids],
        )

    async def _write(self, statement: str, rows: list[tuple[int | str, ...]]) -> None:
        try:
            async with self._transactions.begin() as database:
                await database.executemany(statement, rows)
        except sqlite3.Error as error:
            logger.error("file_ids were not written: %s", error)
