"""The tables of the query log and how they came to be what they are."""

import asyncio
import itertools
import sqlite3

import aiosqlite

BUSY_S, WAIT_S = 5, 0.05  # that others may keep the file locked; between two tries

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
    (
        # AUTOINCREMENT: a button of a deleted query must not come to mean another person's query
        "ALTER TABLE queries RENAME TO old_queries",
        """
        CREATE TABLE queries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
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
        "INSERT INTO queries SELECT * FROM old_queries ORDER BY id",
        "DROP TABLE old_queries",
        "CREATE INDEX queries_time ON queries (time)",
        "CREATE INDEX queries_user ON queries (user_hash)",
        """
        CREATE TABLE feedback (
            query_id INTEGER NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
            user_hash TEXT NOT NULL,         -- who said so, in a group perhaps not who asked
            place_id TEXT NOT NULL,          -- empty: none of the places offered
            correct INTEGER NOT NULL,
            time TEXT NOT NULL,              -- UTC, ISO 8601
            PRIMARY KEY (query_id, user_hash, place_id)
        ) STRICT
        """,
        "CREATE INDEX feedback_user ON feedback (user_hash)",
        "CREATE TABLE people (user_hash TEXT PRIMARY KEY, language TEXT NOT NULL) STRICT",
    ),
)


async def prepare(database: aiosqlite.Connection) -> None:
    """Set the connection up and bring the schema up to date, all or nothing.

    Raises:
        sqlite3.Error: it is no database, or one from a newer release.
    """
    await database.execute(f"PRAGMA busy_timeout = {1000 * BUSY_S}")
    await _write_ahead(database)
    await database.execute("PRAGMA synchronous = NORMAL")
    await database.execute("PRAGMA foreign_keys = ON")
    await database.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
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


async def _write_ahead(database: aiosqlite.Connection) -> None:
    """Set the journal mode, waiting for others who open a new log: SQLite does not by itself."""
    for waits in itertools.count(1):
        try:
            await database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or waits * WAIT_S > BUSY_S:
                raise
        await asyncio.sleep(WAIT_S)
