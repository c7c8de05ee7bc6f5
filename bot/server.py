"""The bot's HTTP server: the webhook, photos for inline answers, health and figures."""

import asyncio
import hmac
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from aiogram import Bot, Dispatcher
from aiogram.types import Update
from aiohttp import web
from pydantic import ValidationError

from bot.errors import PortTaken
from bot.inline_photos import PHOTOS_PATH
from bot.metrics import Metrics
from bot.middlewares.in_flight import InFlight
from core.figures import CONTENT_TYPE
from core.guide import CityGuide

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (the header's name)
MAX_UPDATE_BYTES = 1_000_000  # updates carry no files
REMEMBERED_UPDATES = 10_000
PHOTO_CACHE_S = 86_400


class Webhook:
    """Takes updates that Telegram delivers, each once.

    Telegram is told to come again later, with 503, before the bot is ready, while it has its hands
    full and once it is stopping; what was accepted is handled.
    """

    def __init__(
        self, secret: str, dispatcher: Dispatcher, bot: Bot, in_flight: InFlight, *, limit: int
    ) -> None:
        self._secret = secret
        self._dispatcher = dispatcher
        self._bot = bot
        self._in_flight = in_flight
        self._seen: OrderedDict[int, None] = OrderedDict()  # update_ids
        self._limit = limit  # updates in flight
        self.open = False

    async def take(self, request: web.Request) -> web.Response:
        """Start handling an update and say so at once, without waiting for the answer."""
        secret = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(secret.encode(), self._secret.encode()):
            return web.Response(status=401)
        if not self.open or self._in_flight.count >= self._limit:
            return web.Response(status=503)
        try:
            update = Update.model_validate_json(await request.read(), context={"bot": self._bot})
        except ValidationError as error:
            logger.error("an update could not be read: %d errors", error.error_count())
            return web.Response(status=200)  # it would not be read the next time either
        if update.update_id in self._seen:  # our 200 for it was lost
            return web.Response(status=200)
        self._remember(update.update_id)
        self._in_flight.add(asyncio.create_task(self._handle(update)))
        return web.Response(status=200)

    def _remember(self, update_id: int) -> None:
        self._seen[update_id] = None
        if len(self._seen) > REMEMBERED_UPDATES:
            self._seen.popitem(last=False)

    async def _handle(self, update: Update) -> None:
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception:  # the error router has failed as well; nobody awaits this task
            logger.exception("update %d failed", update.update_id)


def webhook_path(url: str) -> str:
    """Where on this server Telegram delivers, for the public address it is given."""
    return urlsplit(url).path or "/"


def build_app(
    guide: CityGuide,
    metrics: Metrics,
    health: Callable[[], dict[str, Any]],
    *,
    webhook: Webhook | None = None,
    path: str = "/",
) -> web.Application:
    """The pages of the server.

    Args:
        health: what /healthz tells; its "status" is "ok" or what the bot is busy with instead.
        webhook: takes updates at ``path``.
    """

    async def show_health(request: web.Request) -> web.Response:
        state = health()
        return web.json_response(state, status=200 if state["status"] == "ok" else 503)

    async def show_metrics(request: web.Request) -> web.Response:
        return web.Response(body=metrics.text().encode(), headers={"Content-Type": CONTENT_TYPE})

    async def show_photo(request: web.Request) -> web.StreamResponse:
        shown = guide.catalogue.photo(request.match_info["photo_id"])
        if shown is None or not (file := guide.photo_file(shown.photo)).is_file():
            return web.Response(status=404)
        headers = {"Cache-Control": f"public, max-age={PHOTO_CACHE_S}, immutable"}
        return web.FileResponse(file, headers={**headers, "Content-Type": "image/jpeg"})

    app = web.Application(client_max_size=MAX_UPDATE_BYTES)
    app.router.add_get("/healthz", show_health)
    app.router.add_get("/metrics", show_metrics)
    app.router.add_get(f"/{PHOTOS_PATH}/{{photo_id:[0-9a-f]+}}.jpg", show_photo)
    if webhook:
        app.router.add_post(path, webhook.take)
    return app


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve inside ``async with``; gives the port, which matters when asked for port 0.

    Raises:
        PortTaken: the address cannot be used.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}") from error
        bound: int = runner.addresses[0][1]
        logger.info("listening on %s:%d", host, bound)
        yield bound
    finally:
        await runner.cleanup()
