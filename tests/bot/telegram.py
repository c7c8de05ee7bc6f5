"""Telegram in memory: records what the bot requests and answers as Telegram would."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import (
    AnswerCallbackQuery,
    GetFile,
    GetMe,
    GetUpdates,
    SendChatAction,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendVenue,
    TelegramMethod,
)
from aiogram.types import (
    Chat,
    File,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    PhotoSize,
    Update,
    User,
)

from bot.pacing import Pacer

TOKEN = "42:SECRET-of-the-bot"
BOT_USER = User(id=42, is_bot=True, first_name="Guide", username="guide_bot")
SENDS = (SendMessage, SendPhoto, SendMediaGroup, SendVenue)

numbers = count(1)


_step = asyncio.sleep  # in whose place a test may put that of a `QuickTime`


class QuickTime:
    """A clock on which waits, listed in ``waits``, go by as soon as nobody has anything to do."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self._alarms: list[float] = []  # when those who wait go on

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        alarm = self.now + seconds
        self._alarms.append(alarm)
        try:
            while self.now < alarm:
                for _ in range(10):  # steps in which others may come to wait as well
                    await _step(0)
                if alarm == min(self._alarms):
                    self.now = max(self.now, alarm)
        finally:
            self._alarms.remove(alarm)

    def pacer(self) -> Pacer:
        """A pacer on this clock."""
        return Pacer(clock=self.clock, sleep=self.sleep)


class RecordingSession(BaseSession):
    """Everything requested is in ``calls``; what is put into ``failures`` is raised instead."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        super().__init__()
        self.files = dict(files or {})
        self.calls: list[TelegramMethod[Any]] = []
        self.me = BOT_USER
        self.failures: dict[type[TelegramMethod[Any]], list[Exception]] = defaultdict(list)
        self.answered: set[str] = set()  # ids of pressed buttons, each good for one answer
        self.told_sizes: dict[str, int] = {}  # by getFile, where they are not the true ones
        self.stream_failures: list[Exception] = []  # of the next downloads
        self.cut = 0  # bytes that the next download lacks
        self.downloads = 0
        self.typing = asyncio.Event()  # set once the user was shown "typing"

    @property
    def sent(self) -> list[Any]:
        """The messages and albums the user got, in order."""
        return [call for call in self.calls if isinstance(call, SENDS)]

    @property
    def alerts(self) -> list[AnswerCallbackQuery]:
        """What was told over the chat to those who pressed a button, in order."""
        return [call for call in self.calls if isinstance(call, AnswerCallbackQuery) and call.text]

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        timeout: int | None = None,  # noqa: ASYNC109  (aiogram's signature)
    ) -> Any:
        await _step(0)  # as any request, it lets others go on meanwhile
        if failures := self.failures[type(method)]:
            raise failures.pop(0)
        if isinstance(method, AnswerCallbackQuery):
            if method.callback_query_id in self.answered:
                raise TelegramBadRequest(method, "Bad Request: query is too old")
            self.answered.add(method.callback_query_id)
        self.calls.append(method)
        result: Any = True
        match method:
            case GetMe():
                result = self.me
            case GetUpdates():
                result = []
            case GetFile(file_id=file_id):
                path, size = f"photos/{file_id}", len(self.files.get(file_id, b""))
                size = self.told_sizes.get(file_id, size)
                result = File(
                    file_id=file_id, file_unique_id=file_id, file_path=path, file_size=size
                )
            case SendMessage(chat_id=chat_id) | SendVenue(chat_id=chat_id):
                result = _message(chat_id)
            case SendPhoto(chat_id=chat_id):
                result = _message(chat_id, photo=_uploaded())
            case SendMediaGroup(chat_id=chat_id, media=media):
                result = [_message(chat_id, photo=_uploaded()) for _ in media]
            case SendChatAction():
                self.typing.set()
        return result

    async def stream_content(
        self, url: str, *args: Any, **kwargs: Any
    ) -> AsyncGenerator[bytes, None]:
        self.downloads += 1
        if self.stream_failures:
            raise self.stream_failures.pop(0)
        content = self.files[url.rpartition("/")[2]]
        content, self.cut = content[: len(content) - self.cut], 0
        for start in range(0, len(content), 65536):
            yield content[start : start + 65536]

    async def close(self) -> None:
        pass


def update(
    *, chat: str = "private", language: str | None = "en", sender: int = 7, **content: Any
) -> Update:
    """An update with one message; ``content`` are the fields of Telegram's Message."""
    message = {
        "message_id": next(numbers),
        "date": int(datetime.now(UTC).timestamp()),
        "chat": {"id": 7 if chat == "private" else -100, "type": chat},
        "from": {"id": sender, "is_bot": False, "first_name": "Ann", "language_code": language},
        **content,
    }
    return Update.model_validate({"update_id": next(numbers), "message": message})


