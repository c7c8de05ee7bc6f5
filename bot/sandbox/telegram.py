"""What the local Telegram remembers: people, chats, messages, files and what the bot has set."""

import asyncio
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.sandbox.faults import Faults, FloodGate, FloodLimits
from bot.sandbox.feed import Feed
from bot.sandbox.files import FileStore
from bot.sandbox.inline import InlineQueries
from bot.sandbox.refusals import Refused, bad_request
from bot.sandbox.updates import Updates

MAX_MESSAGES = 500  # remembered of one chat
MAX_CALLS = 500
BOT_NAME, BOT_USERNAME = "City guide", "city_guide_bot"
GROUP_ID, CHANNEL_ID = -1001000000001, -1001000000002

Message = dict[str, Any]  # as the Bot API describes it


@dataclass(slots=True)
class Room:
    """A chat with its messages."""

    chat: dict[str, Any]
    messages: OrderedDict[int, Message] = field(default_factory=OrderedDict)  # oldest first
    started: bool = False  # a bot may not write first
    blocked: bool = False  # the person has blocked the bot
    keyboard: dict[str, Any] | None = None  # shown instead of the person's own

    @property
    def chat_id(self) -> int:
        """Telegram's id; negative for groups and channels."""
        return int(self.chat["id"])

    @property
    def private(self) -> bool:
        """Whether it is between one person and the bot."""
        return bool(self.chat["type"] == "private")


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot and what became of it."""

    method: str
    fields: Mapping[str, Any]
    status: int  # 200 when it took effect, whether or not the answer arrived
    description: str  # why it did not
    result: Any  # None when it did not
    began: float  # monotonic seconds
    took_ms: float


class Telegram:
    """What it has to keep on disk it keeps while ``files`` are open; a stop forgets everything."""

    def __init__(self, *, limits: FloodLimits | None = None, calls: int = MAX_CALLS) -> None:
        bot_id = secrets.randbelow(9_000_000_000) + 1_000_000_000
        # another bot each time: file ids of an earlier sandbox must not pass for known ones
        self.token = f"{bot_id}:{secrets.token_urlsafe(26)}"
        self.bot = {
            "id": bot_id,
            "is_bot": True,
            "first_name": BOT_NAME,
            "username": BOT_USERNAME,
        }
        self.files = FileStore()
        self.updates = Updates()
        self.feed = Feed()
        self.faults = Faults()
        self.gate = FloodGate(limits)
        self.inline = InlineQueries()
        self.callbacks: dict[str, asyncio.Future[dict[str, Any]]] = {}  # waiting for an answer
        self.menus: dict[tuple[str, str], list[dict[str, str]]] = {}  # (scope, language)
        self.profile: dict[tuple[str, str], str] = {}  # (field, language) -> text
        self.calls: deque[Call] = deque(maxlen=calls)
        self.rooms: dict[int, Room] = {}
        self.group = self._open(
            {"id": GROUP_ID, "type": "supergroup", "title": "Walk on Saturday"}, started=True
        )
        self.channel = self._open(
            {"id": CHANNEL_ID, "type": "channel", "title": "Storage"}, started=True
        )
        self._numbers = count(1)

    def open_private(self, user: Mapping[str, Any]) -> Room:
        """The chat of a person with the bot."""
        if room := self.rooms.get(user["id"]):
            return room
        names = {k: user[k] for k in ("first_name", "last_name", "username") if k in user}
        return self._open({"id": user["id"], "type": "private", **names}, started=False)

    def room_for_bot(self, chat_id: str) -> Room:
        """The chat a bot wants to write to.

        Raises:
            Refused: there is none, its person has not written yet or has blocked the bot.
        """
        try:
            room = self.rooms[int(chat_id)]
        except (KeyError, ValueError) as error:
            raise bad_request("chat not found" if chat_id else "chat_id is empty") from error
        if room.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if not room.started:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        return room

    def post(self, room: Room, sender: Mapping[str, Any], content: Mapping[str, Any]) -> Message:
        """Put a new message into a chat, for everybody there to see."""
        number = next(self._numbers)
        message = {"message_id": number, "date": int(time.time()), "chat": room.chat}
        if room is self.channel:
            message["sender_chat"] = room.chat
        else:
            message["from"] = dict(sender)
        message |= content
        room.messages[number] = message
        if len(room.messages) > MAX_MESSAGES:
            room.messages.popitem(last=False)
        self.feed.publish("message", message)
        return message

    def edit(self, room: Room, message: Message, changes: Mapping[str, Any]) -> Message:
        """Change a message; a field set to None goes away."""
        changed = {k: v for k, v in {**message, **changes}.items() if v is not None}
        if changes.keys() != {"reply_markup"}:  # other buttons alone do not count
            changed["edit_date"] = int(time.time())
        room.messages[message["message_id"]] = changed
        self.feed.publish("edited", changed)
        return changed

    def delete(self, room: Room, message_id: int) -> None:
        """Take a message away from everybody."""
        del room.messages[message_id]
        gone = {"chat_id": room.chat_id, "message_id": message_id}
        self.feed.publish("deleted", gone)

    def quoted(self, room: Room, message_id: int) -> Message | None:
        """A message as a reply to it shows it, without what it replied to itself."""
        message = room.messages.get(message_id)
        return message and {k: v for k, v in message.items() if k != "reply_to_message"}

    def menu(self, room: Room, language: str) -> list[dict[str, str]]:
        """The commands the bot offers in a chat to a reader of ``language``, an IETF tag."""
        scopes = "all_private_chats" if room.private else "all_group_chats"
        short, _, _ = language.partition("-")
        for scope in (f"chat {room.chat_id}", scopes, "default"):
            for code in (short, ""):
                if menu := self.menus.get((scope, code)):
                    return menu
        return []

    def new_album_id(self) -> str:
        """What the messages of one album have in common."""
        return str(secrets.randbelow(10**17) + 10**16)

    def record(self, call: Call) -> None:
        """Note a request of the bot."""
        self.calls.append(call)
        self.feed.publish("call", call)

    def _open(self, chat: dict[str, Any], *, started: bool) -> Room:
        room = self.rooms[chat["id"]] = Room(chat, started=started)
        return room
