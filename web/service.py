"""The running web guide: everything started, requests answered, a graceful stop."""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from core.assembly import make_guide, user_hash_key
from core.background import follow_snapshots, in_background
from core.errors import GuideError
from core.process import settle
from core.querylog import FILE_NAME, QueryLog
from core.retention import keep_for
from core.settings import Settings
from core.snapshot_store import SnapshotStore
from web.admission import Bounds
from web.app import build_app
from web.connections import IDLE_S, Connection
from web.schema import AboutAnswer, MapAnswer

logger = logging.getLogger(__name__)

DRAIN_S = 20  # what is being answered at a stop may take this long
CONNECTIONS = 512  # further ones get 503


class PortTaken(GuideError):
    """The address cannot be listened on."""


class _Server(uvicorn.Server):
    """Leaves signals to the one who started it: then a stop is no failure."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings) -> None:
    """Answer until SIGTERM or SIGINT; what is being answered then is finished first.

    Raises:
        GuideError: nothing to serve, or the data folder, the model or the port cannot be used.
    """
    SnapshotStore(settings.data_dir).published()  # or none: told before a model is loaded
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    guide = make_guide(settings)
    key = settings.web_api_key
    try:
        async with QueryLog.open(settings.data_dir / FILE_NAME) as query_log:
            app = build_app(
                guide,
                query_log,
                user_hash_key=user_hash_key(settings),
                about=AboutAnswer(
                    log_retention_days=settings.log_retention_days,
                    map=MapAnswer(
                        tiles=settings.web_map_tiles, attribution=settings.web_map_attribution
                    ),
                ),
                bounds=Bounds(
                    max_photo_mb=settings.max_photo_mb,
                    requests_per_minute=settings.web_requests_per_minute,
                ),
                api_key=key.get_secret_value() if key else None,
                cors_origins=settings.web_cors_origins,
            )
            app.state.ready = False
            listener = _listen(settings.web_host, settings.web_port)
            logger.info("listening on http://%s:%d", *listener.getsockname()[:2])
            server = _Server(server_config(app, settings.web_trusted_proxies))
            works = (follow_snapshots(guide), keep_for(query_log, settings.log_retention_days))
            async with in_background(*works):
                serving = asyncio.create_task(server.serve(sockets=[listener]))
                await guide.warm_up()
                settle()
                app.state.ready = True
                stopping = asyncio.create_task(stop.wait())
                await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                app.state.ready = False
                server.should_exit = True
                await serving
    finally:
        guide.close()
    logger.info("stopped")


def server_config(app: FastAPI, trusted_proxies: Sequence[str] = ()) -> uvicorn.Config:
    """How uvicorn is to serve the application.

    Args:
        trusted_proxies: addresses or networks whose ``X-Forwarded-For`` says who asks.
    """
    return uvicorn.Config(
        app,
        http=Connection,
        forwarded_allow_ips=list(trusted_proxies),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=DRAIN_S,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    # asyncio sets TCP_NODELAY only on connections of a socket that is said to be TCP. Without it,
    # all but the first answers on a connection wait 40 ms for the other side to acknowledge.
    kind = socket.SOCK_STREAM
    return socket.socket(family, kind, socket.IPPROTO_TCP, fileno=listener.detach())
