from dataclasses import replace
from datetime import date
from pathlib import Path

import aiosqlite

from core.querylog import QueryLog, QueryRecord
from core.statistics import read_statistics

TODAY = date(2026, 5, 20)


async def test_only_the_days_asked_for_count_and_every_day_is_there(tmp_path: Path) -> None:
    path = tmp_path / "guide.sqlite3"
    async with QueryLog.open(path) as log:
        for user, confident, place in (("a", True, "tower"), ("a", False, "bridge")):
            record = QueryRecord("photo", "private", "ru", user, confident=confident)
            await log.append(_with(record, place))
        await log.append(_with(QueryRecord("text", "private", "en", "b"), "tower"))
        await log.append(QueryRecord("photo", "private", "en", "b", error="DownloadFailed"))
        await log.append(_with(QueryRecord("text", "group", "en", "a"), "tower"))
    async with aiosqlite.connect(path) as database:
        for row, day in enumerate((17, 18, 20, 20, 20), 1):
            time = f"2026-05-{day}T23:59:59.999+00:00"
            await database.execute("UPDATE queries SET time = ? WHERE id = ?", (time, row))
        await database.execute("UPDATE queries SET timings_ms = '{\"vote\": 99}' WHERE id = 1")
        statistics = await read_statistics(database, 3, today=TODAY)
        quiet_day = await read_statistics(database, 1, today=date(2026, 5, 19))
    assert statistics.by_day == (
        (date(2026, 5, 18), 1),
        (date(2026, 5, 19), 0),
        (TODAY, 3),
    )
    assert (statistics.queries, statistics.people) == (4, 2)
    assert statistics.languages == (("en", 3), ("ru", 1))
    assert statistics.confident_share == 0.0
    assert statistics.top_places == (("tower", 2), ("bridge", 1))
    assert statistics.slowest_stage == ("embed", 30.0)
    assert (quiet_day.by_day, quiet_day.queries) == (((date(2026, 5, 19), 0),), 0)
    assert quiet_day.confident_share is quiet_day.slowest_stage is None


def _with(record: QueryRecord, place: str) -> QueryRecord:
    return replace(record, places=[(place, 1.0)], timings_ms={"decode": 10, "embed": 30})
