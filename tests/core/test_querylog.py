import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.errors import DataDirError
from core.querylog import MIGRATIONS, QueryLog, QueryRecord, hash_user, load_hash_key

RECORD = QueryRecord(
    kind="photo",
    chat_type="private",
    language="ru",
    user_hash=hash_user(7, b"key"),
    file_unique_id="AQAD",
    places=[("tower", 0.71239), ("bridge", 0.2)],
    confident=True,
    timings_ms={"decode": 3.14159, "embed": 9.0},
    snapshot="20260101T000000000Z-aaaaaaaa",
)


def rows(path: Path) -> Sequence[sqlite3.Row]:
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    return database.execute("SELECT * FROM queries ORDER BY id").fetchall()


async def test_every_query_is_one_row(tmp_path: Path) -> None:
    async with QueryLog.open(tmp_path / "guide.sqlite3") as log:
        await log.append(RECORD)
        await log.append(
            QueryRecord("text", "group", "en", "h", text="старый мост", error="EmptyQuery")
        )
    photo, text = rows(tmp_path / "guide.sqlite3")
    assert photo["time"].endswith("+00:00")
    assert json.loads(photo["places"]) == [["tower", 0.7124], ["bridge", 0.2]]
    assert json.loads(photo["timings_ms"]) == {"decode": 3.1, "embed": 9.0}
    assert (photo["confident"], photo["file_unique_id"], photo["error"]) == (1, "AQAD", None)
    assert (text["confident"], text["text"], text["error"]) == (None, "старый мост", "EmptyQuery")


async def test_the_log_grows_over_restarts(tmp_path: Path) -> None:
    for _ in range(3):
        async with QueryLog.open(tmp_path / "guide.sqlite3") as log:
            await log.append(RECORD)
    assert len(rows(tmp_path / "guide.sqlite3")) == 3


async def test_the_log_is_write_ahead_and_versioned(tmp_path: Path) -> None:
    async with QueryLog.open(tmp_path / "guide.sqlite3"):
        database = sqlite3.connect(tmp_path / "guide.sqlite3")
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


async def test_two_processes_may_log_at_once(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as bot, QueryLog.open(path) as web:
        await bot.append(RECORD)
        await web.append(RECORD)
    assert len(rows(path)) == 2


async def test_a_failing_database_is_logged_and_not_raised(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as log:
        sqlite3.connect(path).execute("DROP TABLE queries")
        await log.append(RECORD)
    assert "not logged" in caplog.text


async def test_a_log_from_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    sqlite3.connect(path).execute("PRAGMA user_version = 999")
    with pytest.raises(DataDirError, match="newer release"):
        async with QueryLog.open(path):
            pass
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (999,)


async def test_a_file_that_is_no_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "guide.sqlite3").write_bytes(b"not a database " * 100)
    with pytest.raises(DataDirError, match="cannot open the query log"):
        async with QueryLog.open(tmp_path / "guide.sqlite3"):
            pass


def test_a_user_hash_depends_on_the_key_and_tells_users_apart() -> None:
    assert hash_user(7, b"key") == hash_user(7, b"key")
    assert len({hash_user(7, b"key"), hash_user(8, b"key"), hash_user(7, b"other")}) == 3
    assert "7" * 10 not in hash_user(7777777777, b"key")


def test_the_hash_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    key = load_hash_key(tmp_path)
    assert len(key) == 32
    assert load_hash_key(tmp_path) == key
    assert (tmp_path / "user_hash.key").stat().st_mode & 0o077 == 0
