"""What a bot answers to a pressed button and to an inline query."""

from typing import Any

from bot.sandbox.fetching import is_web_address
from bot.sandbox.inline import DEFAULT_CACHE_S, Answer, Offer
from bot.sandbox.keyboards import inline_only, read_markup
from bot.sandbox.markup import MAX_CAPTION, MAX_TEXT, read_formatted, utf16_length
from bot.sandbox.methods.sending import read_photo, read_point, read_venue
from bot.sandbox.params import Params
from bot.sandbox.refusals import bad_request
from bot.sandbox.telegram import Telegram

MAX_RESULTS = 50
MAX_ID_BYTES = 64
MAX_OFFSET_BYTES = 64
MAX_CALLBACK_TEXT = 200


async def answer_callback_query(telegram: Telegram, params: Params) -> bool:
    """End the waiting of a person who pressed a button, perhaps with a notice."""
    text = params.text("text")
    if utf16_length(text) > MAX_CALLBACK_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    waiting = telegram.callbacks.get(params.text("callback_query_id"))
    if waiting is None or waiting.done():
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    answer = {"text": text, "show_alert": params.boolean("show_alert"), "url": params.text("url")}
    waiting.set_result(answer)
    return True


async def answer_inline_query(telegram: Telegram, params: Params) -> bool:
    """Offer up to 50 results for an inline query."""
    results = [params.nested(result) for result in params.items("results")]
    if len(results) > MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    ids = [result.text("id") for result in results]
    if len(set(ids)) < len(ids):
        raise bad_request("RESULT_ID_DUPLICATE")
    if not all(1 <= len(result_id.encode()) <= MAX_ID_BYTES for result_id in ids):
        raise bad_request("RESULT_ID_INVALID")
    next_offset = params.text("next_offset")
    if len(next_offset.encode()) > MAX_OFFSET_BYTES:
        raise bad_request("NEXT_OFFSET_INVALID")
    answer = Answer(
        offers=tuple([await _offer(telegram, result) for result in results]),
        next_offset=next_offset,
        button=_button(params),
        cache_s=params.integer("cache_time", DEFAULT_CACHE_S),
        personal=params.boolean("is_personal"),
    )
    telegram.inline.answer(params.text("inline_query_id"), answer)
    return True


async def _offer(telegram: Telegram, result: Params) -> Offer:
    view = {name: result.text(name) for name in ("title", "description") if result.text(name)}
    thumbnail_url = photo_url = ""
    match result.text("type"):
        case "photo":
            if result.text("photo_file_id"):
                message = await read_photo(telegram, result, "photo_file_id")
                view["photo"] = message["photo"]
            else:
                photo_url, thumbnail_url = _addresses(result)
                message = read_formatted(result, "caption", MAX_CAPTION).as_fields("caption")
        case "article":
            message = {}
            if not view.get("title"):
                raise bad_request("ARTICLE_TITLE_EMPTY")
        case "location":
            message = {"location": read_point(result)}
        case "venue":
            message = read_venue(result)
        case other:
            raise bad_request(f"can't parse inline query result: unsupported type {other}")
    if said := result.json("input_message_content"):
        message, photo_url = _input_message(result.nested(said)), ""
    elif not message and not photo_url:
        raise bad_request("input message content is required")
    if markup := inline_only(read_markup(result)):
        message["reply_markup"] = markup
    view = {"type": result.text("type"), **view}
    return Offer(result.text("id"), view, message, thumbnail_url, photo_url)


def _addresses(result: Params) -> tuple[str, str]:
    """Where a photo and its thumbnail are; they are not looked at yet."""
    if not result.text("thumbnail_url"):
        raise bad_request("PHOTO_THUMB_URL_EMPTY")
    addresses = result.text("photo_url"), result.text("thumbnail_url")
    if not all(map(is_web_address, addresses)):
        raise bad_request("WEBDOCUMENT_URL_INVALID")
    return addresses


def _input_message(content: Params) -> dict[str, Any]:
    if content.text("message_text"):
        as_text = {**content.values, "text": content.text("message_text")}
        return read_formatted(content.nested(as_text), "text", MAX_TEXT).as_fields("text")
    if content.text("title"):
        return read_venue(content)
    if content.text("latitude"):
        return {"location": read_point(content)}
    raise bad_request("can't parse input message content")


def _button(params: Params) -> dict[str, Any] | None:
    button = params.json("button")
    if button is None:
        return None
    if not button.get("text") or not 1 <= len(str(button.get("start_parameter") or "")) <= 64:
        raise bad_request("START_PARAM_INVALID")
    return {"text": button["text"], "start_parameter": button["start_parameter"]}
