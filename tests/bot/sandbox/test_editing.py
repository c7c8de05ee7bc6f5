"""What a bot changes, and what it must not."""

import pytest

from bot.sandbox.people import Person
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.conftest import BotClient, Refusal, jpeg

KEYS = {"inline_keyboard": [[{"text": "more", "callback_data": "more"}]]}


async def test_a_text_and_its_buttons_can_be_changed(bot: BotClient, ann: Person) -> None:
    sent = await bot("sendMessage", chat_id=ann.room.chat_id, text="a", reply_markup=KEYS)
    there = {"chat_id": ann.room.chat_id, "message_id": sent["message_id"]}
    edited = await bot("editMessageText", **there, text="<i>b</i>", parse_mode="HTML")
    assert (edited["text"], edited["entities"][0]["type"]) == ("b", "italic")
    assert "reply_markup" not in edited, "buttons not named again are gone"
    edited = await bot("editMessageReplyMarkup", **there, reply_markup=KEYS)
    assert (edited["text"], edited["reply_markup"]) == ("b", KEYS)
    assert ann.room.messages[sent["message_id"]] == edited


async def test_a_change_that_changes_nothing_is_refused(bot: BotClient, ann: Person) -> None:
    sent = await bot("sendMessage", chat_id=ann.room.chat_id, text="a", reply_markup=KEYS)
    there = {"chat_id": ann.room.chat_id, "message_id": sent["message_id"]}
    with pytest.raises(Refusal, match="message is not modified"):
        await bot("editMessageText", **there, text="a", reply_markup=KEYS)
    with pytest.raises(Refusal, match="message is not modified"):
        await bot("editMessageReplyMarkup", **there, reply_markup=KEYS)


async def test_a_photo_can_be_replaced(bot: BotClient, ann: Person) -> None:
    chat_id = ann.room.chat_id
    sent = await bot("sendPhoto", chat_id=chat_id, photo=jpeg(), caption="old")
    there = {"chat_id": chat_id, "message_id": sent["message_id"]}
    media = {"type": "photo", "media": "attach://a", "caption": "new"}
    edited = await bot("editMessageMedia", **there, media=media, a=jpeg("blue", (32, 32)))
    assert (edited["caption"], edited["photo"][-1]["width"]) == ("new", 32)
    edited = await bot("editMessageCaption", **there, caption="newer")
    assert edited["caption"] == "newer"
    with pytest.raises(Refusal, match="no text in the message"):
        await bot("editMessageText", **there, text="x")


async def test_only_own_messages_that_are_there_can_be_changed(bot: BotClient, ann: Person) -> None:
    chat_id, [asked] = ann.room.chat_id, ann.room.messages
    with pytest.raises(Refusal, match="can't be edited"):
        await bot("editMessageText", chat_id=chat_id, message_id=asked, text="x")
    with pytest.raises(Refusal, match="message to edit not found"):
        await bot("editMessageText", chat_id=chat_id, message_id=999_999, text="x")


async def test_an_album_gets_no_buttons(bot: BotClient, ann: Person) -> None:
    media = [{"type": "photo", "media": "attach://a"}] * 2
    first, _ = await bot("sendMediaGroup", chat_id=ann.room.chat_id, media=media, a=jpeg())
    there = {"chat_id": ann.room.chat_id, "message_id": first["message_id"]}
    with pytest.raises(Refusal, match="can't be edited"):
        await bot("editMessageReplyMarkup", **there, reply_markup=KEYS)


async def test_a_message_can_be_deleted_once_and_in_a_group_only_ones_own(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    group = sandbox.telegram.group
    own = await bot("sendMessage", chat_id=group.chat_id, text="x")
    there = {"chat_id": group.chat_id, "message_id": own["message_id"]}
    assert await bot("deleteMessage", **there) is True
    with pytest.raises(Refusal, match="message to delete not found"):
        await bot("deleteMessage", **there)
    said = await ann.say("hello", room=group)
    with pytest.raises(Refusal, match="can't be deleted"):
        await bot("deleteMessage", chat_id=group.chat_id, message_id=said["message_id"])
    [asked] = ann.room.messages
    assert await bot("deleteMessages", chat_id=ann.room.chat_id, message_ids=[asked, 999_999])
    assert not ann.room.messages
