"""``@bot words`` in any chat: photos with captions, to pick one."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from aiogram import Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import ChosenInlineResult, InlineQuery, InlineQueryResultsButton

from bot.answers import describe_place
from bot.inline_photos import InlinePhoto, InlinePhotos
from bot.middlewares.query import OpenQuery
from bot.refusals import blames_photos
from bot.texts import WORDINGS
from core.catalogue import PlacePhoto
from core.errors import EmptyQuery
from core.guide import CityGuide
from core.places import Photo

logger = logging.getLogger(__name__)

PAGE = 50  # as many as Telegram takes
LOOK_AHEAD = 200  # photos searched through for a page of those that can be shown
MAX_OFFSET = 1_000_000
CACHE_S = 300
CACHE_INCOMPLETE_S = 3  # more can be shown soon
TOO_LATE = ("query is too old", "query id is invalid", "query_id_invalid")


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what fits a query."""

    results: Sequence[InlinePhoto]
    missing: Sequence[Photo]  # they would have been shown and will be, once uploaded
    next_offset: str  # empty after the last page


async def answer_inline(
    inline_query: InlineQuery, guide: CityGuide, inline_photos: InlinePhotos, language: str
) -> None:
    """Show up to 50 photos that fit the words; popular places when there are none."""
    offset = _read_offset(inline_query.offset)
    found = await _find(guide, inline_query.query, offset)
    page = _page(found, offset, inline_photos, language)
    if page.missing and not page.results:
        await inline_photos.upload_now(page.missing)
        page = _page(found, offset, inline_photos, language)
    inline_photos.want(page.missing)
    try:
        await inline_query.answer(
            list(page.results),
            cache_time=CACHE_INCOMPLETE_S if page.missing else CACHE_S,
            is_personal=True,  # captions are in this person's language
            next_offset=page.next_offset,
            button=None if page.results or offset else _instead(page, language),
        )
    except TelegramBadRequest as error:
        if any(words in error.message.lower() for words in TOO_LATE):
            logger.debug("an inline answer came too late")
            return
        if blames_photos(error):
            await inline_photos.refused(page.results)
        raise


async def note_choice(
    chosen_inline_result: ChosenInlineResult, guide: CityGuide, open_query: OpenQuery
) -> None:
    """Log which place somebody picked, and by which words."""
    open_query.ask("inline", text=chosen_inline_result.query)
    if shown := guide.catalogue.photo(chosen_inline_result.result_id):
        await open_query.answer(
            [(shown.place.place_id, 1.0)], timings_ms={}, snapshot=guide.snapshot
        )


def _read_offset(offset: str) -> int:
    """The offset of an earlier answer; anything else is the beginning."""
    return min(int(offset), MAX_OFFSET) if offset.isdecimal() else 0


async def _find(guide: CityGuide, words: str, offset: int) -> Sequence[PlacePhoto]:
    if not words.strip():
        return guide.catalogue.popular_photos[offset : offset + LOOK_AHEAD]
    try:
        found = await guide.search(words, limit=LOOK_AHEAD, offset=offset)
    except EmptyQuery:  # "?!"
        return ()
    return [PlacePhoto(hit.photo, hit.place) for hit in found.photos]


def _page(
    found: Sequence[PlacePhoto], offset: int, inline_photos: InlinePhotos, language: str
) -> Page:
    results, missing, seen = list[InlinePhoto](), list[Photo](), 0
    for shown in found:
        seen += 1
        result = inline_photos.show(shown.photo, describe_place(shown.place, language))
        if result:
            results.append(result)
        elif inline_photos.may_come(shown.photo):
            missing.append(shown.photo)
        if len(results) == PAGE:
            break
    is_last = seen == len(found) < LOOK_AHEAD
    return Page(results, missing, "" if is_last else str(offset + seen))


def _instead(page: Page, language: str) -> InlineQueryResultsButton:
    """What stands where results would: that there are none, or that they are on their way."""
    wording = WORDINGS[language]
    text = wording.inline_not_ready if page.missing else wording.inline_nothing
    return InlineQueryResultsButton(text=text, start_parameter="inline")


def build_router() -> Router:
    """Inline queries and what was picked from the answers."""
    router = Router(name=__name__)
    router.inline_query.register(answer_inline)
    router.chosen_inline_result.register(note_choice)
    return router
