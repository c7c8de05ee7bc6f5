"""What a bot asks and sets about itself: identity, updates, command menu, files."""

import re
from typing import Any

from bot.sandbox.files import MAX_DOWNLOAD_BYTES
from bot.sandbox.params import Params
from bot.sandbox.refusals import bad_request
from bot.sandbox.telegram import Telegram

MAX_COMMANDS = 100
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
MAX_DESCRIPTION = 256
LANGUAGE = re.compile(r"([a-z]{2})?")
SCOPES = frozenset({"default", "all_private_chats", "all_group_chats", "all_chat_administrators"})
CHAT_SCOPES = frozenset({"chat", "chat_administrators"})
PROFILE_LIMITS = {"name": 64, "description": 512, "short_description": 120}


async def get_me(telegram: Telegram, params: Params) -> dict[str, Any]:
    """The bot itself, in privacy mode and with inline mode switched on."""
    return telegram.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": True,
    }


async def get_updates(telegram: Telegram, params: Params) -> list[dict[str, Any]]:
    """Long polling."""
    return await telegram.updates.take(params)


async def set_webhook(telegram: Telegram, params: Params) -> bool:
    """Where to deliver updates instead."""
    return await telegram.updates.set_webhook(params)


async def delete_webhook(telegram: Telegram, params: Params) -> bool:
    """Back to long polling."""
    return await telegram.updates.delete_webhook(params)


async def get_webhook_info(telegram: Telegram, params: Params) -> dict[str, Any]:
    """How the delivery goes."""
    return telegram.updates.webhook_info()


async def set_my_commands(telegram: Telegram, params: Params) -> bool:
    """The command menu of one scope and language."""
    commands = params.items("commands")
    if not 1 <= len(commands) <= MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH" if commands else "BOT_COMMANDS_EMPTY")
    menu = []
    for command in map(params.nested, commands):
        if not COMMAND.fullmatch(command.text("command")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command.text("description")) <= MAX_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        menu.append({name: command.text(name) for name in ("command", "description")})
    telegram.menus[_menu_key(telegram, params)] = menu
    telegram.feed.publish("menu", None)
    return True


async def get_my_commands(telegram: Telegram, params: Params) -> list[dict[str, str]]:
    """The menu set for exactly this scope and language."""
    return telegram.menus.get(_menu_key(telegram, params), [])


async def delete_my_commands(telegram: Telegram, params: Params) -> bool:
    """No menu for this scope and language."""
    telegram.menus.pop(_menu_key(telegram, params), None)
    telegram.feed.publish("menu", None)
    return True


async def set_my_name(telegram: Telegram, params: Params) -> bool:
    """The bot's name in one language."""
    return _set_profile(telegram, params, "name")


async def set_my_description(telegram: Telegram, params: Params) -> bool:
    """What an empty chat with the bot says."""
    return _set_profile(telegram, params, "description")


async def set_my_short_description(telegram: Telegram, params: Params) -> bool:
    """What the bot's profile says."""
    return _set_profile(telegram, params, "short_description")


async def get_chat(telegram: Telegram, params: Params) -> dict[str, Any]:
    """A chat the bot can write to."""
    return telegram.room_for_bot(params.text("chat_id")).chat


async def get_file(telegram: Telegram, params: Params) -> dict[str, Any]:
    """Where a file of at most 20 MB can be fetched."""
    if not (file_id := params.text("file_id")):
        raise bad_request("file_id not specified")
    file = telegram.files.by_id(file_id)
    if file.size > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": file.file_path,
    }


def _set_profile(telegram: Telegram, params: Params, field: str) -> bool:
    text = params.text(field)
    if len(text) > PROFILE_LIMITS[field]:
        raise bad_request(f"{field} is too long")
    telegram.profile[field, _language(params)] = text
    return True


def _menu_key(telegram: Telegram, params: Params) -> tuple[str, str]:
    scope = params.nested(params.json("scope", {}))
    kind = scope.text("type", "default")
    if kind in CHAT_SCOPES:
        kind = f"{kind} {telegram.room_for_bot(scope.text('chat_id')).chat_id}"
    elif kind not in SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    return kind, _language(params)


def _language(params: Params) -> str:
    code = params.text("language_code")
    if not LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code
