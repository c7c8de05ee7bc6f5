"""The bot, put together: routers, middlewares and what they depend on. No input or output here."""

from aiogram import Bot, Dispatcher
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.base import BaseSession
from aiogram.enums import ParseMode

from bot.file_ids import FileIds
from bot.filters import written_by_a_person
from bot.inline_photos import InlinePhotos
from bot.locations import Locations
from bot.media import GET_FILE_LIMIT_MB, Albums
from bot.media_groups import QUIET_S, MediaGroups
from bot.metrics import Metrics
from bot.middlewares.album import WholeAlbums
from bot.middlewares.flood import FloodControl
from bot.middlewares.in_flight import InFlight
from bot.middlewares.language import Language
from bot.middlewares.measuring import MeasuredRequests, MeasuredUpdates
from bot.middlewares.query import Queries
from bot.middlewares.recovery import Recovery
from bot.middlewares.throttling import Throttling
from bot.pacing import Pacer
from bot.routers import (
    commands,
    errors,
    feedback,
    hints,
    inline,
    location,
    person,
    photos,
    places,
    stats,
    words,
)
from bot.seen_photos import SeenPhotos
from bot.waiting_line import WaitingLine
from core.guide import CityGuide
from core.querylog import QueryLog

# the first that takes an update is the only one
ROUTERS = (commands, person, photos, location, words, places, feedback, inline, hints, errors)


def build_bot(
    token: str, session: BaseSession, *, metrics: Metrics | None = None, pacer: Pacer | None = None
) -> Bot:
    """A bot that speaks HTML, obeys flood control and answers even when the question is deleted."""
    pacer = pacer or Pacer()
    # each is around those below it
    session.middleware(FloodControl(pacer))
    session.middleware(Recovery(pacer.pause))
    session.middleware(MeasuredRequests(metrics or Metrics()))
    default = DefaultBotProperties(
        parse_mode=ParseMode.HTML,
        allow_sending_without_reply=True,
        link_preview_is_disabled=True,  # a place's name may look like an address
    )
    return Bot(token, session=session, default=default)


def build_dispatcher(
    guide: CityGuide,
    query_log: QueryLog,
    file_ids: FileIds,
    *,
    user_hash_key: bytes,
    max_photo_mb: float,
    log_retention_days: int = 90,
    queries_per_minute: int = 30,
    admin_ids: tuple[int, ...] = (),
    inline_photos: InlinePhotos | None = None,
    in_flight: InFlight | None = None,
    waiting_line: WaitingLine | None = None,
    metrics: Metrics | None = None,
    album_quiet_s: float = QUIET_S,
) -> Dispatcher:
    """Everything that handles updates.

    Args:
        user_hash_key: key of `core.querylog.hash_user`.
        max_photo_mb: larger photos are refused; Telegram's own bound applies as well.
        log_retention_days: what people are told about how long queries are kept.
        album_quiet_s: how long an incoming album must have been quiet to be complete.
        queries_per_minute: what one person may ask.
        admin_ids: who may see /stats.
        inline_photos: how inline answers show photos; without it those with a file_id are shown.
        metrics: what is measured is counted here.
        in_flight: where the updates being handled are kept, for a caller who waits for them.
    """
    metrics = metrics or Metrics()
    max_photo_mb = min(max_photo_mb, GET_FILE_LIMIT_MB)
    dispatcher = Dispatcher(
        disable_fsm=True,
        guide=guide,
        query_log=query_log,
        locations=Locations(),
        log_retention_days=log_retention_days,
        albums=Albums(guide.photo_file, file_ids),
        inline_photos=inline_photos or InlinePhotos(file_ids, guide.photo_file),
        waiting_line=waiting_line or WaitingLine(),
        max_photo_mb=max_photo_mb,
        seen_photos=SeenPhotos(guide, max_photo_mb),
    )
    for middleware in (
        in_flight or InFlight(),
        MeasuredUpdates(metrics),
        Language(query_log, user_hash_key),
        Queries(query_log, metrics.stage_seconds),
    ):
        dispatcher.update.outer_middleware(middleware)
    dispatcher.message.filter(written_by_a_person)
    dispatcher.message.outer_middleware(WholeAlbums(MediaGroups(quiet_s=album_quiet_s)))
    throttling = Throttling(queries_per_minute, metrics.throttled)
    for observer in (dispatcher.message, dispatcher.callback_query, dispatcher.inline_query):
        observer.middleware(throttling)
    dispatcher.include_router(stats.build_router(admin_ids))
    for router in ROUTERS:
        dispatcher.include_router(router.build_router())
    return dispatcher