def press(
    button: InlineKeyboardButton | str,
    *,
    chat: str = "private",
    language: str | None = "en",
    sender: int = 7,
    keyboard: InlineKeyboardMarkup | None = None,
    accessible: bool = True,
) -> Update:
    """An update for a press on a button of a message of the bot's with this ``keyboard``."""
    message = {
        "message_id": next(numbers),
        "date": int(datetime.now(UTC).timestamp()),
        "chat": {"id": 7 if chat == "private" else -100, "type": chat},
        "from": BOT_USER.model_dump(),
        "reply_markup": keyboard.model_dump() if keyboard else None,
    }
    if not accessible:  # Telegram says no more of it
        message = {"message_id": 1, "date": 0, "chat": message["chat"]}
    callback = {
        "id": str(next(numbers)),
        "from": {"id": sender, "is_bot": False, "first_name": "Ann", "language_code": language},
        "chat_instance": "1",
        "message": message,
        "data": button if isinstance(button, str) else button.callback_data,
    }
    return Update.model_validate({"update_id": next(numbers), "callback_query": callback})


def edited(original: Update, **content: Any) -> Update:
    """An update with the message of ``original``, edited."""
    message = original.message.model_dump(exclude_none=True, by_alias=True) | content
    return Update.model_validate({"update_id": next(numbers), "edited_message": message})


def buttons(call: Any) -> dict[str, InlineKeyboardButton]:
    """The buttons under a message that was sent, by their texts."""
    keyboard = call.reply_markup.inline_keyboard if call.reply_markup else []
    return {button.text: button for row in keyboard for button in row}


_uploads = count(1)


def photo(
    file_id: str = "pic", *, size: int | None = 100_000, upload: str | None = None
) -> list[dict[str, Any]]:
    """The sizes of a photo in a message, smallest first, as Telegram orders them.

    The same content may be uploaded again and again; ``upload`` tells which one this is, if it is
    not a new one.
    """
    upload = upload or str(next(_uploads))
    sizes = [("small-" + file_id, 90, 60, 1_000), (file_id, 1280, 853, size)]
    return [
        {"file_id": i, "file_unique_id": f"u-{upload}-{i}", "width": w, "height": h, "file_size": s}
        for i, w, h, s in sizes
    ]


def document(file_id: str = "doc", **fields: Any) -> dict[str, Any]:
    """A file in a message."""
    return {"file_id": file_id, "file_unique_id": f"u-{file_id}", **fields}


def _message(chat_id: int | str, **content: Any) -> Message:
    return Message(
        message_id=next(numbers),
        date=datetime.now(UTC),
        chat=Chat(id=int(chat_id), type="private"),
        **content,
    )


def _uploaded() -> list[PhotoSize]:
    """The sizes of a photo that was sent, smallest first."""
    number = next(numbers)
    return [
        PhotoSize(file_id=f"{size}{number}", file_unique_id=f"u-{size}{number}", width=w, height=h)
        for size, w, h in (("small-", 90, 60), ("uploaded-", 640, 480))
    ]
