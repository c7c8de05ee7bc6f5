"""What a person can do in the local Telegram."""

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from bot.sandbox.inline import Answer
from bot.sandbox.keyboards import button_at
from bot.sandbox.markup import MAX_CAPTION, MAX_TEXT, Formatted, utf16_length, with_detected
from bot.sandbox.refusals import bad_request
from bot.sandbox.telegram import Message, Room, Telegram

CALLBACK_ANSWER_WITHIN_S = 15
MIN_ALBUM, MAX_ALBUM = 2, 10
HOUR_S = 3600

_user_ids = count(500_001)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file a person sends."""

    content: bytes
    name: str = ""
    mime: str = ""


class Person:
    """One person; unless another chat is named, they talk to the bot in private."""

    def __init__(self, telegram: Telegram, name: str, *, language: str | None) -> None:
        self._telegram = telegram
        self.user: dict[str, Any] = {
            "id": next(_user_ids),
            "is_bot": False,
            "first_name": name,
        }
        self.speak(language)
        self.room = telegram.open_private(self.user)

    def speak(self, language: str | None) -> None:
        """Change the language of the person's Telegram to an IETF tag; None if it tells none."""
        self.user.pop("language_code", None)
        if language:
            self.user["language_code"] = language

    async def say(
        self, text: str, *, room: Room | None = None, reply_to: int | None = None
    ) -> Message:
        """Write a text.

        Raises:
            Refused: it is empty or too long.
        """
        formatted = _plain(text, MAX_TEXT)
        if not formatted.text:
            raise bad_request("message text is empty")
        return self._send(formatted.as_fields("text"), room, reply_to)

    async def send_photos(
        self,
        photos: Sequence[bytes],
        caption: str = "",
        *,
        room: Room | None = None,
        reply_to: int | None = None,
    ) -> list[Message]:
        """Send photos; several are an album, and the caption belongs to its first.

        Raises:
            Refused: one is no picture, there are too many, or the caption is too long.
        """
        said = _plain(caption, MAX_CAPTION).as_fields("caption")
        store = self._telegram.files
        contents = [{"photo": await store.add_photo(photo, from_bot=False)} for photo in photos]
        return self._send_all(contents, said, room, reply_to)

    async def send_files(
        self,
        files: Sequence[Attachment],
        caption: str = "",
        *,
        room: Room | None = None,
        reply_to: int | None = None,
    ) -> list[Message]:
        """Send files as they are, not as photos; several are an album."""
        said = _plain(caption, MAX_CAPTION).as_fields("caption")
        store = self._telegram.files
        contents = [
            {"document": store.add_document(file.content, name=file.name, mime=file.mime)}
            for file in files
        ]
        return self._send_all(contents, said, room, reply_to)

    async def send_content(
        self, content: Mapping[str, Any], *, room: Room | None = None, reply_to: int | None = None
    ) -> Message:
        """Send anything else, such as a sticker, by the fields of its message."""
        return self._send(content, room, reply_to)

    async def send_location(
        self,
        latitude: float,
        longitude: float,
        *,
        live: bool = False,
        room: Room | None = None,
        reply_to: int | None = None,
    ) -> Message:
        """Share a position, for an hour if live."""
        location: dict[str, Any] = {"latitude": latitude, "longitude": longitude}
        if live:
            location["live_period"] = HOUR_S
        return self._send({"location": location}, room, reply_to)

    async def move(self, message_id: int, latitude: float, longitude: float) -> Message:
        """Be somewhere else while sharing a live location.

        Raises:
            Refused: the message is no live location of this person.
        """
        room, message = self._find(message_id)
        mine = message.get("from", {}).get("id") == self.user["id"]
        if not mine or "live_period" not in message.get("location", {}):
            raise bad_request("message can't be edited")
        location = message["location"] | {"latitude": latitude, "longitude": longitude}
        moved = self._telegram.edit(room, message, {"location": location})
        if self._reaches_bot(room, moved):
            self._telegram.updates.put("edited_message", _for_bot(moved))
        return moved

    async def press(self, message_id: int, row: int = 0, column: int = 0) -> dict[str, Any] | None:
        """Press an inline button.

        Returns:
            The bot's answer (text, show_alert, url), None when it gave none in time.

        Raises:
            Refused: there is no such button, or it does not ask the bot.
        """
        room, message = self._find(message_id)
        button = button_at(message.get("reply_markup", {}), row, column)
        if "callback_data" not in button:
            raise bad_request("BUTTON_DATA_INVALID")
        query = {
            "id": str(secrets.randbelow(10**18) + 10**17),
            "from": self.user,
            "chat_instance": str(room.chat_id),
            "data": button["callback_data"],
        }
        if inline_id := message.get("inline_message_id"):
            query["inline_message_id"] = inline_id
        else:
            query["message"] = _for_bot(message)
        waiting = self._telegram.callbacks
        answer = waiting[query["id"]] = asyncio.get_running_loop().create_future()
        try:
            self._telegram.updates.put("callback_query", query)
            await asyncio.wait({answer}, timeout=CALLBACK_ANSWER_WITHIN_S)
            return answer.result() if answer.done() else None
        finally:
            del waiting[query["id"]]

    async def ask_inline(
        self, query: str, offset: str = "", *, room: Room | None = None
    ) -> tuple[str, Answer | None]:
        """Type ``@bot query`` without sending it.

        Returns:
            The query's id and what the bot offers; None when it did not answer in time.
        """
        query = query[:256]
        inline = self._telegram.inline
        known = inline.cached(query, offset, self.user["id"])
        query_id = inline.open(query, self.user["id"])
        if known:
            inline.reopen(query_id, known)
            return query_id, known
        asked = {"id": query_id, "from": self.user, "query": query, "offset": offset}
        kind = (room or self.room).chat["type"]
        asked["chat_type"] = "sender" if kind == "private" else kind
        self._telegram.updates.put("inline_query", asked)
        return query_id, await inline.answered(query_id, offset)

    async def pick(self, query_id: str, result_id: str, *, room: Room | None = None) -> Message:
        """Send what the bot offered for an inline query.

        Raises:
            Refused: it offered no such thing, or its photo cannot be fetched.
        """
        query, offer = self._telegram.inline.picked(query_id, result_id)
        content = {**offer.message, "via_bot": self._telegram.bot}
        if offer.photo_url:
            content["photo"] = await self._telegram.files.photo_at(offer.photo_url)
        chosen = {"result_id": result_id, "from": self.user, "query": query}
        if "reply_markup" in content:
            content["inline_message_id"] = chosen["inline_message_id"] = secrets.token_urlsafe(20)
        message = self._send(content, room, None)
        self._telegram.updates.put("chosen_inline_result", chosen)
        return message

    def _send_all(
        self,
        contents: Sequence[Mapping[str, Any]],
        said: Mapping[str, Any],
        room: Room | None,
        reply_to: int | None,
    ) -> list[Message]:
        if not 1 <= len(contents) <= MAX_ALBUM:
            raise bad_request("an album has from 2 to 10 items")
        album = {"media_group_id": self._telegram.new_album_id()} if len(contents) > 1 else {}
        first, *rest = contents
        messages = [self._send({**first, **album, **said}, room, reply_to)]
        return messages + [self._send({**content, **album}, room, reply_to) for content in rest]

    def _send(self, content: Mapping[str, Any], room: Room | None, reply_to: int | None) -> Message:
        room = room or self.room
        quoted = self._telegram.quoted(room, reply_to) if reply_to is not None else None
        reply = {"reply_to_message": quoted} if quoted else {}
        room.started = True
        message = self._telegram.post(room, self.user, {**reply, **content})
        if self._reaches_bot(room, message):
            self._telegram.updates.put("message", _for_bot(message))
        return message

    def _find(self, message_id: int) -> tuple[Room, Message]:
        """A message in one of the chats this person is in."""
        for room in (self.room, self._telegram.group):
            if message := room.messages.get(message_id):
                return room, message
        raise bad_request("message not found")

    def _reaches_bot(self, room: Room, message: Message) -> bool:
        return not room.blocked and (room.private or meant_for(self._telegram.bot, message))


def meant_for(bot: Mapping[str, Any], message: Message) -> bool:
    """Whether a bot in privacy mode gets to see a message in a group.

    It sees commands unless they address another bot, mentions of itself, replies to its own
    messages, and what was sent through it.
    """
    via, reply = message.get("via_bot"), message.get("reply_to_message", {})
    if via == bot or reply.get("from") == bot:
        return True
    text = message.get("text") or message.get("caption") or ""
    if command := re.match(r"/[A-Za-z0-9_]+(?:@(\w+))?", text):
        return command.group(1) in {None, bot["username"]}
    mention = rf"(?<![\w@])@{re.escape(bot['username'])}(?!\w)"
    return re.search(mention, text, re.IGNORECASE) is not None


def _plain(text: str, limit: int) -> Formatted:
    text = text.strip()
    if utf16_length(text) > limit:
        raise bad_request("message is too long")
    return Formatted(text, with_detected(Formatted(text)))


def _for_bot(message: Message) -> Message:
    """A message as its update shows it: ids of inline messages are told elsewhere."""
    return {name: value for name, value in message.items() if name != "inline_message_id"}
