"""The Bot API over HTTP: addresses, token, envelope, faults."""

import asyncio
import json
import re
from collections.abc import Mapping
from time import monotonic
from typing import Any

from aiohttp import web

from bot.sandbox.faults import Fault, Trouble
from bot.sandbox.methods import METHODS
from bot.sandbox.params import Params, read_params
from bot.sandbox.refusals import Refused, too_many_requests
from bot.sandbox.telegram import Call, Telegram

TELEGRAM = web.AppKey("telegram", Telegram)
TOKEN_FORM = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>"
)
COUNTED = frozenset(
    {
        "sendmessage", "sendphoto", "senddocument", "sendmediagroup", "sendlocation", "sendvenue",
    }
)  # fmt: skip
LEFT = 499  # a status nobody gets to see
UNRECORDED = frozenset({"getupdates"})  # one every few seconds, as long as the bot lives


def add_routes(app: web.Application) -> None:
    """Serve the Bot API below ``/bot<token>/`` and its files below ``/file/bot<token>/``."""
    app.router.add_route("*", "/bot{token}/{method}", _call)
    app.router.add_get("/file/bot{token}/{path:.+}", _download)


async def _call(request: web.Request) -> web.StreamResponse:
    telegram, name = request.app[TELEGRAM], request.match_info["method"]
    began, params = monotonic(), Params({}, {})
    status, description, result = 500, "Internal Server Error", None
    try:
        _check_token(telegram, request.match_info["token"])
        await telegram.faults.waiting_over(name)
        fault = telegram.faults.next_for(name)
        if fault and (broken := await _before(request, fault)):
            status, description = 502, fault.trouble
            return broken
        params = await read_params(request)
        result = await _perform(telegram, name.lower(), params)
        status, description = 200, ""
        if fault and (broken := _after(request, fault, result)):
            return broken
    except Refused as refused:
        status, description = refused.code, refused.description
        return _refusal(refused)
    except ConnectionError:  # the bot was stopped while it sent a photo
        status, description = LEFT, "the bot left"
        return web.Response(status=LEFT)
    finally:
        if name.lower() not in UNRECORDED:
            took_ms = (monotonic() - began) * 1000
            fields = params.values
            telegram.record(Call(name, fields, status, description, result, began, took_ms))
    return web.json_response({"ok": True, "result": result})


async def _perform(telegram: Telegram, name: str, params: Params) -> Any:
    method = METHODS.get(name)
    if method is None:
        raise Refused(404, "Not Found: method not found")
    if name in COUNTED:
        room = telegram.room_for_bot(params.text("chat_id"))
        telegram.gate.count(room.chat_id, max(1, len(params.items("media"))))
    return await method(telegram, params)


async def _download(request: web.Request) -> web.StreamResponse:
    telegram = request.app[TELEGRAM]
    try:
        _check_token(telegram, request.match_info["token"])
        await telegram.faults.waiting_over("download")
        fault = telegram.faults.next_for("download")
        file = telegram.files.find(request.match_info["path"])
        if file is None or "/" not in request.match_info["path"]:
            raise Refused(404, "Not Found")
        if fault and (broken := await _before(request, fault)):
            return broken
        content = await asyncio.to_thread(file.read)
        if fault and (broken := _after(request, fault, None)):
            return broken
    except Refused as refused:
        return _refusal(refused)
    return web.Response(body=content, content_type="application/octet-stream")


def _check_token(telegram: Telegram, token: str) -> None:
    if not TOKEN_FORM.fullmatch(token):
        raise Refused(404, "Not Found")
    if token != telegram.token:
        raise Refused(401, "Unauthorized")


def _refusal(refused: Refused) -> web.Response:
    content: dict[str, Any] = {
        "ok": False,
        "error_code": refused.code,
        "description": refused.description,
    }
    if refused.parameters:
        content["parameters"] = refused.parameters
    return web.json_response(content, status=refused.code)


async def _before(request: web.Request, fault: Fault) -> web.StreamResponse | None:
    """What goes wrong before the request takes effect; None lets it."""
    match fault.trouble:
        case Trouble.FLOOD:
            raise too_many_requests(round(fault.seconds))
        case Trouble.REFUSED if fault.refusal:
            raise fault.refusal
        case Trouble.SLOW:
            await asyncio.sleep(fault.seconds)
            return None
    return None if fault.delivered else _broken(request, fault.trouble, {"ok": True})


def _after(request: web.Request, fault: Fault, result: Any) -> web.StreamResponse | None:
    """What goes wrong although the request took effect."""
    return _broken(request, fault.trouble, {"ok": True, "result": result})


def _broken(
    request: web.Request, trouble: Trouble, answer: Mapping[str, Any]
) -> web.StreamResponse | None:
    match trouble:
        case Trouble.BAD_GATEWAY:
            return web.Response(status=502, text=BAD_GATEWAY, content_type="text/html")
        case Trouble.CUT_JSON:
            text = json.dumps(answer)
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        case Trouble.RESET:
            if request.transport:
                request.transport.abort()
            return web.Response()
    return None
