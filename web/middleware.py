"""What every response has: safe headers and a place in the figures."""

from time import perf_counter
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.metrics import Metrics

METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), microphone=()",
}


def content_policy(map_tiles: str | None) -> str:
    """What a page of this server may load: its own files, and tiles where the map has some.

    Args:
        map_tiles: address template of the tiles.
    """
    images = "'self' blob:"
    if map_tiles:
        images += f" data: {_origin(map_tiles)}"  # Leaflet empties a tile with a data: image
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _origin(map_tiles: str) -> str:
    """Where tiles come from, as a policy names it: every host that ``{s}`` may stand for."""
    parts = urlsplit(map_tiles.replace("{s}.", "*."))
    return f"{parts.scheme}://{parts.netloc}"


class Outermost:
    """Adds headers, answers HEAD as GET, and counts; measures nothing that could name a person."""

    def __init__(self, app: ASGIApp, metrics: Metrics, map_tiles: str | None = None) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = HEADERS | {"Content-Security-Policy": content_policy(map_tiles)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = perf_counter(), 500
        # The server that calls this knows better, and leaves out the body.
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        try:
            await self._app(asked, receive, send_with_headers)
        finally:
            # what is mounted is no route, and has a path of its own
            route = getattr(asked.get("route"), "path", "") or asked.get("root_path") or "other"
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.requests.add(method, route, str(status))
            self._metrics.request_seconds.observe(perf_counter() - start, route)
