"""The Bot API as HTTP: token, methods, encodings, the bot itself."""

import json
from typing import Any

import aiohttp
import pytest

from bot.sandbox import telegram as telegram_module
from bot.sandbox.people import Person
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.conftest import BotClient, Refusal, jpeg


async def test_another_token_is_unauthorized_and_nonsense_is_not_found(
    bot: BotClient, sandbox: Sandbox
) -> None:
    for token, code in [("123456:another", 401), ("nonsense", 404)]:
        with pytest.raises(Refusal) as refusal:
            await BotClient(bot.http, bot.url, token)("getMe")
        assert refusal.value.code == code


async def test_an_unknown_method_is_not_found_and_case_does_not_matter(bot: BotClient) -> None:
    with pytest.raises(Refusal, match="method not found") as refusal:
        await bot("sendRocket")
    assert refusal.value.code == 404
    assert (await bot("GETME"))["username"] == "city_guide_bot"


async def test_parameters_come_in_the_address_a_form_or_json(
    bot: BotClient, ann: Person, http: aiohttp.ClientSession
) -> None:
    address = f"{bot.url}/bot{bot.token}/sendMessage"
    fields = {"chat_id": ann.room.chat_id, "text": "hi"}
    for request in (
        http.get(address, params=fields),
        http.post(address, data=fields),
        http.post(address, json=fields),
        http.post(address, params={"text": "hi"}, json={"chat_id": ann.room.chat_id}),
    ):
        async with request as response:
            assert (await response.json())["result"]["text"] == "hi"
    for body, content_type in ((b"{", "application/json"), (b"[]", "application/json")):
        headers = {"Content-Type": content_type}
        async with http.post(address, data=body, headers=headers) as response:
            assert response.status == 400


async def test_a_file_is_fetched_by_path_and_token_only(
    bot: BotClient, ann: Person, http: aiohttp.ClientSession
) -> None:
    await ann.send_photos([jpeg()])
    size = (await bot.update())["message"]["photo"][-1]
    file = await bot("getFile", file_id=size["file_id"])
    for token, path, status in [
        (bot.token, file["file_path"], 200),
        (bot.token, "photos/file_99.jpg", 404),
        (bot.token, size["file_unique_id"], 404),
        ("123456:another", file["file_path"], 401),
    ]:
        async with http.get(f"{bot.url}/file/bot{token}/{path}") as response:
            assert response.status == status
            assert (len(await response.read()) == size["file_size"]) is (status == 200)
    with pytest.raises(Refusal, match="file_id not specified"):
        await bot("getFile")


async def test_the_bot_is_in_privacy_mode_and_takes_inline_queries(bot: BotClient) -> None:
    me = await bot("getMe")
    assert me["id"] == int(bot.token.partition(":")[0])
    assert not me["can_read_all_group_messages"]
    assert me["supports_inline_queries"]


async def test_command_menus_are_kept_by_scope_and_language(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    def menu(name: str) -> list[dict[str, str]]:
        return [{"command": name, "description": "d"}]

    groups = {"type": "all_group_chats"}
    await bot("setMyCommands", commands=menu("any"))
    await bot("setMyCommands", commands=menu("ru"), language_code="ru")
    await bot("setMyCommands", commands=menu("where"), scope=groups)
    assert await bot("getMyCommands") == menu("any")
    assert await bot("getMyCommands", language_code="ru") == menu("ru")
    assert await bot("getMyCommands", language_code="de") == []
    assert await bot("getMyCommands", scope=groups) == menu("where")
    shown = sandbox.telegram.menu
    assert shown(ann.room, "ru-RU") == menu("ru")
    assert shown(ann.room, "de") == menu("any")
    assert shown(sandbox.telegram.group, "ru") == menu("where")
    await bot("deleteMyCommands", scope=groups)
    assert shown(sandbox.telegram.group, "ru") == menu("ru")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"commands": [{"command": "Start", "description": "d"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "a" * 33, "description": "d"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "a", "description": ""}]}, "DESCRIPTION_INVALID"),
        ({"commands": [{"command": "a", "description": "d" * 257}]}, "DESCRIPTION_INVALID"),
        ({"commands": []}, "BOT_COMMANDS_EMPTY"),
        ({"commands": [{"command": "a", "description": "d"}] * 101}, "TOO_MUCH"),
        ({"commands": "nonsense"}, "can't parse commands"),
        (
            {"commands": [{"command": "a", "description": "d"}], "language_code": "russian"},
            "invalid language code",
        ),
        (
            {"commands": [{"command": "a", "description": "d"}], "scope": {"type": "nobody"}},
            "can't parse BotCommandScope",
        ),
        (
            {
                "commands": [{"command": "a", "description": "d"}],
                "scope": {"type": "chat", "chat_id": 1},
            },
            "chat not found",
        ),
    ],
)
async def test_wrong_menus_are_refused(bot: BotClient, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        await bot("setMyCommands", **fields)


async def test_profile_texts_have_limits(bot: BotClient) -> None:
    await bot("setMyDescription", description="d" * 512)
    for method, name, limit in [
        ("setMyName", "name", 64),
        ("setMyDescription", "description", 512),
        ("setMyShortDescription", "short_description", 120),
    ]:
        with pytest.raises(Refusal, match="too long"):
            await bot(method, **{name: "x" * (limit + 1)})


async def test_only_so_many_messages_calls_and_files_are_remembered(
    bot: BotClient, sandbox: Sandbox, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_module, "MAX_MESSAGES", 3)
    for number in range(10):
        await bot("sendMessage", chat_id=ann.room.chat_id, text=str(number))
    assert [message["text"] for message in ann.room.messages.values()] == ["7", "8", "9"]
    assert sandbox.telegram.calls.maxlen
    files = sandbox.telegram.files
    first = await files.add_photo(jpeg(), from_bot=True)
    monkeypatch.setattr(files, "_max_bytes", 10_000)
    documents = [files.add_document(b"x" * 4000, name="a", mime="") for _ in range(5)]
    kept = [d for d in [*first, *documents] if files.find(d["file_unique_id"])]
    assert kept == documents[-2:]
    with pytest.raises(Refusal, match="wrong file identifier"):
        await bot("getFile", file_id=first[0]["file_id"])


async def test_a_request_beyond_the_limit_is_too_large(
    bot: BotClient, ann: Person, http: aiohttp.ClientSession
) -> None:
    async def endless() -> Any:
        for _ in range(110):
            yield b"x" * 1_000_000

    address = f"{bot.url}/bot{bot.token}/sendMessage"
    headers = {"Content-Type": "application/json"}
    async with http.post(address, data=endless(), headers=headers) as response:
        assert response.status == 413
        assert json.loads(await response.text())["ok"] is False
