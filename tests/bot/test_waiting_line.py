import asyncio
from collections.abc import Callable

import pytest
from aiogram.exceptions import TelegramForbiddenError
from aiogram.methods import SendMessage

from bot.locales.en import EN
from bot.waiting_line import WaitingLine
from tests.bot.conftest import Chat
from tests.bot.telegram import photo, update


class Visitor:
    """Somebody who keeps a turn until told to leave."""

    def __init__(self, line: WaitingLine, chat: Chat) -> None:
        self.inside, self.may_leave = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._visit(line, chat))

    async def _visit(self, line: WaitingLine, chat: Chat) -> None:
        message = update(text="x").message.as_(chat.bot)
        async with line.turn(message, "en"):
            self.inside.set()
            await self.may_leave.wait()


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


async def test_only_so_many_are_let_in_and_the_rest_in_order(chat: Chat) -> None:
    line = WaitingLine(at_once=2, long_line=100)
    visitors = [Visitor(line, chat) for _ in range(5)]
    await settled(lambda: line.waiting == 3)
    assert [visitor.inside.is_set() for visitor in visitors] == [True, True, False, False, False]
    visitors[1].may_leave.set()
    await visitors[2].inside.wait()
    assert not visitors[3].inside.is_set()
    for visitor in visitors:
        visitor.may_leave.set()
    await asyncio.gather(*(visitor.task for visitor in visitors))
    assert chat.telegram.sent == []


async def test_late_ones_are_asked_for_patience_and_served_even_if_that_fails(chat: Chat) -> None:
    line = WaitingLine(at_once=1, long_line=2)
    blocked = TelegramForbiddenError(SendMessage(chat_id=7, text="x"), "bot was blocked")
    visitors = [Visitor(line, chat)]
    await visitors[0].inside.wait()
    visitors += [Visitor(line, chat) for _ in range(3)]
    await settled(lambda: len(chat.telegram.sent) == 1)
    chat.telegram.failures[SendMessage] = [blocked]
    visitors.append(Visitor(line, chat))
    await settled(lambda: not chat.telegram.failures[SendMessage])
    for visitor in visitors:
        visitor.may_leave.set()
    await asyncio.gather(*(visitor.task for visitor in visitors))
    assert [call.text for call in chat.telegram.sent] == [EN.crowded]


async def test_a_notice_that_a_busy_chat_takes_late_holds_nobody_s_turn(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = asyncio.Event()
    monkeypatch.setattr("bot.waiting_line._ask_for_patience", lambda *_: told.wait())
    line = WaitingLine(at_once=1, long_line=0)
    async with asyncio.timeout(60):
        visitors = [Visitor(line, chat) for _ in range(3)]
        for visitor in visitors:
            await visitor.inside.wait()
            visitor.may_leave.set()
        assert not visitors[0].task.done()  # its answer comes after the notice
        told.set()
        await asyncio.gather(*(visitor.task for visitor in visitors))


@pytest.mark.parametrize("given_up", [0, 1, 2])
async def test_who_gives_up_leaves_the_place_to_the_next(given_up: int, chat: Chat) -> None:
    line = WaitingLine(at_once=1, long_line=100)
    visitors = [Visitor(line, chat) for _ in range(3)]
    await visitors[0].inside.wait()
    visitors[given_up].task.cancel()
    await asyncio.gather(visitors[given_up].task, return_exceptions=True)
    rest = [visitor for number, visitor in enumerate(visitors) if number != given_up]
    for visitor in rest:
        visitor.may_leave.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*(visitor.task for visitor in rest))
    assert line.waiting == 0


def said(call: object) -> str:
    return getattr(call, "text", None) or ""


async def test_a_crowd_of_photos_is_answered_to_the_last_one(chat: Chat) -> None:
    chat.guide.thinks_until = asyncio.Event()
    crowd = [
        asyncio.create_task(
            chat.dispatcher.feed_update(chat.bot, update(photo=photo(), sender=1000 + number))
        )
        for number in range(60)
    ]
    await settled(lambda: [*map(said, chat.telegram.sent)].count(EN.crowded) >= 30)
    assert len(chat.guide.questions) < 10, "the rest must not be in memory"
    chat.guide.thinks_until.set()
    await asyncio.gather(*crowd)
    assert len(chat.guide.questions) == 60
    assert sum("Kremlin" in said(call) for call in chat.telegram.sent) == 60
