import asyncio

import pytest
from aiogram import Bot
from aiogram.types import FSInputFile, InputMediaPhoto

from bot.app import build_bot
from bot.pacing import MANY_CHATS, Pace, Pacer
from tests.bot.telegram import TOKEN, QuickTime, RecordingSession


class Sender:
    """Sends on a quick clock and notes when."""

    def __init__(self) -> None:
        self.time = QuickTime()
        self.pacer = self.time.pacer()
        self.sent: list[tuple[int | str, float]] = []  # chat, seconds

    async def send(self, chat_id: int | str, messages: int = 1) -> None:
        async with self.pacer.turn(chat_id, messages):
            self.sent += [(chat_id, self.time.now)] * messages

    def most_within(self, seconds: float, chat_id: int | str | None = None) -> int:
        """The most messages that any span of time has."""
        times = [when for chat, when in self.sent if chat_id in (None, chat)]
        return max(sum(start <= t < start + seconds for t in times) for start in times)


@pytest.fixture
def sender() -> Sender:
    return Sender()


async def test_a_chat_gets_one_message_a_second_in_the_order_they_were_sent(
    sender: Sender,
) -> None:
    order: list[int] = []

    async def send(number: int) -> None:
        await sender.send(7)
        order.append(number)

    await asyncio.gather(*(send(number) for number in range(10)))
    assert order == list(range(10))
    assert sender.most_within(1.0) == 1


@pytest.mark.parametrize("group", [-100, "@channel"])
async def test_a_group_gets_twenty_messages_a_minute_and_an_album_counts_by_its_photos(
    sender: Sender, group: int | str
) -> None:
    for messages in (1, 5, 5, 5, 5, 1, 1, 10, 1):
        await sender.send(group, messages)
    assert sender.most_within(60, group) <= 20
    assert sender.time.now < 1000 + 3 * 61


async def test_all_chats_together_get_less_than_thirty_messages_a_second(sender: Sender) -> None:
    await asyncio.gather(*(sender.send(chat_id) for chat_id in range(1, 200)))
    assert sender.most_within(1.0) <= 30
    assert sender.time.now <= 1000 + 200 / 25


async def test_albums_count_by_their_photos_among_all_chats_too(sender: Sender) -> None:
    await asyncio.gather(*(sender.send(chat_id, 9) for chat_id in range(1, 20)))
    assert sender.most_within(1.0) <= 30


async def test_an_album_is_not_overtaken_by_messages_that_come_later(sender: Sender) -> None:
    for chat_id in range(1, 15):
        await sender.send(chat_id)
    sender.time.now += 0.5
    for chat_id in range(15, 29):
        await sender.send(chat_id)
    later = range(101, 111)  # there is room for these before there is for the album
    await asyncio.gather(sender.send(100, 20), *(sender.send(chat_id) for chat_id in later))
    assert [chat for chat, _ in sender.sent[28:48]] == [100] * 20


async def test_a_chat_that_has_to_wait_does_not_hold_up_another(sender: Sender) -> None:
    sender.pacer.hold(7, 50)
    held = asyncio.create_task(sender.send(7))
    start = sender.time.now
    await asyncio.gather(sender.send(8), held)
    assert dict(sender.sent) == {8: start, 7: start + 50}


async def test_a_shorter_wait_does_not_end_a_longer_one(sender: Sender) -> None:
    start = sender.time.now
    sender.pacer.hold(7, 50)
    sender.pacer.hold(7, 2)
    await sender.send(7)
    assert sender.sent == [(7, start + 50)]


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    time = QuickTime()
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await gate.wait()
        await time.sleep(seconds)

    pacer = Pacer(clock=time.clock, sleep=sleep)

    async def send() -> None:
        async with pacer.turn(7):
            pass

    await send()
    waiting = [asyncio.create_task(send()) for _ in range(20)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    gate.set()
    await send()
    assert time.now < 1000 + 2


async def test_a_slow_upload_does_not_bring_the_next_message_too_close(sender: Sender) -> None:
    async def upload() -> None:
        async with sender.pacer.turn(7):
            await sender.time.sleep(5)

    start = sender.time.now
    await asyncio.gather(upload(), sender.send(7))
    assert sender.time.now >= start + 5 + 1


async def test_a_message_that_failed_counts_since_it_may_have_arrived(sender: Sender) -> None:
    start = sender.time.now
    with pytest.raises(TimeoutError):
        async with sender.pacer.turn(7):
            raise TimeoutError
    await sender.send(7)
    assert sender.time.now >= start + 1


def test_more_messages_than_a_pace_has_are_as_many_as_it_has() -> None:
    pace = Pace(20, 60)
    assert pace.wait_s(0, 50) == 0
    pace.note(0, 50)
    assert pace.wait_s(10) == 50


def test_an_album_waits_until_there_is_room_for_all_of_it() -> None:
    pace = Pace(20, 60)
    pace.note(0, 15)
    pace.note(30, 5)
    assert pace.wait_s(30, 15) == 30
    assert pace.wait_s(30, 16) == 60


async def test_chats_long_without_messages_are_forgotten(sender: Sender) -> None:
    for chat_id in range(1, MANY_CHATS + 1):
        await sender.send(chat_id)
    sender.time.now += 1000
    await sender.send(MANY_CHATS + 1)
    assert len(sender.pacer._chats) == 1


async def test_of_many_chats_none_is_forgotten_that_has_to_wait(sender: Sender) -> None:
    sender.pacer.hold(1, 500)
    held_until = sender.time.now + 500
    async with sender.pacer.turn(2):  # an upload that takes its time
        sender.time.now += 200
        await sender.send(-1, 20)
        full_at = sender.time.now
        for chat_id in range(3, MANY_CHATS + 3):
            await sender.send(chat_id)
    uploaded_at = sender.time.now
    await asyncio.gather(sender.send(1), sender.send(2), sender.send(-1))
    at = dict(sender.sent)
    assert at[-1] >= full_at + 60
    assert at[1] >= held_until
    assert at[2] >= uploaded_at + 1


async def test_an_album_counts_by_its_photos_when_it_is_sent() -> None:
    time, telegram = QuickTime(), RecordingSession()
    bot: Bot = build_bot(TOKEN, telegram, pacer=time.pacer())
    for _ in range(3):
        media = [InputMediaPhoto(media=FSInputFile("no.jpg")) for _ in range(10)]
        await bot.send_media_group(-100, media)
    assert time.now >= 1000 + 60
    assert len(telegram.sent) == 3


async def test_edits_count_as_messages_and_other_requests_do_not() -> None:
    time, telegram = QuickTime(), RecordingSession()
    bot = build_bot(TOKEN, telegram, pacer=time.pacer())
    for number in range(5):
        await bot.get_file("pic")
        await bot.answer_callback_query(f"{number}")
    assert time.waits == []
    await bot.send_message(7, "a")
    await bot.edit_message_text("b", chat_id=7, message_id=1)
    assert time.now > 1001
