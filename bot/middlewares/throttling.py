"""Nobody asks so much that others have to wait."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import (
    CallbackQuery,
    Chat,
    InlineQuery,
    Message,
    TelegramObject,
)

from bot.callbacks import acknowledge
from bot.texts import WORDINGS
from core.figures import Counter

GROUP_PER_MINUTE = 15  # a group takes 20 messages of ours in a minute
INLINE_PER_MINUTE = 180  # one for every pause in somebody's typing
NOTICE_EVERY_S = 60
MANY = 10_000  # people and groups remembered


@dataclass(slots=True)
class Allowance:
    """What somebody may still ask: it grows steadily up to a minute's worth."""

    left: float
    as_of: float
    noticed: float = float("-inf")


class Throttling(BaseMiddleware):
    """Leaves out what a person or a group asks beyond their allowance, telling them once.

    It stands before handlers, not before filters: what the bot would not react to is free.
    """

    def __init__(
        self,
        per_minute: int,
        throttled: Counter,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._throttled = throttled
        self._clock = clock
        self._allowances: OrderedDict[tuple[str, int], Allowance] = OrderedDict()

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Handle the event or leave it out."""
        asker_id: int | None = data["asker_id"]
        chat: Chat | None = data.get("event_chat")
        wording = WORDINGS[data["language"]]
        now = self._clock()
        limits: list[tuple[str, int, int | None, str]]
        if isinstance(event, InlineQuery):
            limits = [("inline", INLINE_PER_MINUTE, asker_id, "")]
        else:
            limits = [("person", self._per_minute, asker_id, wording.too_many)]
            if isinstance(event, Message) and chat and chat.type != ChatType.PRIVATE:
                limits += [("group", GROUP_PER_MINUTE, chat.id, wording.too_many_in_group)]
        for who, per_minute, one, notice in limits:
            if one is None:
                continue
            allowance = self._allowance((who, one), per_minute, now)
            if allowance.left < 1:
                self._throttled.add(who)
                if now - allowance.noticed >= NOTICE_EVERY_S:
                    allowance.noticed = now
                    await _tell(event, notice)
                elif isinstance(event, CallbackQuery):
                    await acknowledge(event)  # else the button spins on
                return None
            allowance.left -= 1
        return await handler(event, data)

    def _allowance(self, key: tuple[str, int], per_minute: int, now: float) -> Allowance:
        allowance = self._allowances.setdefault(key, Allowance(per_minute, now))
        self._allowances.move_to_end(key)
        if len(self._allowances) > MANY:
            self._allowances.popitem(last=False)
        grown = allowance.left + (now - allowance.as_of) * per_minute / 60
        allowance.left, allowance.as_of = min(grown, per_minute), now
        return allowance


async def _tell(event: TelegramObject, notice: str) -> None:
    match event:
        case Message():
            await event.reply(notice)
        case CallbackQuery():
            await acknowledge(event, notice, alert=True)
