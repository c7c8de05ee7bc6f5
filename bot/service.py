"""The running bot: start, long polling, a graceful stop."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    AiogramError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.types import BotCommand

from bot.app import build_bot, build_dispatcher
from bot.health import HEARTBEAT_S, heartbeat_file
from bot.middlewares.in_flight import InFlight
from bot.texts import WORDINGS
from core.embedders import load_embedder
from core.errors import GuideError, NoSnapshot
from core.guide import CityGuide
from core.images import ImageLimits
from core.querylog import FILE_NAME, QueryLog, load_hash_key
from core.settings import Settings
from core.snapshot import SnapshotStore

logger = logging.getLogger(__name__)

DRAIN_S = 10  # what is in flight at a stop may take this long; containers are killed after 10-30 s
CONFIRM_S = 2
REFRESH_S = 10  # how soon a new snapshot is noticed
MAX_RETRY_S = 30


class TokenRejected(Exception):
    """Telegram does not know the bot's token."""


async def serve(settings: Settings, token: str) -> None:
    """Answer people until SIGTERM or SIGINT; what is in flight then is finished first.

    Raises:
        TokenRejected: Telegram does not know ``token``.
        GuideError: nothing to serve, or the data folder or the model cannot be used.
    """
    session = AiohttpSession(
        api=TelegramAPIServer.from_base(settings.telegram_api), limit=2 * settings.concurrency + 1
    )
    in_flight = InFlight()
    with _stop_signal() as stop, _loaded_guide(settings) as guide:
        async with (
            QueryLog.open(settings.data_dir / FILE_NAME) as query_log,
            build_bot(token, session) as bot,
            _in_background(_beat(settings.data_dir), follow_snapshots(guide)),
        ):
            dispatcher = build_dispatcher(
                guide,
                query_log,
                user_hash_key=_hash_key(settings),
                max_photo_mb=settings.max_photo_mb,
                in_flight=in_flight,
            )
            if await _unless(stop, prepare(bot, guide)):
                await _poll(dispatcher, bot, stop, concurrency=settings.concurrency)
                await in_flight.drain(DRAIN_S)
                await confirm(bot, in_flight.last_update_id)
    logger.info("stopped")


def _hash_key(settings: Settings) -> bytes:
    if settings.user_hash_key:
        return settings.user_hash_key.get_secret_value().encode()
    return load_hash_key(settings.data_dir)


@contextmanager
def _loaded_guide(settings: Settings) -> Iterator[CityGuide]:
    if SnapshotStore(settings.data_dir).current() is None:  # told before a model is loaded
        raise NoSnapshot(f"nothing has been published in {settings.data_dir} yet")
    limits = ImageLimits.of(
        max_photo_mb=settings.max_photo_mb, max_megapixels=settings.max_megapixels
    )
    embedder = load_embedder(
        settings.embedder,
        text_model=settings.text_model,
        cache_dir=settings.data_dir / "cache",
        threads=settings.threads,
    )
    guide = CityGuide(settings.data_dir, embedder, k=settings.k, limits=limits)
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


async def prepare(bot: Bot, guide: CityGuide) -> None:
    """Make sure Telegram knows the bot, waiting an outage out; fill its menu; warm the guide up.

    Raises:
        TokenRejected: Telegram does not know the token.
    """
    delay = 1
    while True:
        try:
            me = await bot.me()
            await bot.delete_webhook()  # as long as there is one, polling is refused
            break
        except (TelegramUnauthorizedError, TelegramNotFound) as error:  # by the token's form
            raise TokenRejected from error
        except AiogramError as error:
            reason = str(error).partition("\n")[0]  # what follows may be a proxy's whole page
            logger.warning("Telegram cannot be reached, next try in %d s: %s", delay, reason)
            await asyncio.sleep(delay)
            delay = min(delay * 2, MAX_RETRY_S)
    try:
        for language, wording in WORDINGS.items():
            menu = [BotCommand(command=name, description=d) for name, d in wording.commands.items()]
            # English is also what speakers of any other language get
            await bot.set_my_commands(menu, language_code=None if language == "en" else language)
    except AiogramError as error:
        logger.warning("the command menu was not set: %s", error)
    await guide.warm_up()
    logger.info("@%s serves snapshot %s", me.username, guide.snapshot)


async def _poll(dispatcher: Dispatcher, bot: Bot, stop: asyncio.Event, *, concurrency: int) -> None:
    """Take updates until ``stop`` is set; network trouble is waited out."""
    polling = asyncio.create_task(
        dispatcher.start_polling(
            bot, handle_signals=False, close_bot_session=False, tasks_concurrency_limit=concurrency
        )
    )
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({polling, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not polling.done():
        logger.info("stopping")
        await dispatcher.stop_polling()
    await polling


async def confirm(bot: Bot, last_update_id: int | None) -> None:
    """Tell Telegram what was answered, lest it comes again; getUpdates does so with an offset."""
    if last_update_id is None:
        return
    try:
        async with asyncio.timeout(CONFIRM_S):
            await bot.get_updates(offset=last_update_id + 1, limit=1, timeout=0)
    except (AiogramError, TimeoutError) as error:
        logger.warning("the last updates were not confirmed: %s", type(error).__name__)


@asynccontextmanager
async def _in_background(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _beat(data_dir: Path) -> None:
    """Touch the heartbeat file for `bot.health`; gone after a clean stop."""
    file = heartbeat_file(data_dir)
    try:
        while True:
            try:
                file.touch()
            except OSError as error:
                logger.warning("no heartbeat: %s", error)
            await asyncio.sleep(HEARTBEAT_S)
    finally:
        file.unlink(missing_ok=True)


async def follow_snapshots(guide: CityGuide, *, every_s: float = REFRESH_S) -> None:
    """Serve a newly published snapshot soon; one that cannot be used is reported once."""
    reported = ""
    while True:
        await asyncio.sleep(every_s)
        try:
            if await guide.refresh():
                logger.info("now serving snapshot %s", guide.snapshot)
            reported = ""
        except GuideError as error:
            if str(error) != reported:
                logger.error("still serving snapshot %s: %s", guide.snapshot, error)
            reported = str(error)
