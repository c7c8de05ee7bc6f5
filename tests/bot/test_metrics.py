import asyncio
import time

from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendMediaGroup, SendMessage

from bot.app import build_bot
from bot.metrics import Metrics
from core.figures import Counter, Histogram
from tests.bot.conftest import Chat
from tests.bot.telegram import TOKEN, QuickTime, RecordingSession, photo, update


def test_a_counter_has_a_line_for_every_combination_of_labels() -> None:
    counter = Counter("asked_total", "Questions.", ("kind", "language"))
    counter.add("photo", "ru")
    counter.add("photo", "ru", by=2)
    counter.add("text", 'a "b"\\\n')
    assert list(counter.samples()) == [
        'asked_total{kind="photo",language="ru"} 3',
        'asked_total{kind="text",language="a \\"b\\"\\\\\\n"} 1',
    ]


def test_a_bound_of_a_histogram_counts_all_that_is_not_above_it() -> None:
    histogram = Histogram("seconds", "Time.", ("stage",), bounds=(0.1, 1))
    for value in (0.05, 0.1, 0.5, 7):
        histogram.observe(value, "embed")
    assert list(histogram.samples()) == [
        'seconds_bucket{stage="embed",le="0.1"} 2',
        'seconds_bucket{stage="embed",le="1"} 3',
        'seconds_bucket{stage="embed",le="+Inf"} 4',
        'seconds_sum{stage="embed"} 7.65',
        'seconds_count{stage="embed"} 4',
    ]


async def test_a_blocked_event_loop_is_noticed_and_whether_it_worked_or_was_kept_waiting() -> None:
    metrics = Metrics()
    watching = asyncio.create_task(metrics.watch_loop())
    await asyncio.sleep(0.05)
    time.sleep(0.3)  # noqa: ASYNC251  (this is the blockade)
    await asyncio.sleep(0.05)
    watching.cancel()
    assert more_than_a_quarter_second(metrics, "guide_event_loop_lag_seconds") == 1
    assert more_than_a_quarter_second(metrics, "guide_event_loop_busy_seconds") == 0


def more_than_a_quarter_second(metrics: Metrics, name: str) -> float:
    counts = {
        line.split()[0]: float(line.split()[1])
        for line in metrics.text().splitlines()
        if line[0] != "#"
    }
    return counts[f'{name}_bucket{{le="+Inf"}}'] - counts[f'{name}_bucket{{le="0.25"}}']


async def test_updates_stages_and_requests_are_counted_by_outcome(chat: Chat) -> None:
    refusal = TelegramBadRequest(SendMediaGroup(chat_id=7, media=[]), "Bad Request")
    chat.telegram.failures[SendMediaGroup] = [refusal]
    await chat.feed(update(photo=photo()))
    await chat.feed(update(text="hello", chat="supergroup"))
    chat.guide.error = RuntimeError("broken")
    await chat.feed(update(photo=photo()))
    text = chat.metrics.text()
    for line in (
        'guide_updates_total{type="message",outcome="handled"} 1',
        'guide_updates_total{type="message",outcome="ignored"} 1',
        'guide_updates_total{type="message",outcome="failed"} 1',
        'guide_stage_seconds_count{query="photo",stage="embed"} 1',
        'guide_stage_seconds_sum{query="photo",stage="embed"} 0.005',
        'guide_telegram_requests_total{method="sendMessage",outcome="ok"} 2',
        'guide_telegram_requests_total{method="sendMediaGroup",outcome="TelegramBadRequest"} 1',
    ):
        assert line in text.splitlines()


async def test_every_line_is_prometheus_text(chat: Chat) -> None:
    await chat.feed(update(photo=photo()))
    for line in chat.metrics.text().splitlines():
        if line.startswith("#"):
            assert line.split()[1] in {"HELP", "TYPE"}
        else:
            name, value = line.rsplit(" ", 1)
            float(value)
            assert name.startswith("guide_")


async def test_what_telegram_does_to_requests_is_counted_each_time() -> None:
    metrics, telegram = Metrics(), RecordingSession()
    method = SendMessage(chat_id=7, text="x")
    telegram.failures[SendMessage] = [TelegramBadRequest(method, "Bad Request")]
    bot = build_bot(TOKEN, telegram, metrics=metrics, pacer=QuickTime().pacer())
    await bot.get_me()
    assert 'guide_telegram_requests_total{method="getMe",outcome="ok"} 1' in metrics.text()
