"""The chat page over HTTP: its files, its live news, and what the person on it does."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.api import TELEGRAM
from bot.sandbox.feed import Event
from bot.sandbox.inline import Answer
from bot.sandbox.params import Params, read_params
from bot.sandbox.people import Attachment, Person, meant_for
from bot.sandbox.refusals import Refused, bad_request
from bot.sandbox.telegram import Call, Message, Room, Telegram

STATIC = Path(__file__).parent / "static"
MODULES = (
    "main.js", "server.js", "words.js", "messages.js", "composer.js", "inline.js", "dialogs.js",
)  # fmt: skip
PAGES = {
    "index.html": "text/html",
    "style.css": "text/css",
    "favicon.svg": "image/svg+xml",
    **dict.fromkeys(MODULES, "text/javascript"),
}
HEARTBEAT_S = 15
SHOWN_CALLS = 100
PICTURE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A position with a name; degrees."""

    title: str
    latitude: float
    longitude: float


YOU = web.AppKey("you", Person)
SPOTS = web.AppKey("spots", tuple[Spot, ...])
Action = Callable[[Telegram, Person, Params], Awaitable[Any]]


def add_routes(app: web.Application) -> None:
    """Serve the page at ``/``."""
    app.router.add_get("/", _page)
    app.router.add_get("/page/{name}", _page)
    app.router.add_get("/events", _events)
    app.router.add_get("/files/{unique_id}", _file)
    app.router.add_get("/offers/{query_id}/{result_id}", _offered_picture)
    app.router.add_post("/do/{action}", _do)


async def _page(request: web.Request) -> web.StreamResponse:
    name = request.match_info.get("name", "index.html")
    if name not in PAGES:
        raise web.HTTPNotFound
    content = await asyncio.to_thread((STATIC / name).read_bytes)
    return web.Response(body=content, content_type=PAGES[name], charset="utf-8", headers=HEADERS)


async def _file(request: web.Request) -> web.StreamResponse:
    """A picture to look at, or any other file to save."""
    key = request.match_info["unique_id"]
    file = request.app[TELEGRAM].files.find(key)
    if file is None:
        raise web.HTTPNotFound
    headers = HEADERS | {"Cache-Control": "max-age=3600"}
    if file.mime not in PICTURE_TYPES:
        headers["Content-Disposition"] = "attachment"
    mime = file.mime if file.mime in PICTURE_TYPES else "application/octet-stream"
    content = await asyncio.to_thread(file.read)
    return web.Response(body=content, content_type=mime, headers=headers)


async def _offered_picture(request: web.Request) -> web.StreamResponse:
    """The picture of an inline result that has it at an address; fetched now, as it is seen."""
    telegram = request.app[TELEGRAM]
    try:
        _, offer = telegram.inline.picked(**request.match_info)
        sizes = await telegram.files.photo_at(offer.thumbnail_url)
    except Refused as refused:
        raise web.HTTPNotFound from refused
    file = telegram.files.by_id(sizes[-1]["file_id"])
    content = await asyncio.to_thread(file.read)
    return web.Response(body=content, content_type=file.mime, headers=HEADERS)


async def _events(request: web.Request) -> web.StreamResponse:
    """Server-sent events: first everything there is, then what happens."""
    telegram, you = request.app[TELEGRAM], request.app[YOU]
    response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
    with telegram.feed.subscribe() as queue, suppress(ConnectionError):  # the page is closed
        await response.prepare(request)
        spots = [asdict(spot) for spot in request.app[SPOTS]]
        await response.write(_encoded("state", {**_state(telegram, you), "spots": spots}))
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    event = await queue.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if event is None:
                break
            if (content := _shown(telegram, you, event)) is not None:
                await response.write(_encoded(event.kind, content))
    return response


