import asyncio
import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import DataDirError
from core.querylog import QueryLog, QueryRecord, hash_user, load_hash_key
from core.querylog_schema import MIGRATIONS

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
    path = tmp_path / "new folder" / "guide.sqlite3"
    for _ in range(3):
        async with QueryLog.open(path) as log:
            await log.append(RECORD)
        assert [file.name for file in path.parent.iterdir()] == [path.name]  # closed, it is whole
    assert len(rows(path)) == 3


async def test_the_log_is_write_ahead_and_versioned(tmp_path: Path) -> None:
    async with QueryLog.open(tmp_path / "guide.sqlite3"):
        database = sqlite3.connect(tmp_path / "guide.sqlite3")
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


async def test_feedback_on_a_query_that_is_gone_locks_nobody_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as bot, QueryLog.open(path) as web:
        query_id = await bot.append(RECORD)
        assert query_id
        await bot.forget(RECORD.user_hash)
        assert not await bot.add_feedback(query_id, "h", place_id="x", correct=True)
        assert not bot._database.in_transaction
        assert await web.append(RECORD)
    assert not caplog.records


async def log_a_query(path: Path) -> int | None:
    async with QueryLog.open(path) as log:
        return await log.append(RECORD)


@pytest.mark.parametrize("new", [True, False])
async def test_a_lock_that_is_soon_gone_is_waited_for(tmp_path: Path, new: bool) -> None:
    path = tmp_path / "guide.sqlite3"
    if not new:
        await log_a_query(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        logging = asyncio.create_task(log_a_query(path))
        await asyncio.sleep(0.1)
        other.rollback()
        assert await logging


async def test_several_may_open_a_new_log_at_once(tmp_path: Path) -> None:
    for attempt in range(5):
        logging = (log_a_query(tmp_path / f"{attempt}.sqlite3") for _ in range(4))
        assert sorted(filter(None, await asyncio.gather(*logging))) == [1, 2, 3, 4]


async def test_a_lock_that_lasted_too_long_costs_one_row_and_not_all_that_follow(
    tmp_path: Path,
) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as bot, QueryLog.open(path) as web:
        await bot._database.execute("PRAGMA busy_timeout = 1")
        with closing(sqlite3.connect(path)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            assert await bot.append(RECORD) is None
            shell.rollback()
        await bot.language_of("h")
        assert await web.append(RECORD)
        assert await bot.append(RECORD)


async def test_a_write_that_is_given_up_leaves_the_others_whole(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as log:
        writes = [asyncio.create_task(log.append(RECORD)) for _ in range(20)]
        await asyncio.sleep(0)
        writes[0].cancel()
        written = await asyncio.gather(*writes, return_exceptions=True)
        assert not log._database.in_transaction
    assert [row["id"] for row in rows(path)] == [row for row in written if isinstance(row, int)]


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
        assert await log.append(RECORD) is None
        await log.fail(1, "DownloadFailed")
        assert not await log.add_feedback(1, "h", place_id="x", correct=True)
        assert await log.text_of(1) is None
        with pytest.raises(DataDirError):
            await log.statistics(7)
    assert caplog.text.count("not logged") == 2


async def test_the_id_of_a_query_is_never_given_again(tmp_path: Path) -> None:
    async with QueryLog.open(tmp_path / "guide.sqlite3") as log:
        first = await log.append(RECORD)
        await log.forget(RECORD.user_hash)
        second = await log.append(RECORD)
    assert first is not None
    assert second is not None
    assert second > first


async def test_the_words_of_a_query_are_found_again_as_long_as_it_is_kept(tmp_path: Path) -> None:
    async with QueryLog.open(tmp_path / "guide.sqlite3") as log:
        words = await log.append(QueryRecord("text", "group", "en", "h", text="старый мост"))
        photo = await log.append(RECORD)
        assert words is not None
        assert photo is not None
        assert await log.text_of(words) == "старый мост"
        assert await log.text_of(photo) is None
        await log.forget("h")
        assert await log.text_of(words) is None


async def test_an_answer_that_did_not_arrive_keeps_its_error(tmp_path: Path) -> None:
    async with QueryLog.open(tmp_path / "guide.sqlite3") as log:
        query = await log.append(RECORD)
        assert query is not None
        await log.fail(query, "TelegramForbiddenError")
    [row] = rows(tmp_path / "guide.sqlite3")
    assert (row["error"], row["confident"]) == ("TelegramForbiddenError", 1)


async def test_feedback_is_kept_with_its_query_and_replaced_by_a_later_one(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as log:
        query = await log.append(RECORD)
        assert query is not None
        for correct in (True, False):
            assert await log.add_feedback(query, "h", place_id="tower", correct=correct)
        assert await log.add_feedback(query, "h", place_id="bridge", correct=True)
        assert not await log.add_feedback(query + 1, "h", place_id="tower", correct=True)
    kept = sqlite3.connect(path).execute(
        "SELECT query_id, user_hash, place_id, correct FROM feedback ORDER BY place_id"
    )
    assert kept.fetchall() == [(query, "h", "bridge", 1), (query, "h", "tower", 0)]


async def test_a_chosen_language_is_kept_until_the_person_is_forgotten(tmp_path: Path) -> None:
    async with QueryLog.open(tmp_path / "guide.sqlite3") as log:
        assert await log.language_of("h") is None
        for language in ("ru", "en"):
            await log.choose_language("h", language)
        assert await log.language_of("h") == "en"
        await log.forget("h")
        assert await log.language_of("h") is None


async def test_forgetting_counts_the_queries_and_leaves_those_of_others(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as log:
        mine = [await log.append(RECORD) for _ in range(3)]
        other = await log.append(QueryRecord("text", "group", "en", "other", text="мост"))
        assert other is not None
        for query in (mine[0], other):
            await log.add_feedback(query or 0, "other", place_id="x", correct=True)
            await log.add_feedback(query or 0, RECORD.user_hash, place_id="x", correct=True)
        assert await log.forget(RECORD.user_hash) == 3
        assert await log.forget(RECORD.user_hash) == 0
    assert [row["user_hash"] for row in rows(path)] == ["other"]
    kept = sqlite3.connect(path).execute("SELECT query_id, user_hash FROM feedback").fetchall()
    assert kept == [(other, "other")]


async def test_what_is_forgotten_is_gone_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as log:
        await log.append(QueryRecord("text", "private", "ru", "h", text="unforgettable words"))
        await log.forget("h")
        held = [file.read_bytes() for file in (path, path.with_name(path.name + "-wal"))]
        assert not [content for content in held if b"unforgettable" in content]


async def test_a_failed_deletion_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as log:
        sqlite3.connect(path).execute("DROP TABLE people")
        with pytest.raises(DataDirError):
            await log.forget("h")
        with pytest.raises(DataDirError):
            await log.choose_language("h", "ru")
        assert await log.language_of("h") is None


async def test_a_log_of_the_first_release_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    with sqlite3.connect(path) as old:
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute("PRAGMA user_version = 1")
        old.execute(
            "INSERT INTO queries"
            " (id, time, chat_type, kind, language, user_hash, text, places, timings_ms)"
            " VALUES (5, '2026-01-01', 'private', 'text', 'ru', 'h', 'мост', '[]', '{}')"
        )
    async with QueryLog.open(path) as log:
        assert await log.text_of(5) == "мост"
        assert await log.append(RECORD) == 6
        assert await log.add_feedback(5, "h", place_id="x", correct=True)


async def test_a_log_from_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    newer = len(MIGRATIONS) + 1
    sqlite3.connect(path).execute(f"PRAGMA user_version = {newer}")
    with pytest.raises(DataDirError, match="newer release"):
        async with QueryLog.open(path):
            pass
    assert sqlite3.connect(path).execute("PRAGMA user_version").fetchone() == (newer,)


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


def test_who_starts_at_the_same_moment_makes_the_same_key(tmp_path: Path) -> None:
    for attempt in range(20):
        with ThreadPoolExecutor(4) as starting:
            keys = set(starting.map(load_hash_key, [tmp_path / str(attempt)] * 4))
        assert len(keys) == 1
