"""The chat page's own part of the server."""

import asyncio
import json
import logging
import re
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.errors import PortTaken
from bot.sandbox import page
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.conftest import BotClient, jpeg


@asynccontextmanager
async def news(http: aiohttp.ClientSession, sandbox: Sandbox) -> AsyncIterator[Any]:
    """A function that gives the next event of the page: kind and content."""
    async with http.get(f"{sandbox.url}/events") as response:

        async def following() -> tuple[str, Any]:
            async with asyncio.timeout(30):
                lines = (await response.content.readuntil(b"\n\n")).decode().strip().split("\n")
            kind, data = (line.partition(": ")[2] for line in lines)
            return kind, json.loads(data)

        yield following


async def test_a_page_closed_before_it_hears_of_anything_is_no_error(
    http: aiohttp.ClientSession, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = sandbox.url.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as page_closed:
            page_closed.sendall(f"GET /events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            # closed with a reset, as a browser does that still has something to read
            page_closed.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    async with http.get(sandbox.url) as response:  # comes after them
        assert response.status == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_the_page_loads_nothing_from_anywhere_else(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    async with http.get(sandbox.url) as response:
        html = await response.text()
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert 'lang="en"' in html
    sources = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert sources
    for source in sources:
        async with http.get(f"{sandbox.url}{source}") as response:
            assert response.status == 200, source
    for name in page.PAGES:
        text = await asyncio.to_thread((page.STATIC / name).read_text)
        assert not re.findall(r"(?:@import|url\(|from \")\s*[\"']?https?:", text)
    async with http.get(f"{sandbox.url}/page/../page.py") as response:
        assert response.status == 404


async def test_every_word_is_there_in_every_language(sandbox: Sandbox) -> None:
    texts = {name: await asyncio.to_thread((page.STATIC / name).read_text) for name in page.PAGES}
    blocks = re.findall(r"^  (\w\w): \{\n(.*?)^  \},", texts["words.js"], re.M | re.S)
    known = {language: set(re.findall(r"^    (\w+):", block, re.M)) for language, block in blocks}
    assert set(known) == {"en", "ru"}
    assert known["en"] == known["ru"]
    used = set(re.findall(r'data-(?:word|label|placeholder)="(\w+)"', texts["index.html"]))
    for name, text in texts.items():
        if name.endswith(".js"):
            used |= set(re.findall(r'\bsay\("(\w+)"', text))
    assert used <= known["en"]


async def test_news_begin_with_everything_and_go_on_with_what_happens(
    http: aiohttp.ClientSession, sandbox: Sandbox, bot: BotClient
) -> None:
    await sandbox.you.say("/start")
    async with news(http, sandbox) as following:
        kind, state = await following()
        assert kind == "state"
        private, group = state["rooms"]
        assert [message["text"] for message in private["messages"]] == ["/start"]
        assert group["chat"]["type"] == "supergroup"
        stranger = sandbox.person("Stranger")
        await stranger.say("not shown on the page")
        chat_id = sandbox.you.room.chat_id
        await bot("sendChatAction", chat_id=chat_id, action="typing")
        assert await following() == ("action", {"chat_id": chat_id, "action": "typing"})
        assert (await following())[0] == "call"
        sent = await bot("sendMessage", chat_id=chat_id, text="hello")
        assert await following() == ("message", sent)
        kind, call = await following()
        assert (kind, call["method"], call["status"]) == ("call", "sendMessage", 200)


async def test_what_the_bot_does_not_see_in_the_group_is_marked(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    async with news(http, sandbox) as following:
        await following()
        for text, unseen in [("hello", True), ("/where", None)]:
            await sandbox.you.say(text, room=sandbox.telegram.group)
            _, message = await following()
            assert message.get("unseen") is unseen


async def test_a_subscriber_who_does_not_keep_up_is_let_go(sandbox: Sandbox) -> None:
    with sandbox.telegram.feed.subscribe(backlog=2) as queue:
        for number in range(3):
            sandbox.telegram.feed.publish("action", {"number": number})
        assert await queue.get() is None


async def test_the_person_sends_photos_files_and_words_in_one_form(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    you = sandbox.you

    async def send(as_files: bool) -> None:
        form = aiohttp.FormData({"chat_id": str(you.room.chat_id), "text": "look"})
        form.add_field("as_files", "true" if as_files else "false")
        form.add_field("file0", jpeg(), filename="a.jpg", content_type="image/jpeg")
        async with http.post(f"{sandbox.url}/do/send", data=form) as response:
            assert response.status == 200

    await send(as_files=False)
    await send(as_files=True)
    photo, document = you.room.messages.values()
    assert (photo["caption"], len(photo["photo"])) == ("look", 2)
    assert document["document"]["file_name"] == "a.jpg"
    for file, kind in ((photo["photo"][-1], "image/jpeg"), (document["document"], "image/jpeg")):
        async with http.get(f"{sandbox.url}/files/{file['file_unique_id']}") as response:
            assert (response.status, response.content_type) == (200, kind)
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_sent_file_never_runs_in_the_page(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    files = sandbox.telegram.files
    hostile = files.add_document(b"<script>alert(1)</script>", name="a.html", mime="text/html")
    async with http.get(f"{sandbox.url}/files/{hostile['file_unique_id']}") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment"


@pytest.mark.parametrize(
    ("action", "fields", "status"),
    [
        ("send", {"text": "   "}, 400),
        ("send", {"text": "x" * 4097}, 400),
        ("send", {"text": "x", "chat_id": "1"}, 400),
        ("location", {"latitude": "91", "longitude": "0"}, 400),
        ("press", {"message_id": "9", "row": "0", "column": "0"}, 400),
        ("pick", {"query_id": "9", "result_id": "1"}, 400),
        ("fly", {}, 404),
    ],
)
async def test_what_telegram_would_refuse_is_refused_with_a_reason(
    http: aiohttp.ClientSession, sandbox: Sandbox, action: str, fields: Any, status: int
) -> None:
    form = {"chat_id": str(sandbox.you.room.chat_id), **fields}
    async with http.post(f"{sandbox.url}/do/{action}", data=form) as response:
        assert response.status == status
        if status == 400:
            assert (await response.json())["description"]


async def test_other_sites_in_the_same_browser_have_no_say(
    http: aiohttp.ClientSession, sandbox: Sandbox
) -> None:
    form = {"chat_id": str(sandbox.you.room.chat_id), "text": "x"}
    foreign = {"Origin": "https://example.org"}
    async with http.post(f"{sandbox.url}/do/send", data=form, headers=foreign) as response:
        assert response.status == 403
    async with http.post(
        f"{sandbox.url}/do/send", data=form, headers={"Origin": sandbox.url}
    ) as response:
        assert response.status == 200
    for host in ("example.org", "example.org:8081", "127.0.0.1.example.org:80"):
        async with http.get(sandbox.url, headers={"Host": host}) as response:
            assert response.status == 403


async def test_any_address_of_this_machine_will_do(http: aiohttp.ClientSession) -> None:
    async with Sandbox(host="127.0.0.2") as sandbox:
        assert sandbox.local
        async with http.get(sandbox.url) as response:
            assert response.status == 200


async def test_a_port_that_is_taken_is_one_clear_error() -> None:
    async with Sandbox() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(PortTaken, match="--sandbox-port"):
            async with Sandbox(port=port):
                pass


async def test_the_server_listens_on_loopback_alone(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")
