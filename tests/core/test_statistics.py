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
        await log.append(QueryRecord("photo", "private", "en", "c", error="DownloadFailed"))
    async with aiosqlite.connect(path) as database:
        for row, day in enumerate(("2026-05-17", "2026-05-18", "2026-05-20", "2026-05-20"), 1):
            time = f"{day}T23:59:59.999+00:00"
            await database.execute("UPDATE queries SET time = ? WHERE id = ?", (time, row))
        statistics = await read_statistics(database, 3, today=TODAY)
    assert statistics.by_day == (
        (date(2026, 5, 18), 1),
        (date(2026, 5, 19), 0),
        (TODAY, 2),
    )
    assert (statistics.queries, statistics.people) == (3, 3)
    assert statistics.languages == (("en", 2), ("ru", 1))
    assert statistics.confident_share == 0.0
    assert statistics.top_places == (("bridge", 1), ("tower", 1))
    assert statistics.slowest_stage == ("embed", 30.0)


def _with(record: QueryRecord, place: str) -> QueryRecord:
    return replace(record, places=[(place, 1.0)], timings_ms={"decode": 10, "embed": 30})
