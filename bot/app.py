"""The bot, put together: routers, middlewares and what they depend on. No input or output here."""

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.base import BaseSession
from aiogram.enums import ParseMode

from bot.media import GET_FILE_LIMIT_MB, Albums
from bot.middlewares.flood import FloodControl
from bot.middlewares.in_flight import InFlight
from bot.middlewares.language import Language
from bot.middlewares.query import Queries
from bot.routers import commands, errors, hints, photos, words
from core.guide import CityGuide
from core.querylog import QueryLog


def build_bot(token: str, session: BaseSession) -> Bot:
    """A bot that speaks HTML, obeys flood control and answers even when the question is deleted."""
    session.middleware(FloodControl())
    default = DefaultBotProperties(
        parse_mode=ParseMode.HTML,
        allow_sending_without_reply=True,
        link_preview_is_disabled=True,  # a place's name may look like an address
    )
    return Bot(token, session=session, default=default)


def build_dispatcher(
    guide: CityGuide,
    query_log: QueryLog,
    *,
    user_hash_key: bytes,
    max_photo_mb: float,
    in_flight: InFlight | None = None,
) -> Dispatcher:
    """Everything that handles updates.

    Args:
        user_hash_key: key of `core.querylog.hash_user`.
        max_photo_mb: larger photos are refused; Telegram's own bound applies as well.
        in_flight: where the updates being handled are kept, for a caller who waits for them.
    """
    dispatcher = Dispatcher(
        disable_fsm=True,
        guide=guide,
        albums=Albums(guide.photo_file),
        max_photo_mb=min(max_photo_mb, GET_FILE_LIMIT_MB),
    )
    for middleware in (in_flight or InFlight(), Language(), Queries(query_log, user_hash_key)):
        dispatcher.update.outer_middleware(middleware)
    for router in (commands, photos, words, hints, errors):
        dispatcher.include_router(router.build_router())
    return dispatcher
