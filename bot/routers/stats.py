"""/stats, for admins."""

import html

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from bot.filters import PRIVATE
from bot.texts import WORDINGS, days_in_words
from core.guide import CityGuide
from core.querylog import QueryLog
from core.statistics import Statistics

DAYS, MAX_DAYS = 7, 31


async def show_stats(
    message: Message, command: CommandObject, guide: CityGuide, query_log: QueryLog, language: str
) -> None:
    """Say how the guide is used: ``/stats``, or ``/stats 30`` for so many days."""
    asked = command.args or ""
    days = min(max(int(asked), 1), MAX_DAYS) if asked.isdecimal() else DAYS
    await message.answer(describe(await query_log.statistics(days), guide, language))


def describe(statistics: Statistics, guide: CityGuide, language: str) -> str:
    """The figures as HTML; places that the guide no longer has are shown by their ids."""
    wording = WORDINGS[language]

    def place_name(place_id: str) -> str:
        place = guide.catalogue.place_by_id(place_id)
        return html.escape((place.name_in(language) if place else place_id)[:100], quote=False)

    def lines(rows: list[str]) -> str:
        return "\n".join(rows) or wording.stats_none

    slowest = statistics.slowest_stage
    confident = statistics.confident_share
    return wording.stats.format(
        days=days_in_words(statistics.days, language),
        queries=statistics.queries,
        people=statistics.people,
        confident=wording.stats_none if confident is None else f"{confident:.0%}",
        languages=", ".join(f"{html.escape(tongue)} {n}" for tongue, n in statistics.languages)
        or wording.stats_none,
        slowest=f"{slowest[0]}, {slowest[1]:.0f} ms" if slowest else wording.stats_none,
        by_day=lines([f"{day:%d.%m}  {number}" for day, number in statistics.by_day]),
        places=lines([f"{number} · {place_name(id_)}" for id_, number in statistics.top_places]),
    )


def build_router(admin_ids: tuple[int, ...]) -> Router:
    """What only admins may see; to others the command does not exist."""
    router = Router(name=__name__)
    router.message.register(show_stats, Command("stats"), PRIVATE, F.from_user.id.in_(admin_ids))
    return router
