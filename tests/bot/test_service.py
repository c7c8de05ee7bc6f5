import asyncio
import logging

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, GetMe, GetUpdates, SetMyCommands

from bot import service
from bot.app import build_bot
from bot.service import TokenRejected, confirm, follow_snapshots, prepare
from bot.texts import EN, RU
from core.errors import SnapshotCorrupt
from tests.bot.telegram import TOKEN, RecordingSession


class RenewedGuide:
    """A guide whose refreshes end as told, then stay without news."""

    snapshot = "v2"

    def __init__(self, *outcomes: bool | Exception) -> None:
        self.outcomes = list(outcomes)
        self.warm = False
        self.no_more_news = asyncio.Event()

    async def refresh(self) -> bool:
        if not self.outcomes:
            self.no_more_news.set()
            return False
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def warm_up(self) -> None:
        self.warm = True


async def test_an_outage_at_the_start_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(service.asyncio, "sleep", note)
    telegram, guide = RecordingSession(), RenewedGuide()
    telegram.failures[GetMe] = [
        TelegramNetworkError(GetMe(), "no route"),
        TelegramServerError(GetMe(), "Bad Gateway"),
        ClientDecodeError("Failed to decode object", ValueError("not JSON"), "<html>"),
        *[TelegramNetworkError(GetMe(), "no route")] * 4,
    ]
    await prepare(build_bot(TOKEN, telegram), guide)
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert any(isinstance(call, DeleteWebhook) for call in telegram.calls)
    assert guide.warm


@pytest.mark.parametrize("error", [TelegramUnauthorizedError, TelegramNotFound])
async def test_a_token_telegram_does_not_know_is_no_outage(
    error: type[TelegramUnauthorizedError],
) -> None:
    telegram = RecordingSession()
    telegram.failures[GetMe] = [error(GetMe(), "Unauthorized")]
    with pytest.raises(TokenRejected):
        await prepare(build_bot(TOKEN, telegram), RenewedGuide())


async def test_the_command_menu_is_russian_for_russians_and_english_for_the_rest() -> None:
    telegram = RecordingSession()
    await prepare(build_bot(TOKEN, telegram), RenewedGuide())
    menus = {
        call.language_code: {command.command: command.description for command in call.commands}
        for call in telegram.calls
        if isinstance(call, SetMyCommands)
    }
    assert menus == {"ru": RU.commands, None: EN.commands}


async def test_a_menu_that_cannot_be_set_does_not_keep_the_bot_from_serving() -> None:
    telegram, guide = RecordingSession(), RenewedGuide()
    telegram.failures[SetMyCommands] = [TelegramServerError(SetMyCommands(commands=[]), "oops")]
    await prepare(build_bot(TOKEN, telegram), guide)
    assert guide.warm


async def test_confirming_asks_for_what_comes_after_the_last_update() -> None:
    telegram = RecordingSession()
    bot = build_bot(TOKEN, telegram)
    await confirm(bot, None)
    assert telegram.calls == []
    await confirm(bot, 41)
    [call] = telegram.calls
    assert isinstance(call, GetUpdates)
    assert (call.offset, call.timeout) == (42, 0)


async def test_a_new_snapshot_is_noticed_and_a_bad_one_reported_once_and_survived(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    bad = SnapshotCorrupt("photos.faiss is cut short")
    guide = RenewedGuide(bad, bad, bad, True)
    following = asyncio.create_task(follow_snapshots(guide, every_s=0))
    async with asyncio.timeout(60):
        await guide.no_more_news.wait()
    following.cancel()
    said = [record.getMessage() for record in caplog.records if record.name == "bot.service"]
    assert said == [
        "still serving snapshot v2: photos.faiss is cut short",
        "now serving snapshot v2",
    ]
