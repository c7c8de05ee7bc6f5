import asyncio
import logging
import socket
from pathlib import Path

import aiohttp
import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, GetMe, GetUpdates, SetMyCommands, SetWebhook

from bot import updates
from bot.app import build_bot
from bot.errors import TokenRejected, WebhookRejected
from bot.locales.en import EN
from bot.locales.ru import RU
from bot.service import Running, _http_server, _put_together
from bot.updates import confirm, prepare, set_webhook
from core.background import follow_snapshots, in_background
from core.errors import SnapshotCorrupt
from core.settings import Settings
from tests.bot.conftest import ADMIN, STORAGE_CHAT, Chat, SetGuide
from tests.bot.telegram import TOKEN, QuickTime, RecordingSession, update


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

    monkeypatch.setattr(updates.asyncio, "sleep", note)
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


async def test_the_command_menus_are_russian_for_russians_and_english_for_the_rest() -> None:
    telegram = RecordingSession()
    await prepare(build_bot(TOKEN, telegram), RenewedGuide())
    menus = {
        (call.language_code, call.scope.type if call.scope else "default"): {
            command.command: command.description for command in call.commands
        }
        for call in telegram.calls
        if isinstance(call, SetMyCommands)
    }
    assert menus == {
        ("ru", "default"): RU.commands,
        ("ru", "all_group_chats"): RU.group_commands,
        (None, "default"): EN.commands,
        (None, "all_group_chats"): EN.group_commands,
    }


async def test_a_menu_that_cannot_be_set_does_not_keep_the_bot_from_serving() -> None:
    telegram, guide = RecordingSession(), RenewedGuide()
    oops = TelegramServerError(SetMyCommands(commands=[]), "oops")
    telegram.failures[SetMyCommands] = [oops] * 100
    await prepare(build_bot(TOKEN, telegram, pacer=QuickTime().pacer()), guide)
    assert guide.warm


@pytest.mark.parametrize(
    ("wanted", "served"), [({}, False), ({"public_url": "https://guide.example"}, True)]
)
async def test_photos_are_served_wherever_a_public_address_is_set(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, str], served: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    monkeypatch.setattr("bot.service.DEFAULT_PORT", port)
    running = Running(
        chat.bot, chat.dispatcher, chat.guide, chat.metrics, chat.in_flight, asyncio.Event()
    )
    shown = chat.guide.catalogue.popular_photos[0].photo
    url = f"http://127.0.0.1:{port}/photos/{shown.photo_id}.jpg"
    async with _http_server(Settings(**wanted), running, None), aiohttp.ClientSession() as http:
        if not served:
            with pytest.raises(aiohttp.ClientConnectionError):
                await http.get(url)
            return
        async with http.get(url) as response:
            assert response.status == 200


@pytest.mark.parametrize(("wanted_mb", "taken_mb"), [(5, 5), (64, 20)])
async def test_the_bot_is_put_together_as_the_settings_say(
    guide: SetGuide, tmp_path: Path, wanted_mb: float, taken_mb: float
) -> None:
    settings = Settings(
        data_dir=tmp_path,
        max_photo_mb=wanted_mb,
        log_retention_days=3,
        queries_per_minute=2,
        admin_ids=(ADMIN,),
    )
    async with _put_together(settings, TOKEN, guide, tmp_path / "file_ids.sqlite3") as running:
        running.bot.session = telegram = RecordingSession()
        asked = [update(text=text, sender=ADMIN) for text in ("/stats", "/privacy", "/start")]
        for each in asked:
            await running.dispatcher.feed_update(running.bot, each)
        assert running.dispatcher["max_photo_mb"] == taken_mb
        assert running.in_flight.last_update_id == asked[-1].update_id
        assert 'guide_throttled_total{who="person"} 1' in running.metrics.text()
    stats, privacy, refusal = (call.text for call in telegram.sent)
    assert "Queries" in stats
    assert "3 days" in privacy
    assert refusal == EN.too_many
    assert (tmp_path / "file_ids.sqlite3").exists()


async def test_behind_the_answers_new_snapshots_are_looked_for(
    guide: SetGuide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(follow_snapshots.__kwdefaults__, "every_s", 0)
    guide.refresh = (news := RenewedGuide()).refresh
    async with (
        _put_together(Settings(data_dir=tmp_path), TOKEN, guide, None),
        asyncio.timeout(60),
    ):
        await news.no_more_news.wait()


async def test_a_storage_chat_is_filled_from_contact_on(guide: SetGuide, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, storage_chat_id=STORAGE_CHAT)
    async with _put_together(settings, TOKEN, guide, None) as running:
        running.bot.session = telegram = RecordingSession()
        await asyncio.sleep(0.1)
        assert telegram.calls == []
        running.in_contact.set()
        async with asyncio.timeout(60):
            while "guide_file_ids 0" in running.metrics.text():
                await asyncio.sleep(0.01)
    assert {call.chat_id for call in telegram.sent} == {STORAGE_CHAT}


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
    said = [record.getMessage() for record in caplog.records if record.name == "core.background"]
    assert said == [
        "still serving snapshot v2: photos.faiss is cut short",
        "now serving snapshot v2",
    ]


async def test_telegram_is_told_the_webhook_with_its_secret_and_what_to_deliver(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates.asyncio, "sleep", QuickTime().sleep)
    away = TelegramNetworkError(SetWebhook(url=""), "no route")
    chat.telegram.failures[SetWebhook] = [away] * 6  # more than one request is tried
    url = "https://guide.example/hook"
    await set_webhook(chat.bot, chat.dispatcher, url, secret="s3cret", connections=256)
    [call] = [call for call in chat.telegram.calls if isinstance(call, SetWebhook)]
    assert (call.url, call.secret_token, call.max_connections) == (url, "s3cret", 100)
    kinds = {"message", "callback_query", "inline_query", "chosen_inline_result"}
    assert kinds <= set(call.allowed_updates)


async def test_an_address_telegram_does_not_accept_is_a_clear_error(chat: Chat) -> None:
    refusal = TelegramBadRequest(SetWebhook(url=""), "Bad Request: bad webhook: HTTPS url needed")
    chat.telegram.failures[SetWebhook] = [refusal]
    with pytest.raises(WebhookRejected, match="HTTPS url needed"):
        await set_webhook(chat.bot, chat.dispatcher, "http://x", secret="s", connections=1)


async def test_a_webhook_is_not_deleted_before_it_is_set_anew() -> None:
    telegram, guide = RecordingSession(), RenewedGuide()
    await prepare(build_bot(TOKEN, telegram), guide, polling=False)
    assert not any(isinstance(call, DeleteWebhook) for call in telegram.calls)


async def test_a_work_that_fails_behind_the_scenes_is_reported_and_stops_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise RuntimeError("broken")

    goes_on = asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0.01)
        goes_on.set()
        await asyncio.Event().wait()

    async with in_background(fail(), work()), asyncio.timeout(60):
        await goes_on.wait()
    assert [record.exc_info[1].args for record in caplog.records] == [("broken",)]
