"""A tourist's walk through all the bot can do: real guide, real HTTP, a strict local Telegram."""

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from PIL import Image

from bot.app import build_bot, build_dispatcher
from bot.file_ids import FileIds
from bot.locales.en import EN
from bot.sandbox.people import Attachment, Person
from bot.sandbox.server import Sandbox
from core.embedders import Embedder
from core.guide import CityGuide
from core.querylog import QueryLog
from offline.sources.demo import demo_places, demo_query
from tests.conftest import LIMITS

LIGHTHOUSE = next(place for place in demo_places() if place.place_id == "demo-lighthouse")
WITHIN_S = 60
Message = dict[str, Any]


@pytest.fixture
async def sandbox(demo_data: Path, bundled: Embedder, tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A local Telegram with a bot that serves the demo city."""
    guide = CityGuide(demo_data, bundled, limits=LIMITS)
    log_file = tmp_path / "guide.sqlite3"
    async with (
        Sandbox() as sandbox,
        QueryLog.open(log_file) as query_log,
        FileIds.open(log_file, 1) as file_ids,
    ):
        session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.url))
        dispatcher = build_dispatcher(
            guide, query_log, file_ids, user_hash_key=b"key", max_photo_mb=20, album_quiet_s=0.3
        )
        async with build_bot(sandbox.token, session) as bot:
            polling = asyncio.create_task(
                dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False)
            )
            try:
                yield sandbox
            finally:
                await dispatcher.stop_polling()
                await polling
    guide.close()


class Tourist:
    """A person who waits for the bot's answers."""

    def __init__(self, person: Person, sandbox: Sandbox) -> None:
        self.person = person
        self._bot_id = sandbox.telegram.bot["id"]
        self._rooms = sandbox.telegram.rooms
        self._seen = 0

    async def gets(self, count: int, *, room: Any = None) -> list[Message]:
        """The next ``count`` messages of the bot, and no more of them."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                messages = (room or self.person.room).messages
                sent = [
                    message
                    for number, message in sorted(messages.items())
                    if number > self._seen and message["from"]["id"] == self._bot_id
                ]
                if len(sent) >= count:
                    break
                await asyncio.sleep(0.02)
        assert len(sent) == count, [said(message) for message in sent]
        self._seen = sent[-1]["message_id"]
        return sent

    async def presses(self, message: Message, label: str) -> dict[str, Any]:
        """Press a button by its text, as the message is now; the toast or alert."""
        message = self._rooms[message["chat"]["id"]].messages[message["message_id"]]
        for row, buttons in enumerate(message["reply_markup"]["inline_keyboard"]):
            for column, button in enumerate(buttons):
                if button["text"] == label:
                    answer = await self.person.press(message["message_id"], row, column)
                    assert answer is not None, "the button spins on"
                    return answer
        raise AssertionError(f"no button {label!r}")


def said(message: Message) -> str:
    return str(message.get("text", message.get("caption", "")))


async def test_a_walk_in_private(sandbox: Sandbox) -> None:
    ann = Tourist(sandbox.person("Anna", language="ru"), sandbox)
    await ann.person.send_photos([demo_query(LIGHTHOUSE.place_id)])
    answer, *album = await ann.gets(6)
    assert said(answer).startswith(f"{LIGHTHOUSE.name} — ")
    assert all("photo" in message for message in album)

    assert (await ann.presses(answer, "✅ Это оно"))["text"] == "Спасибо! Рад, что узнал."
    await ann.presses(answer, "🗺 На карте")
    [venue] = await ann.gets(1)
    assert venue["venue"]["title"] == LIGHTHOUSE.name
    await ann.presses(answer, LIGHTHOUSE.name)
    [card] = await ann.gets(1)
    assert LIGHTHOUSE.description_in("ru") in said(card)
    assert LIGHTHOUSE.description_in("en") not in said(card)
    await ann.presses(card, "🖼 Ещё фото")
    assert len(await ann.gets(4)) == 4
    await ann.presses(card, "📍 Рядом")
    [near] = await ann.gets(1)
    assert said(near).startswith(f"Рядом с местом «{LIGHTHOUSE.name}»:\n•")

    assert LIGHTHOUSE.point is not None
    await ann.person.send_location(LIGHTHOUSE.point.lat + 0.001, LIGHTHOUSE.point.lon)
    [kept] = await ann.gets(1)
    assert f"• {LIGHTHOUSE.name} — 110 м" in said(kept)

    await ann.person.say("башня")
    *_, below = await ann.gets(6)
    await ann.presses(below, "Ещё ▸")
    *more, _ = await ann.gets(6)
    assert len({message["photo"][-1]["file_unique_id"] for message in more}) == 5

    await ann.person.say("/language")
    [question] = await ann.gets(1)
    await ann.presses(question, "English")
    [confirmed] = await ann.gets(1)
    assert "English" in said(confirmed)
    menu = sandbox.telegram.menu(ann.person.room, "ru")
    assert {each["command"]: each["description"] for each in menu} == EN.commands
    await ann.person.say("/forget")
    [forgotten] = await ann.gets(1)
    assert "your questions (2)" in said(forgotten)
    assert sandbox.telegram.menu(ann.person.room, "ru") == [], "no menu of the chat's own"
    alert = await ann.presses(below, "Ещё ▸")
    assert alert["show_alert"]


async def test_an_album_and_a_spoofed_file_are_answered_once_each(sandbox: Sandbox) -> None:
    ann = Tourist(sandbox.person("Ann", language="en"), sandbox)
    picture = demo_query(LIGHTHOUSE.place_id)
    await ann.person.send_photos([picture] * 3)
    answer, *_ = await ann.gets(6)
    assert said(answer).startswith(LIGHTHOUSE.name_en)
    webp = BytesIO()
    Image.open(BytesIO(picture)).save(webp, "WEBP")
    spoofed = Attachment(webp.getvalue(), name="report.pdf", mime="application/pdf")
    await ann.person.send_files([spoofed])
    answer, *_ = await ann.gets(6)
    assert said(answer).startswith(LIGHTHOUSE.name_en)


async def test_a_question_in_a_group(sandbox: Sandbox) -> None:
    group = sandbox.telegram.group
    bob = Tourist(sandbox.person("Bob", language="en"), sandbox)
    [photo] = await bob.person.send_photos([demo_query(LIGHTHOUSE.place_id)], room=group)
    where = f"/where@{sandbox.telegram.bot['username']}"
    await bob.person.say(where, room=group, reply_to=photo["message_id"])
    [answer] = await bob.gets(1, room=group)
    assert "photo" in answer
    assert said(answer).startswith(LIGHTHOUSE.name_en)
    await bob.presses(answer, "🖼 More photos")
    [first] = await bob.gets(1, room=group)
    assert "Photo 1 of" in said(first)
