"""What a bot changes or takes back."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.keyboards import inline_only, read_markup
from bot.sandbox.markup import MAX_CAPTION, MAX_TEXT, read_formatted
from bot.sandbox.methods.sending import read_photo
from bot.sandbox.params import Params
from bot.sandbox.refusals import bad_request
from bot.sandbox.telegram import Message, Room, Telegram

MAX_DELETED = 100


async def edit_text(telegram: Telegram, params: Params) -> Message | bool:
    """Another text for a message of text."""
    room, message = _own_message(telegram, params)
    text = read_formatted(params, "text", MAX_TEXT)
    if not text.text:
        raise bad_request("message text is empty")
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    changes = {"text": text.text, "entities": text.entities or None}
    return _apply(telegram, room, message, changes | _markup(params))


async def edit_caption(telegram: Telegram, params: Params) -> Message | bool:
    """Another caption for a photo or a file."""
    room, message = _own_message(telegram, params)
    caption = read_formatted(params, "caption", MAX_CAPTION)
    if "photo" not in message and "document" not in message:
        raise bad_request("there is no caption in the message to edit")
    changes = {"caption": caption.text or None, "caption_entities": caption.entities or None}
    return _apply(telegram, room, message, changes | _markup(params))


async def edit_media(telegram: Telegram, params: Params) -> Message | bool:
    """Another photo with another caption, in place of what a message shows."""
    room, message = _own_message(telegram, params)
    media = params.nested(params.json("media", {}))
    if media.text("type") != "photo":
        raise bad_request("can't parse media: only photos can be put in here")
    if "location" in message or "document" in message:
        raise bad_request("message can't be edited")
    content = await read_photo(telegram, media, "media")
    nothing = dict.fromkeys(("text", "entities", "caption", "caption_entities"))
    return _apply(telegram, room, message, nothing | content | _markup(params))


async def edit_reply_markup(telegram: Telegram, params: Params) -> Message | bool:
    """Other buttons, or none."""
    room, message = _own_message(telegram, params)
    return _apply(telegram, room, message, _markup(params))


async def delete_message(telegram: Telegram, params: Params) -> bool:
    """Take back a message; of other people only in private."""
    room = telegram.room_for_bot(params.text("chat_id"))
    _delete(telegram, room, params.integer("message_id"))
    return True


async def delete_messages(telegram: Telegram, params: Params) -> bool:
    """Take back up to 100 messages; those that are gone already do not matter."""
    room = telegram.room_for_bot(params.text("chat_id"))
    numbers = params.items("message_ids")
    if not 1 <= len(numbers) <= MAX_DELETED:
        raise bad_request("wrong number of messages to delete")
    for number in numbers:
        if number in room.messages:
            _delete(telegram, room, number)
    return True


def _delete(telegram: Telegram, room: Room, message_id: int) -> None:
    message = room.messages.get(message_id)
    if message is None:
        raise bad_request("message to delete not found")
    own = message.get("from") == telegram.bot or "sender_chat" in message
    if not own and not room.private:
        raise bad_request("message can't be deleted")
    telegram.delete(room, message_id)


def _own_message(telegram: Telegram, params: Params) -> tuple[Room, Message]:
    """The bot's message to be changed: by chat and number, or one sent inline."""
    if inline_id := params.text("inline_message_id"):
        for room in telegram.rooms.values():
            for message in room.messages.values():
                if message.get("inline_message_id") == inline_id:
                    return room, message
        raise bad_request("MESSAGE_ID_INVALID")
    room = telegram.room_for_bot(params.text("chat_id"))
    found = room.messages.get(params.integer("message_id"))
    if found is None:
        raise bad_request("message to edit not found")
    if found.get("from") != telegram.bot and "sender_chat" not in found:
        raise bad_request("message can't be edited")
    return room, found


def _markup(params: Params) -> dict[str, Any]:
    return {"reply_markup": inline_only(read_markup(params))}


def _apply(
    telegram: Telegram, room: Room, message: Message, changes: Mapping[str, Any]
) -> Message | bool:
    if changes.get("reply_markup") and "media_group_id" in message:
        raise bad_request("message can't be edited")
    if all(message.get(name) == value for name, value in changes.items()):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    edited = telegram.edit(room, message, changes)
    return True if "inline_message_id" in message else edited  # the bot does not see the latter
