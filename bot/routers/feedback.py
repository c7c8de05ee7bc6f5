"""Whether an answer was right, in the words of those who were there."""

from contextlib import suppress

from aiogram import Router
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, Message

from bot.buttons import Verdict
from bot.callbacks import acknowledge
from bot.errors import PlaceGone, QuestionGone
from bot.filters import shown_message
from bot.keyboards import without_verdicts
from bot.texts import WORDINGS
from core.guide import CityGuide
from core.querylog import QueryLog


async def take_verdict(
    callback: CallbackQuery,
    callback_data: Verdict,
    message: Message,
    guide: CityGuide,
    query_log: QueryLog,
    user_hash: str,
    language: str,
) -> None:
    """Keep what the person says with the query; the buttons that asked for it go.

    Raises:
        PlaceGone: the guide served now does not have the place.
        QuestionGone: the query has been deleted from the log since.
    """
    place = guide.catalogue.place(callback_data.place)
    if place is None and callback_data.place:
        raise PlaceGone("the place of a button is not in this snapshot")
    kept = await query_log.add_feedback(
        callback_data.query,
        user_hash,
        place_id=place.place_id if place else "",
        correct=callback_data.correct,
    )
    if not kept:
        raise QuestionGone(f"query {callback_data.query} is not in the log")
    wording = WORDINGS[language]
    if callback_data.correct:
        thanks = wording.thanks_right
    else:
        thanks = wording.thanks_wrong if place else wording.thanks_none
    await acknowledge(callback, thanks)
    with suppress(TelegramBadRequest):  # pressed twice: they are gone already
        await message.edit_reply_markup(reply_markup=without_verdicts(message.reply_markup))


def build_router() -> Router:
    """The buttons "that's it", "not it" and "none of these"."""
    router = Router(name=__name__)
    router.callback_query.register(take_verdict, Verdict.filter(), shown_message)
    return router
