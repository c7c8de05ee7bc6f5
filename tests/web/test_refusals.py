"""What the API does with requests that make no sense, ask too much or mean harm."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import SpooledTemporaryFile
from threading import Event
from typing import Any

import httpx
import pytest
from fastapi import HTTPException

from core.errors import GuideError, QueryError
from core.guide import CityGuide
from core.querylog import FILE_NAME, QueryLog
from tests.doubles import ColourEmbedder
from tests.web.conftest import LIMITS, PLAIN_MAP, RED, Web, running
from web.admission import Bounds
from web.app import build_app
from web.limits import RateLimit, Turns, client_of
from web.schema import AboutAnswer, MapAnswer


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem a response tells of."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert told["status"] == status
    assert told["title"]
    return told


@pytest.mark.parametrize("photo", [b"junk", RED[:200], b"GIF89a", b"%PDF-1.4"])
async def test_what_is_no_picture_is_refused(web: Web, photo: bytes) -> None:
    problem(await web.recognize(photo), 422)


async def test_an_empty_photo_is_refused(web: Web) -> None:
    problem(await web.recognize(b""), 422)
    problem(await web.client.post("/v1/recognize", headers={"Content-Type": "image/png"}), 422)
    problem(await web.client.post("/v1/recognize", files={"other": RED}), 422)


@pytest.mark.parametrize("content_type", ["text/html", "application/json", ""])
async def test_other_types_are_refused(web: Web, content_type: str) -> None:
    sent = await web.client.post(
        "/v1/recognize", content=RED, headers={"Content-Type": content_type}
    )
    problem(sent, 415)


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
async def test_a_broken_form_is_refused(web: Web, content_type: str) -> None:
    sent = await web.client.post(
        "/v1/recognize", content=b"--y\r\njunk", headers={"Content-Type": content_type}
    )
    assert problem(sent, sent.status_code)["status"] in (400, 422)


async def test_too_big_a_photo_is_refused_announced_or_not(published: Path, tmp_path: Path) -> None:
    async def endless() -> Any:
        for _ in range(5):
            yield b"x" * 50_000

    async with running(published, tmp_path, bounds=Bounds(max_photo_mb=0.1)) as web:
        problem(await web.recognize(b"x" * 300_000), 413)
        headers = {"Content-Type": "image/jpeg"}
        problem(await web.client.post("/v1/recognize", content=endless(), headers=headers), 413)
        problem(await web.recognize(b"x" * 100_001), 413)  # within what a form may have
        assert (await web.recognize(RED.ljust(100_000, b"\0"))).status_code == 200


async def test_a_photo_never_touches_the_disk(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def roll_over(file: Any) -> None:
        raise AssertionError("it would be written to the disk")

    monkeypatch.setattr(SpooledTemporaryFile, "rollover", roll_over)
    assert (await web.recognize(RED.ljust(5_000_000, b"\0"))).status_code == 200


async def test_a_form_has_one_file_and_few_fields(web: Web) -> None:
    two = [("photo", RED), ("photo", RED)]
    problem(await web.client.post("/v1/recognize", files=two), 400)
    problem(await web.recognize(RED, data={str(n): "" for n in range(9)}), 400)


async def test_a_slow_photo_is_given_up(published: Path, tmp_path: Path) -> None:
    async with running(published, tmp_path, bounds=Bounds(upload_timeout_s=0.2)) as web:
        reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(
            b"POST /v1/recognize HTTP/1.1\r\nHost: guide\r\nContent-Type: image/jpeg\r\n"
            b"Content-Length: 1000\r\n\r\nfew"
        )
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in answer


async def test_slow_photos_from_one_address_leave_room_for_those_of_others(web: Web) -> None:
    slow = []
    for _ in range(8):
        _, writer = await asyncio.open_connection("127.0.0.1", web.port)
        writer.write(
            b"POST /v1/recognize HTTP/1.1\r\nHost: guide\r\nContent-Type: image/jpeg\r\n"
            b"Content-Length: 1000\r\n\r\nfew"
        )
        slow.append(writer)
    async with asyncio.timeout(60):
        while (await web.recognize(RED)).status_code == 200:
            await asyncio.sleep(0.02)
    answer = await web.recognize(RED)
    problem(answer, 429)
    assert int(answer.headers["Retry-After"]) > 0
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx.AsyncClient(base_url=web.client.base_url, transport=transport) as other:
        assert (await other.post("/v1/recognize", files={"photo": RED})).status_code == 200
    for writer in slow:
        writer.transport.abort()
    async with asyncio.timeout(60):
        while (await web.recognize(RED)).status_code != 200:
            await asyncio.sleep(0.02)


async def test_a_photo_that_is_broken_off_is_no_fault_of_the_server(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(
        b"POST /v1/recognize HTTP/1.1\r\nHost: guide\r\nContent-Type: image/jpeg\r\n"
        b"Content-Length: 1000\r\n\r\nfew"
    )
    await writer.drain()
    await asyncio.sleep(0.1)  # else it may be gone before it is heard
    writer.transport.abort()
    refused = 'guide_web_requests_total{method="POST",route="/v1/recognize",status="400"} 1'
    async with asyncio.timeout(60):
        while refused not in (await web.get("/metrics")).text:
            await asyncio.sleep(0.02)
    assert not caplog.records


@pytest.mark.parametrize(
    "where",
    [
        {"lat": "91", "lon": "0"},
        {"lat": "nan", "lon": "0"},
        {"lat": "inf", "lon": "0"},
        {"lat": "north", "lon": "0"},
        {"lat": "1"},
    ],
)
async def test_nonsense_about_where_is_refused(web: Web, where: dict[str, str]) -> None:
    told = problem(await web.recognize(RED, params=where), 422)
    assert told["errors"][0]["where"].startswith("query")
    told = problem(await web.recognize(RED, data=where), 422)
    assert told["errors"][0]["where"].startswith("body")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/search",
        "/v1/search?q=",
        "/v1/search?q=%00%20!!",
        "/v1/search?q=red&limit=0",
        "/v1/search?q=red&limit=51",
        "/v1/search?q=red&offset=-1",
        "/v1/search?q=red&offset=99999999999999999999999",
        "/v1/places?limit=many",
        "/v1/places?offset=99999999999999999999999",
        f"/v1/search?q={'a' * 3000}",
    ],
)
async def test_nonsense_in_an_address_is_refused(web: Web, path: str) -> None:
    problem(await web.get(path), 422)


async def test_a_page_far_beyond_the_end_is_empty(web: Web) -> None:
    assert (await web.get("/v1/places?offset=999999")).json()["places"] == []
    assert (await web.get("/v1/search?q=red&offset=9999")).json()["photos"] == []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/photos/0000000000000000",
        "/v1/photos/..%2f..%2f..%2fetc%2fpasswd",
        "/v1/photos/%2e%2e%2fguide.sqlite3",
        "/v1/photos/..%5c..%5cguide.sqlite3",
        "/v1/photos/%00",
        "/v1/places/nobody",
        "/v1/places/nobody/similar",
        "/v1/places/..%2f..%2fetc",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static//etc/passwd",
        "/nowhere",
        "/docs",
        "/redoc",
    ],
)
async def test_what_is_not_there_is_not_found(web: Web, path: str) -> None:
    problem(await web.get(path), 404)


async def test_a_photo_cleaned_away_is_not_found(web: Web) -> None:
    [shown, *_] = web.guide.catalogue.popular_photos
    file = web.guide.photo_file(shown.photo)
    aside = file.rename(file.with_suffix(".aside"))
    try:
        problem(await web.get(f"/v1/photos/{shown.photo.photo_id}"), 404)
        problem(await web.get(f"/v1/photos/{shown.photo.photo_id}?width=320"), 404)
    finally:
        aside.rename(file)


async def test_only_some_widths_are_made(web: Web) -> None:
    [shown, *_] = web.guide.catalogue.popular_photos
    problem(await web.get(f"/v1/photos/{shown.photo.photo_id}?width=161"), 422)


async def test_a_wrong_method_is_told_the_right_one(web: Web) -> None:
    answer = await web.client.delete("/v1/recognize")
    problem(answer, 405)
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("error", "status"),
    [(QueryError("why"), 422), (GuideError("why"), 503), (RuntimeError("why"), 500)],
)
async def test_whatever_goes_wrong_is_a_problem_that_tells_no_details(
    web: Web, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(web.guide, "search", fail)
    answer = await web.get("/v1/search?q=red")
    problem(answer, status)
    assert "why" not in answer.text


async def test_a_key_is_asked_for_where_there_is_one(published: Path, tmp_path: Path) -> None:
    async with running(published, tmp_path, api_key="s3cret") as web:
        problem(await web.get("/v1/places"), 401)
        problem(await web.get("/v1/places", headers={"X-API-Key": "ключ".encode()}), 401)
        problem(await web.recognize(RED), 401)
        assert (await web.get("/v1/places", headers={"X-API-Key": "s3cret"})).status_code == 200
        assert (await web.get("/healthz")).status_code == 200
        [shown, *_] = web.guide.catalogue.popular_photos  # pages show them without a key
        assert (await web.get(f"/v1/photos/{shown.photo.photo_id}")).status_code == 200


async def test_keys_are_not_tried_without_end(published: Path, tmp_path: Path) -> None:
    async with running(
        published, tmp_path, api_key="s3cret", bounds=Bounds(requests_per_minute=2)
    ) as web:
        answers = [await web.get("/v1/places", headers={"X-API-Key": key}) for key in "abc"]
        assert [answer.status_code for answer in answers] == [401, 401, 429]


async def test_who_asks_too_much_has_to_wait(published: Path, tmp_path: Path) -> None:
    async with running(published, tmp_path, bounds=Bounds(requests_per_minute=2)) as web:
        answers = [await web.get("/v1/places") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        problem(answers[2], 429)
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 30
        [shown, *_] = web.guide.catalogue.popular_photos  # which have an allowance of their own
        photos = [await web.get(f"/v1/photos/{shown.photo.photo_id}") for _ in range(50)]
        allowed = [photo.status_code for photo in photos].index(429)
        assert allowed >= 24  # and one more each 2.5 s, on a busy machine


async def test_a_crowd_is_asked_to_come_back_and_keeps_nobody_else_out(
    published: Path, tmp_path: Path
) -> None:
    for none in ("photos_at_once", "words_at_once"):
        async with running(published, tmp_path, bounds=replace(Bounds(), **{none: 0})) as web:
            busy, free = await web.recognize(RED), await web.get("/v1/search?q=red")
        if none == "words_at_once":
            busy, free = free, busy
        problem(busy, 503)
        assert int(busy.headers["Retry-After"]) > 0
        assert free.status_code == 200


async def test_nobody_is_sent_here_before_it_is_ready(published: Path, tmp_path: Path) -> None:
    about = AboutAnswer(log_retention_days=90, map=PLAIN_MAP)
    guide = CityGuide(published, ColourEmbedder(), limits=LIMITS)
    async with QueryLog.open(tmp_path / FILE_NAME) as log:
        app = build_app(guide, log, user_hash_key=b"key", about=about, bounds=Bounds())
        app.state.ready = False
        here = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=here, base_url="http://guide") as client:
            problem(await client.get("/readyz"), 503)
            assert (await client.get("/healthz")).status_code == 200
    guide.close()


async def test_words_are_answered_while_there_are_too_many_photos(
    published: Path, tmp_path: Path
) -> None:
    async with running(published, tmp_path, bounds=Bounds(photos_at_once=1)) as web:
        released = Event()
        for _ in range(2):  # both threads that decode
            web.guide._photos._decoding.submit(released.wait)
        first = asyncio.create_task(web.recognize(RED))
        async with asyncio.timeout(60):
            while "guide_web_answering 1" not in (await web.get("/metrics")).text:
                await asyncio.sleep(0.02)
        problem(await web.recognize(RED), 503)
        assert (await web.get("/v1/search?q=red")).status_code == 200
        released.set()
        assert (await first).status_code == 200


async def test_only_the_pages_named_may_ask_from_elsewhere(published: Path, tmp_path: Path) -> None:
    allowed = "Access-Control-Allow-Origin"
    async with running(published, tmp_path, cors_origins=["https://city.example"]) as web:
        friend = await web.get("/v1/places", headers={"Origin": "https://city.example"})
        stranger = await web.get("/v1/places", headers={"Origin": "https://evil.example"})
        asked = {
            "Origin": "https://city.example",
            "Access-Control-Request-Method": "DELETE",
            "Access-Control-Request-Headers": "X-API-Key",
        }
        assert (await web.client.options("/v1/queries", headers=asked)).status_code == 200
    assert friend.headers[allowed] == "https://city.example"
    assert "Retry-After" in friend.headers["Access-Control-Expose-Headers"]
    assert allowed not in stranger.headers


async def test_every_response_keeps_strangers_scripts_out(web: Web) -> None:
    for path in ("/", "/v1/places", "/nowhere"):
        headers = (await web.get(path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_images_may_come_from_where_map_tiles_are_and_only_then(
    web: Web, published: Path, tmp_path: Path
) -> None:
    def images(answer: httpx.Response) -> str:
        policy = answer.headers["Content-Security-Policy"]
        return next(part for part in policy.split("; ") if part.startswith("img-src"))

    assert images(await web.get("/")) == "img-src 'self' blob:"
    assert (await web.get("/v1/about")).json()["map"] == {"tiles": None, "attribution": ""}
    tiles = "https://{s}.tiles.example/{z}/{x}/{y}.png"
    async with running(
        published, tmp_path, drawn_on=MapAnswer(tiles=tiles, attribution="")
    ) as other:
        assert images(await other.get("/")) == "img-src 'self' blob: data: https://*.tiles.example"


def test_neighbours_in_one_network_of_ipv6_are_one_client() -> None:
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff") != client_of("2001:db9::1")
    assert client_of("::ffff:1.2.3.4") == client_of("1.2.3.4")


def test_who_comes_without_an_address_is_one_client_too() -> None:
    assert client_of("") == ""


def taken(limit: RateLimit, client: str, times: int) -> int:
    """How many of so many requests are allowed."""
    allowed = 0
    for _ in range(times):
        with suppress(HTTPException):
            limit.take(client)
            allowed += 1
    return allowed


def test_an_allowance_grows_back_up_to_a_minute_s_worth() -> None:
    now = 0.0
    limit = RateLimit(60, clock=lambda: now)
    assert taken(limit, "a", 99) == 60
    now = 1.0
    assert taken(limit, "a", 99) == 1
    assert taken(limit, "b", 1) == 1
    now = 1000.0
    assert taken(limit, "a", 99) == 60


def test_a_turn_that_is_over_leaves_nothing_of_the_client() -> None:
    turns = Turns(2, of_one=1)
    with turns.turn("a"), pytest.raises(HTTPException), turns.turn("a"):
        pass
    assert (turns.taken, len(turns._by_client)) == (0, 0)


def test_of_many_clients_those_that_asked_longest_ago_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("web.limits.MANY", 2)
    limit = RateLimit(2, clock=lambda: 0.0)
    for client in ("a", "b", "a", "c"):
        limit.take(client)
    assert taken(limit, "a", 2) == 0
    assert taken(limit, "b", 2) == 2