def _encoded(kind: str, content: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()


def _state(telegram: Telegram, you: Person) -> dict[str, Any]:
    return {
        "you": you.user,
        "bot": telegram.bot,
        "rooms": [
            {
                "chat": room.chat,
                "messages": [_seen(telegram, message) for message in room.messages.values()],
                "keyboard": room.keyboard,
                "menu": telegram.menu(room, you.user.get("language_code", "")),
            }
            for room in (you.room, telegram.group)
        ],
        "calls": [_call(call) for call in list(telegram.calls)[-SHOWN_CALLS:]],
    }


def _shown(telegram: Telegram, you: Person, event: Event) -> Any:
    """An event as the page is told of it; None when it concerns other chats."""
    content = event.content
    match event.kind:
        case "call":
            return _call(content)
        case "menu":
            return _state(telegram, you)
        case "message" | "edited":
            content, chat_id = _seen(telegram, content), content["chat"]["id"]
        case _:
            chat_id = content["chat_id"]
    return content if chat_id in {you.room.chat_id, telegram.group.chat_id} else None


def _seen(telegram: Telegram, message: Message) -> Message:
    """A message, marked when privacy mode hides it from the bot."""
    here = message["chat"]["id"] == telegram.group.chat_id
    hidden = here and message["from"] != telegram.bot and not meant_for(telegram.bot, message)
    return message | {"unseen": True} if hidden else message


def _call(call: Call) -> dict[str, Any]:
    return {
        "method": call.method,
        "status": call.status,
        "description": call.description,
        "took_ms": round(call.took_ms),
    }


async def _do(request: web.Request) -> web.StreamResponse:
    """Let the person do something; refusals come as 400 with a ``description``."""
    telegram, you = request.app[TELEGRAM], request.app[YOU]
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden  # another site in the same browser
    action = ACTIONS.get(request.match_info["action"])
    if action is None:
        raise web.HTTPNotFound
    try:
        result = await action(telegram, you, await read_params(request))
    except Refused as refused:
        return web.json_response({"description": refused.description}, status=refused.code)
    return web.json_response(result)


def _room(telegram: Telegram, you: Person, params: Params) -> Room:
    chat_id = params.integer("chat_id")
    for room in (you.room, telegram.group):
        if room.chat_id == chat_id:
            return room
    raise bad_request("chat not found")


async def _send(telegram: Telegram, you: Person, params: Params) -> None:
    room, text = _room(telegram, you, params), params.text("text")
    reply_to = params.integer("reply_to", 0) or None
    uploads = list(params.uploads.values())
    if not uploads:
        await you.say(text, room=room, reply_to=reply_to)
    elif params.boolean("as_files"):
        files = [Attachment(upload.content, upload.name, upload.mime) for upload in uploads]
        await you.send_files(files, text, room=room, reply_to=reply_to)
    else:
        photos = [upload.content for upload in uploads]
        await you.send_photos(photos, text, room=room, reply_to=reply_to)


async def _location(telegram: Telegram, you: Person, params: Params) -> None:
    latitude = params.number("latitude", lowest=-90, highest=90)
    longitude = params.number("longitude", lowest=-180, highest=180)
    if moved := params.integer("moved", 0):
        await you.move(moved, latitude, longitude)
    else:
        room = _room(telegram, you, params)
        await you.send_location(latitude, longitude, live=params.boolean("live"), room=room)


async def _press(telegram: Telegram, you: Person, params: Params) -> Mapping[str, Any] | None:
    row, column = params.integer("row"), params.integer("column")
    return await you.press(params.integer("message_id"), row, column)


async def _inline(telegram: Telegram, you: Person, params: Params) -> dict[str, Any]:
    room = _room(telegram, you, params)
    query_id, answer = await you.ask_inline(params.text("query"), params.text("offset"), room=room)
    in_time = answer is not None
    answer = answer or Answer()
    return {
        "query_id": query_id,
        "in_time": in_time,
        "results": [
            {"id": offer.result_id, "by_address": bool(offer.thumbnail_url), **offer.view}
            for offer in answer.offers
        ],
        "next_offset": answer.next_offset,
        "button": answer.button,
    }


async def _pick(telegram: Telegram, you: Person, params: Params) -> None:
    room = _room(telegram, you, params)
    await you.pick(params.required("query_id"), params.required("result_id"), room=room)


async def _language(telegram: Telegram, you: Person, params: Params) -> None:
    you.speak(params.required("code"))
    telegram.feed.publish("menu", None)


ACTIONS: Mapping[str, Action] = {
    "send": _send,
    "location": _location,
    "press": _press,
    "inline": _inline,
    "pick": _pick,
    "language": _language,
}
