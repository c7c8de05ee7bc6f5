"""The running bot: everything started, updates taken, a graceful stop."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import (
    AnswerCallbackQuery,
    AnswerInlineQuery,
    EditMessageReplyMarkup,
    EditMessageText,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVenue,
)
from aiogram.types import (
    InlineQueryResultCachedPhoto,
    InlineQueryResultPhoto,
    Message,
    Update,
)

from bot.app import build_bot, build_dispatcher
from bot.background import beat, once
from bot.file_ids import FileIds
from bot.inline_photos import InlinePhotos
from bot.lazy_types import build_now
from bot.metrics import Metrics
from bot.middlewares.in_flight import InFlight
from bot.server import Webhook, build_app, listening, webhook_path
from bot.storage import StorageChat
from bot.updates import confirm, poll, prepare, set_webhook
from bot.waiting_line import WaitingLine
from core.assembly import make_guide, user_hash_key
from core.background import follow_snapshots, in_background
from core.guide import CityGuide
from core.places import Photo
from core.process import settle
from core.querylog import FILE_NAME, QueryLog
from core.retention import keep_for
from core.settings import Settings
from core.snapshot_store import SnapshotStore

logger = logging.getLogger(__name__)

DRAIN_S = 20  # what is in flight at a stop may take this long; compose kills after 30 s
MAX_CONNECTIONS = 200  # to Telegram at the same time
DEFAULT_PORT = 8080
# what takes longest to build; the first person to ask should not wait for it, nor all others
TYPES = (
    Update,
    Message,
    SendMessage,
    SendPhoto,
    SendMediaGroup,
    SendVenue,
    EditMessageReplyMarkup,
    EditMessageText,
    AnswerCallbackQuery,
    AnswerInlineQuery,
    InlineQueryResultCachedPhoto,
    InlineQueryResultPhoto,
)


@dataclass
class Running:
    """A bot put together, and how it is doing."""

    bot: Bot
    dispatcher: Dispatcher
    guide: CityGuide
    metrics: Metrics
    in_flight: InFlight
    in_contact: asyncio.Event  # set once Telegram knows the bot
    status: Literal["starting", "ok", "stopping"] = "starting"

    def health(self) -> dict[str, Any]:
        """What /healthz tells."""
        return {"status": self.status, "snapshot": self.guide.snapshot}


async def serve(settings: Settings, token: str, *, file_ids: Path | None = None) -> None:
    """Answer people until SIGTERM or SIGINT; what is in flight then is finished first.

    Args:
        token: the bot's.
        file_ids: SQLite file for those; None keeps them with the query log.

    Raises:
        TokenRejected: Telegram does not know ``token``.
        GuideError: nothing to serve, or the data folder, the model, the port or the webhook cannot
            be used.
    """
    with _stop_signal() as stop, _loaded_guide(settings) as guide:
        async with _put_together(settings, token, guide, file_ids) as running:
            webhook = _webhook(settings, running) if settings.webhook_url else None
            async with _http_server(settings, running, webhook):
                await _take_updates(settings, running, webhook, stop)
                running.status = "stopping"
                await running.in_flight.drain(DRAIN_S)
                if not webhook:
                    await confirm(running.bot, running.in_flight.last_update_id)
    logger.info("stopped")


def _webhook(settings: Settings, running: Running) -> Webhook:
    return Webhook(
        settings.webhook_secret.get_secret_value(),
        running.dispatcher,
        running.bot,
        running.in_flight,
        limit=settings.concurrency,
    )


async def _take_updates(
    settings: Settings,
    running: Running,
    webhook: Webhook | None,
    stop: asyncio.Event,
) -> None:
    """Make contact and take updates until ``stop`` is set."""
    bot, dispatcher = running.bot, running.dispatcher
    build_now(TYPES)
    if not await _unless(stop, prepare(bot, running.guide, polling=webhook is None)):
        return
    running.in_contact.set()
    settle()
    if webhook is None:
        running.status = "ok"
        await poll(dispatcher, bot, stop, concurrency=settings.concurrency)
        return
    webhook.open = True
    registering = set_webhook(
        bot,
        dispatcher,
        settings.webhook_url or "",
        secret=settings.webhook_secret.get_secret_value(),
        connections=settings.concurrency,
    )
    if await _unless(stop, registering):
        running.status = "ok"
        await stop.wait()
    logger.info("stopping")
    webhook.open = False  # what comes now Telegram keeps


@asynccontextmanager
async def _put_together(
    settings: Settings, token: str, guide: CityGuide, file_ids_file: Path | None
) -> AsyncIterator[Running]:
    """The bot with all it depends on, and what goes on behind it."""
    session = AiohttpSession(
        api=TelegramAPIServer.from_base(settings.telegram_api),
        limit=min(2 * settings.concurrency + 1, MAX_CONNECTIONS),
    )
    database = settings.data_dir / FILE_NAME
    metrics, in_flight, waiting_line = Metrics(), InFlight(), WaitingLine()
    in_contact = asyncio.Event()
    async with (
        QueryLog.open(database) as query_log,
        build_bot(token, session, metrics=metrics) as bot,
        FileIds.open(file_ids_file or database, bot.id) as file_ids,
    ):
        works = [
            beat(settings.data_dir),
            follow_snapshots(guide),
            keep_for(query_log, settings.log_retention_days),
        ]
        storage = None
        if settings.storage_chat_id is not None:
            storage = StorageChat(bot, settings.storage_chat_id, file_ids, guide.photo_file)
            works.append(once(in_contact, storage.fill(_popular_photos(guide))))
        dispatcher = build_dispatcher(
            guide,
            query_log,
            file_ids,
            user_hash_key=user_hash_key(settings),
            max_photo_mb=settings.max_photo_mb,
            log_retention_days=settings.log_retention_days,
            queries_per_minute=settings.queries_per_minute,
            admin_ids=settings.admin_ids,
            inline_photos=InlinePhotos(
                file_ids, guide.photo_file, public_url=settings.public_url, storage=storage
            ),
            in_flight=in_flight,
            waiting_line=waiting_line,
            metrics=metrics,
        )
        metrics.gauge("guide_updates_in_flight", "Updates being handled.", lambda: in_flight.count)
        metrics.gauge("guide_photos_waiting", "Photos in line.", lambda: waiting_line.waiting)
        metrics.gauge("guide_file_ids", "Photos Telegram holds.", lambda: len(file_ids))
        async with in_background(*works):
            yield Running(bot, dispatcher, guide, metrics, in_flight, in_contact)


@asynccontextmanager
async def _http_server(
    settings: Settings, running: Running, webhook: Webhook | None
) -> AsyncIterator[None]:
    """The HTTP server, if there is something for it to do."""
    if not (webhook or settings.public_url) and settings.http_port is None:
        yield
        return
    port = DEFAULT_PORT if settings.http_port is None else settings.http_port
    path = webhook_path(settings.webhook_url or "")
    app = build_app(running.guide, running.metrics, running.health, webhook=webhook, path=path)
    async with (
        listening(app, settings.http_host, port),
        # from contact on: before, a full collection holds up the loop while nobody is answered
        in_background(once(running.in_contact, running.metrics.watch_loop())),
    ):
        yield


def _popular_photos(guide: CityGuide) -> Callable[[], list[Photo]]:
    """All photos of the snapshot in use at the time of asking, the most popular first."""
    return lambda: [shown.photo for shown in guide.catalogue.popular_photos]


@contextmanager
def _loaded_guide(settings: Settings) -> Iterator[CityGuide]:
    SnapshotStore(settings.data_dir).published()  # or none: told before a model is loaded
    guide = make_guide(settings)
    try:
        yield guide
    finally:
        guide.close()


@contextmanager
def _stop_signal() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set instead of ending the process."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do ``work``, or give it up when ``stop`` is set; whether it was done."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
        return not stop.is_set()
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
