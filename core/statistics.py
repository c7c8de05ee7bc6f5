"""What the query log tells about the use of the guide."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import aiosqlite

TOP_PLACES = 10


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of the last days, today included; days are UTC."""

    days: int
    queries: int
    people: int
    by_day: tuple[tuple[date, int], ...]  # every day, the earliest first
    languages: tuple[tuple[str, int], ...]  # queries by language answered in, most first
    confident_share: float | None  # of answered photos, in [0, 1]; None without any
    top_places: tuple[tuple[str, int], ...]  # (place_id, answers that name it first), most first
    slowest_stage: tuple[str, float] | None  # and its mean duration in milliseconds


async def read_statistics(
    database: aiosqlite.Connection, days: int, *, today: date | None = None
) -> Statistics:
    """Count the queries of the last ``days`` days.

    Raises:
        sqlite3.Error: the log cannot be read.
    """
    last = today or datetime.now(UTC).date()
    first = last - timedelta(days=days - 1)
    end = (last + timedelta(days=1)).isoformat()

    async def rows(select: str, rest: str = "") -> list[tuple[str, int]]:
        query = f"SELECT {select} FROM queries WHERE time >= ? AND time < ? {rest}"  # noqa: S608
        found = await database.execute_fetchall(query, (first.isoformat(), end))
        return [tuple(row) for row in found]

    per_day = dict(await rows("substr(time, 1, 10), count(*)", "GROUP BY 1"))
    [(people, _)] = await rows("count(DISTINCT user_hash), 0")
    [(confident, _)] = await rows("avg(confident), 0")
    stages = await database.execute_fetchall(
        "SELECT stage.key, avg(stage.value) FROM queries, json_each(timings_ms) AS stage"
        " WHERE time >= ? AND time < ? GROUP BY 1 ORDER BY 2 DESC LIMIT 1",
        (first.isoformat(), end),
    )
    return Statistics(
        days=days,
        queries=sum(per_day.values()),
        people=int(people),
        by_day=tuple(
            (day, per_day.get(day.isoformat(), 0))
            for day in (first + timedelta(days=number) for number in range(days))
        ),
        languages=tuple(await rows("language, count(*)", "GROUP BY 1 ORDER BY 2 DESC, 1")),
        confident_share=None if confident is None else float(confident),
        top_places=tuple(
            await rows(
                "json_extract(places, '$[0][0]'), count(*)",
                f"AND json_array_length(places) > 0 GROUP BY 1 ORDER BY 2 DESC, 1"
                f" LIMIT {TOP_PLACES}",
            )
        ),
        slowest_stage=next(((name, float(mean)) for name, mean in stages), None),
    )
