"""The local Telegram as a server: Bot API and chat page on one port."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from ipaddress import ip_address
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.errors import PortTaken
from bot.sandbox import api, page
from bot.sandbox.faults import FloodLimits
from bot.sandbox.people import Person
from bot.sandbox.telegram import MAX_CALLS, Telegram

MAX_REQUEST_BYTES = 100_000_000  # ten photos of a phone at once
LOOPBACK = "127.0.0.1"


class Sandbox:
    """Serves inside ``async with``."""

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        limits: FloodLimits | None = None,
        calls: int = MAX_CALLS,
        spots: Sequence[page.Spot] = (),
    ) -> None:
        """Prepare.

        Args:
            host: the address to bind; anything but loopback lets the network in.
            port: 0 takes a free one.
            limits: flood limits the bot is held to; None for none.
            calls: how many requests of the bot are remembered.
            spots: positions the page offers to a person who shares their own.
        """
        self._host, self._port = host, port
        self._stack = AsyncExitStack()
        self.telegram = Telegram(limits=limits, calls=calls)
        self.you = Person(self.telegram, "You", language="en")  # the person on the page
        self.url = ""
        self._spots = tuple(spots)

    @property
    def token(self) -> str:
        """The bot's token; made up, and another one each time."""
        return self.telegram.token

    @property
    def local(self) -> bool:
        """Whether only programs on this computer can connect."""
        return _is_local(self._host)

    def person(self, name: str, *, language: str | None = "en") -> Person:
        """Another person, who can do all that the one on the page can."""
        return Person(self.telegram, name, language=language)

    async def __aenter__(self) -> Self:
        """Open the port.

        Raises:
            PortTaken: this address cannot be bound.
        """
        app = web.Application(
            client_max_size=MAX_REQUEST_BYTES, middlewares=[_only_local] if self.local else []
        )
        app[api.TELEGRAM], app[page.YOU] = self.telegram, self.you
        app[page.SPOTS] = self._spots
        api.add_routes(app)
        page.add_routes(app)
        async with AsyncExitStack() as stack:
            # Until the last request is answered: it may be storing a photo.
            await stack.enter_async_context(self.telegram.files)
            runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
            await runner.setup()
            # likewise: it may be setting a webhook
            stack.push_async_callback(self.telegram.updates.close)
            stack.push_async_callback(runner.cleanup)
            try:
                await web.TCPSite(runner, self._host, self._port).start()
            except OSError as error:
                raise PortTaken(
                    f"the sandbox cannot listen on {self._host}:{self._port}: {error.strerror}; "
                    "choose another port with --sandbox-port"
                ) from error
            stack.callback(self.telegram.feed.close)  # lets go whoever waits for something new
            self._stack = stack.pop_all()
        port = runner.addresses[0][1]
        host = self._host if not self._host.startswith(("0.", "::")) else LOOPBACK
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()


@web.middleware
async def _only_local(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other host names: a foreign site may have made its own name lead here."""
    name = request.host.rpartition(":")[0] if ":" in request.host else request.host
    if not _is_local(name.strip("[]")):
        raise web.HTTPForbidden(text="The sandbox is for this machine only.")
    return await handler(request)


def _is_local(host: str) -> bool:
    """Whether a host is this machine and nothing else."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, which may lead anywhere
        return False
