"""Many visitors of the web guide at once, each from an address of their own."""

import asyncio
import io
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from statistics import quantiles
from time import perf_counter

import aiohttp
from PIL import Image

SHARES = {"search": 3, "recognize": 2, "places": 2, "photo": 3}  # of a visitor's requests
WIDTHS = (160, 320, 640)
PATIENCE_S = 60
HOSTILE_REST_S = 0.2
GONE = 499  # stands for the status of a request that its sender gave up
LOST = 0  # stands for the status of a request whose connection broke


@dataclass
class Seen:
    """What became of the requests of one kind."""

    statuses: Counter[int] = field(default_factory=Counter)  # without honest 503
    busy: int = 0  # 503 that says when to come back
    seconds: list[float] = field(default_factory=list)  # of those answered with 2xx

    @property
    def failures(self) -> int:
        """Answers that nobody should get: any 5xx but an honest 503, and broken connections."""
        return sum(n for status, n in self.statuses.items() if status == LOST or status >= 500)

    def percentile_ms(self, percent: int) -> float:
        """So many of the answers took no longer; nan when there are too few to tell."""
        if len(self.seconds) < 2:
            return float("nan")
        return quantiles(self.seconds, n=100, method="inclusive")[percent - 1] * 1000


@dataclass(frozen=True)
class Errands:
    """What there is to ask for."""

    words: Sequence[str]
    photos: Sequence[bytes]
    place_keys: Sequence[str]
    photo_urls: Sequence[str]


Ask = Callable[[aiohttp.ClientSession], Awaitable[tuple[int, str | None]]]


class Visitors:
    """People who look around for a while, and some who mean harm."""

    def __init__(self, url: str, errands: Errands, *, seed: int = 1) -> None:
        self.seen: dict[str, Seen] = {}
        self._url = url
        self._errands = errands
        self._chance = random.Random(seed)
        self._asked = 0

    async def stay(self, *, people: int, hostile: int, seconds: float, pause_s: float) -> None:
        """Let so many people ask for so long, each resting ``pause_s`` on average in between.

        Hostile ones come beside them and send what no guide wants, nearly without a rest.
        """
        attacks = _attacks(self._errands.photos[0], self._url)
        end = perf_counter() + seconds
        async with asyncio.TaskGroup() as group:
            for number in range(people):
                group.create_task(self._visit(number, end, pause_s))
            for number in range(hostile):
                group.create_task(self._bother(people + number, end, attacks))

    async def _visit(self, number: int, end: float, pause_s: float) -> None:
        kinds = self._chance.choices(list(SHARES), list(SHARES.values()), k=10_000)
        async with self._session(number) as http:
            await asyncio.sleep(self._chance.uniform(0, pause_s))
            for kind in kinds:
                if perf_counter() >= end:
                    return
                rest_s = self._chance.expovariate(1 / pause_s) if pause_s else 0
                await _rest(max(rest_s, await self._try(http, kind, self._errand(kind))), end)

    async def _bother(self, number: int, end: float, attacks: Mapping[str, Ask]) -> None:
        kinds = cycle(attacks)
        for _ in range(number % len(attacks)):  # not all of them the same
            next(kinds)
        async with self._session(number) as http:
            for kind in kinds:
                if perf_counter() >= end:
                    return
                wait_s = await self._try(http, f"hostile: {kind}", attacks[kind])
                await _rest(max(wait_s, HOSTILE_REST_S), end)

    async def _try(self, http: aiohttp.ClientSession, kind: str, ask: Ask) -> float:
        """Make a request; seconds after which one may come back."""
        seen = self.seen.setdefault(kind, Seen())
        start = perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_S):
                status, retry_after = await ask(http)
        except (aiohttp.ClientError, OSError, TimeoutError):
            status, retry_after = LOST, None
        if status == 503 and retry_after:
            seen.busy += 1
            return float(retry_after)
        seen.statuses[status] += 1
        if 200 <= status < 300:
            seen.seconds.append(perf_counter() - start)
        return float(retry_after or 0)

    def _errand(self, kind: str) -> Ask:
        choose, self._asked = self._chance.choice, self._asked + 1
        match kind:
            case "search":  # words nobody has asked before, so that no answer is remembered
                return _get(
                    "/v1/search", q=f"{choose(self._errands.words)} {self._asked}", limit="12"
                )
            case "recognize":  # a file nobody has sent before; decoders heed no bytes after the end
                return _send(choose(self._errands.photos) + os.urandom(16))
            case "photo":
                return _get(choose(self._errands.photo_urls), width=str(choose(WIDTHS)))
            case _:
                key = choose(self._errands.place_keys)
                pages = (
                    "/v1/places",
                    "/v1/filters",
                    f"/v1/places/{key}",
                    f"/v1/places/{key}/similar",
                )
                return _get(choose(pages))

    def _session(self, number: int) -> aiohttp.ClientSession:
        """A client with an address of its own: limits count by address."""
        own = (f"127.0.{1 + number // 250}.{1 + number % 250}", 0)
        connector = aiohttp.TCPConnector(local_addr=own)
        return aiohttp.ClientSession(self._url, connector=connector)


async def _rest(seconds: float, end: float) -> None:
    await asyncio.sleep(max(0.0, min(seconds, end - perf_counter())))


def _get(path: str, **parameters: str) -> Ask:
    async def ask(http: aiohttp.ClientSession) -> tuple[int, str | None]:
        async with http.get(path, params=parameters) as response:
            await response.read()
            return response.status, response.headers.get("Retry-After")

    return ask


def _send(photo: bytes, *, content_type: str = "image/jpeg") -> Ask:
    async def ask(http: aiohttp.ClientSession) -> tuple[int, str | None]:
        headers = {"Content-Type": content_type}
        async with http.post("/v1/recognize", data=photo, headers=headers) as response:
            await response.read()
            return response.status, response.headers.get("Retry-After")

    return ask


def _attacks(photo: bytes, url: str) -> dict[str, Ask]:
    return {
        "slow": _trickle,
        "huge": _send(bytes(30_000_000)),
        "bomb": _send(_bomb()),
        "junk": _send(os.urandom(200_000)),
        "cut photo": _send(photo[: len(photo) // 4]),
        "broken form": _send(b"--y\r\njunk", content_type="multipart/form-data; boundary=x"),
        "left": _leave(url),
    }


async def _trickle(http: aiohttp.ClientSession) -> tuple[int, str | None]:
    """A photo that comes byte by byte and never ends."""

    async def bytes_now_and_then() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.5)

    headers = {"Content-Type": "image/jpeg", "Content-Length": "1000000"}
    async with http.post("/v1/recognize", data=bytes_now_and_then(), headers=headers) as response:
        return response.status, response.headers.get("Retry-After")


def _leave(url: str) -> Ask:
    """Somebody who goes away in the middle of a photo: nothing is answered, nobody is to blame."""
    host, port = url.removeprefix("http://").split(":")

    async def ask(_: aiohttp.ClientSession) -> tuple[int, str | None]:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"POST /v1/recognize HTTP/1.1\r\nHost: guide\r\nContent-Type: image/jpeg\r\n"
            b"Content-Length: 1000000\r\n\r\n" + bytes(100_000)
        )
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.transport.abort()
        return GONE, None

    return ask


def _bomb() -> bytes:
    """A small file that says it is a very large picture, and is."""
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    return out.getvalue()
