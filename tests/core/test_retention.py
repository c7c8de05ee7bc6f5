import asyncio
import sqlite3
from pathlib import Path

import pytest

from core.querylog import QueryLog, QueryRecord
from core.retention import DAY_S, keep_for


async def test_old_queries_are_deleted_at_the_start_and_every_day(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    waits, kept = list[float](), list[list[str]]()

    def words() -> list[str]:
        with sqlite3.connect(path) as log:
            return [text for (text,) in log.execute("SELECT text FROM queries ORDER BY id")]

    async def a_day_passes(seconds: float) -> None:
        waits.append(seconds)
        kept.append(words())
        with sqlite3.connect(path) as log:
            log.execute("UPDATE queries SET time = strftime('%Y-%m-%dT%H:%M:%fZ', time, '-1 day')")
        if len(waits) == 3:
            raise asyncio.CancelledError

    async with QueryLog.open(path) as query_log:
        for days_ago in (100, 8, 5, 0):
            query_id = await query_log.append(
                QueryRecord("text", "private", "en", "someone", text=f"{days_ago} days ago")
            )
            await query_log.add_feedback(query_id, "someone", place_id="p", correct=True)
        with sqlite3.connect(path) as log:
            for days_ago in (100, 8, 5):
                log.execute(
                    "UPDATE queries SET time = strftime('%Y-%m-%dT%H:%M:%fZ', time, ?)"
                    " WHERE text = ?",
                    (f"-{days_ago} days", f"{days_ago} days ago"),
                )
        with pytest.raises(asyncio.CancelledError):
            await keep_for(query_log, 7, sleep=a_day_passes)
    assert waits == [DAY_S] * 3
    assert kept == [["5 days ago", "0 days ago"], ["5 days ago", "0 days ago"], ["0 days ago"]]
    with sqlite3.connect(path) as log:
        assert log.execute("SELECT count(*) FROM feedback").fetchone() == (1,)


async def test_a_failing_disk_is_reported_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "guide.sqlite3"
    days = 0

    async def a_day_passes(seconds: float) -> None:
        nonlocal days
        days += 1
        if days == 2:
            raise asyncio.CancelledError

    async with QueryLog.open(path) as query_log:
        with sqlite3.connect(path) as log:
            log.execute("DROP TABLE queries")
        with pytest.raises(asyncio.CancelledError):
            await keep_for(query_log, 7, sleep=a_day_passes)
    assert sum("not deleted" in record.getMessage() for record in caplog.records) == 2
