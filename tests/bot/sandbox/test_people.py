"""What people do, and what of it the bot gets to see."""

import asyncio
from typing import Any

import pytest

from bot.sandbox import people
from bot.sandbox.people import Attachment, Person
from bot.sandbox.refusals import Refused
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.conftest import BotClient, Refusal, jpeg

BOT = "@city_guide_bot"
KEYS = {"inline_keyboard": [[{"text": "more", "callback_data": "more 1"}]]}


async def test_the_bot_learns_who_speaks_which_language(bot: BotClient, sandbox: Sandbox) -> None:
    german = sandbox.person("Jörg", language="de")
    await german.say("Hallo")
    message = (await bot.update())["message"]
    assert message["from"]["language_code"] == "de"
    assert message["chat"] == {
        "id": message["from"]["id"], "type": "private", "first_name": "Jörg",
    }  # fmt: skip
    german.speak(None)
    await german.say("?")
    assert "language_code" not in (await bot.update())["message"]["from"]


@pytest.mark.parametrize(
    "text",
    [f"{BOT} what is this?", f"what, {BOT.upper()}?", "/where", f"/where{BOT} now", "/where x"],
)
async def test_in_a_group_the_bot_sees_what_is_meant_for_it(
    bot: BotClient, sandbox: Sandbox, ann: Person, text: str
) -> None:
    await ann.say(text, room=sandbox.telegram.group)
    message = (await bot.update())["message"]
    assert message["text"] == text
    assert message["chat"]["type"] == "supergroup"


@pytest.mark.parametrize(
    "text",
    ["hello", "/where@another_bot", f"{BOT}s", f"a{BOT}", "and/or", "@another_bot what is this?"],
)
async def test_in_a_group_privacy_mode_hides_the_rest(
    bot: BotClient, sandbox: Sandbox, ann: Person, text: str
) -> None:
    await ann.say(text, room=sandbox.telegram.group)
    await ann.say("the next")
    assert (await bot.update())["message"]["text"] == "the next"


async def test_a_hidden_photo_is_seen_through_a_reply_to_it(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    group = sandbox.telegram.group
    [shown] = await ann.send_photos([jpeg()], room=group)
    await ann.say(f"{BOT}?", room=group, reply_to=shown["message_id"])
    message = (await bot.update())["message"]
    assert message["reply_to_message"]["photo"] == shown["photo"]
    file = await bot("getFile", file_id=shown["photo"][-1]["file_id"])
    assert file["file_path"].startswith("photos/")


async def test_in_a_group_replies_to_the_bot_and_mentions_in_captions_are_seen(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    group = sandbox.telegram.group
    said = await bot("sendMessage", chat_id=group.chat_id, text="hi")
    await ann.say("thanks", room=group, reply_to=said["message_id"])
    assert (await bot.update())["message"]["text"] == "thanks"
    await ann.send_photos([jpeg(), jpeg()], f"{BOT}?", room=group)
    assert (await bot.update())["message"]["caption"] == f"{BOT}?"
    assert await bot("getUpdates") == [], "of an album only the captioned photo comes"


async def test_an_album_comes_as_messages_of_one_group_captioned_once(
    bot: BotClient, ann: Person
) -> None:
    await ann.send_photos([jpeg("red"), jpeg("blue")], "both")
    first, second = (await bot.update())["message"], (await bot.update())["message"]
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], second.get("caption")) == ("both", None)
    with pytest.raises(Refused):
        await ann.send_photos([jpeg()] * 11)


async def test_a_file_comes_as_it_is_with_its_name_and_type(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    await ann.send_files([Attachment(b"anything", "../notes.txt", "text/plain")])
    document = (await bot.update())["message"]["document"]
    assert (document["file_name"], document["mime_type"]) == ("notes.txt", "text/plain")
    await ann.send_files([Attachment(b"anything")])
    assert "file_name" not in (await bot.update())["message"]["document"]
    file = await bot("getFile", file_id=document["file_id"])
    kept = sandbox.telegram.files.find(file["file_path"])
    assert kept is not None
    assert kept.read() == b"anything"


async def test_a_file_above_20_mb_is_not_handed_over(bot: BotClient, ann: Person) -> None:
    await ann.send_files([Attachment(b"x" * (20 * 1024 * 1024 + 1), "a.png", "image/png")])
    document = (await bot.update())["message"]["document"]
    with pytest.raises(Refusal, match="file is too big"):
        await bot("getFile", file_id=document["file_id"])


async def test_a_live_location_moves(bot: BotClient, ann: Person) -> None:
    sent = await ann.send_location(56.3, 44.0, live=True)
    assert (await bot.update())["message"]["location"]["live_period"] == 3600
    await ann.move(sent["message_id"], 56.4, 44.1)
    edited = (await bot.update())["edited_message"]
    assert edited["message_id"] == sent["message_id"]
    assert edited["location"]["latitude"] == 56.4
    still = await ann.send_location(56.3, 44.0)
    with pytest.raises(Refused):
        await ann.move(still["message_id"], 56.4, 44.1)


async def test_a_pressed_button_waits_for_the_bots_answer(bot: BotClient, ann: Person) -> None:
    sent = await bot("sendMessage", chat_id=ann.room.chat_id, text="x", reply_markup=KEYS)
    pressing = asyncio.create_task(ann.press(sent["message_id"]))
    query = (await bot.update())["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("more 1", sent["message_id"])
    with pytest.raises(Refusal, match="MESSAGE_TOO_LONG"):
        await bot("answerCallbackQuery", callback_query_id=query["id"], text="x" * 201)
    await bot("answerCallbackQuery", callback_query_id=query["id"], text="T" * 200)
    assert await pressing == {"text": "T" * 200, "show_alert": False, "url": ""}
    with pytest.raises(Refusal, match="query is too old"):
        await bot("answerCallbackQuery", callback_query_id=query["id"])


async def test_a_late_answer_to_a_button_is_refused(
    bot: BotClient, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "CALLBACK_ANSWER_WITHIN_S", 0)
    sent = await bot("sendMessage", chat_id=ann.room.chat_id, text="x", reply_markup=KEYS)
    assert await ann.press(sent["message_id"]) is None
    query = (await bot.update())["callback_query"]
    with pytest.raises(Refusal, match="query is too old"):
        await bot("answerCallbackQuery", callback_query_id=query["id"])


@pytest.mark.parametrize("place", [{"row": 1}, {"column": 1}, {"row": -1}])
async def test_a_button_that_is_not_there_cannot_be_pressed(
    bot: BotClient, ann: Person, place: dict[str, Any]
) -> None:
    sent = await bot("sendMessage", chat_id=ann.room.chat_id, text="x", reply_markup=KEYS)
    with pytest.raises(Refused):
        await ann.press(sent["message_id"], **place)
