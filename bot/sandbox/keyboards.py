"""The buttons a bot puts under its messages, checked."""

import re
from typing import Any

from bot.sandbox.params import Params
from bot.sandbox.refusals import bad_request

MAX_CALLBACK_BYTES = 64
MAX_BUTTONS, MAX_ROW = 100, 8
URL = re.compile(r"(?:https?://[^\s/]+|tg://)\S*", re.IGNORECASE)
ACTIONS = (
    "callback_data", "url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "web_app", "login_url", "pay",
)  # fmt: skip

Markup = dict[str, Any]


def read_markup(params: Params) -> Markup | None:
    """The keyboard in ``reply_markup``: inline or in place of the user's own, or None.

    Raises:
        Refused: it is no keyboard or one of its buttons breaks a limit.
    """
    markup = params.json("reply_markup")
    if markup is None or markup == {}:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = _rows(markup["inline_keyboard"])
        for button in (button for row in rows for button in row):
            _check_inline_button(button)
        return {"inline_keyboard": rows} if rows else None
    if "keyboard" in markup:
        return markup | {"keyboard": [[_as_button(b) for b in row] for row in markup["keyboard"]]}
    if markup.get("remove_keyboard") is True or markup.get("force_reply") is True:
        return markup
    raise bad_request("can't parse reply markup JSON object")


def inline_only(markup: Markup | None) -> Markup | None:
    """The same keyboard where only an inline one may stand."""
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    return markup


def button_at(markup: Markup, row: int, column: int) -> dict[str, Any]:
    """The inline button a user presses."""
    rows: list[list[dict[str, Any]]] = markup.get("inline_keyboard", [])
    if not (0 <= row < len(rows) and 0 <= column < len(rows[row])):
        raise bad_request("there is no such button")
    return rows[row][column]


def _rows(keyboard: Any) -> list[list[dict[str, Any]]]:
    if not isinstance(keyboard, list) or not all(isinstance(row, list) for row in keyboard):
        raise bad_request("inline keyboard must be an array of arrays")
    rows = [row for row in keyboard if row]
    if sum(map(len, rows)) > MAX_BUTTONS or any(len(row) > MAX_ROW for row in rows):
        raise bad_request("reply markup is too long")
    return rows


def _check_inline_button(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text") or "").strip():
        raise bad_request("can't parse inline keyboard button: text must be non-empty")
    actions = [action for action in ACTIONS if button.get(action) is not None]
    if len(actions) != 1:
        raise bad_request("text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not URL.fullmatch(str(url)):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def _as_button(button: Any) -> dict[str, Any]:
    button = {"text": button} if isinstance(button, str) else button
    if not isinstance(button, dict) or not button.get("text"):
        raise bad_request("can't parse keyboard button: text must be non-empty")
    return button
