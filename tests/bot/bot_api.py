"""A Bot API server for tests: what a real process talks to over HTTP, as strict as Telegram."""

import asyncio
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from PIL import Image

from tests.bot.html_text import visible_text

MAX_TEXT, MAX_CAPTION = 4096, 1024
USER = {"id": 42, "is_bot": True, "first_name": "Guide", "username": "guide_bot"}


class Refused(Exception):
    """An answer that is not ok."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass
class Sent:
    """One message or album as users see it: texts without markup, pictures as bytes."""

    method: str
    fields: Mapping[str, Any]
    texts: list[str] = field(default_factory=list)  # the text, or the captions
    pictures: list[bytes] = field(default_factory=list)


class BotApi:
    """Serves one bot on a local port inside ``async with``."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.url = ""
        self.calls: list[str] = []  # methods in the order they came
        self.sent: asyncio.Queue[Sent] = asyncio.Queue()
        self.menus: dict[str, list[Any]] = {}  # language -> commands
        self.files_open = asyncio.Event()  # getFile waits for it
        self.files_open.set()
        self.file_asked = asyncio.Event()
        self.refusals: dict[str, list[Refused]] = {}  # method -> what it answers next
        self._updates: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._files: dict[str, bytes] = {}
        self._numbers = count(1)

    def tell(self, *, language: str, chat: str = "private", **content: Any) -> int:
        """Let a user send a message; returns its id."""
        message_id = next(self._numbers)
        message = {
            "message_id": message_id,
            "date": int(time.time()),
            "chat": {"id": 7, "type": chat},
            "from": {"id": 7, "is_bot": False, "first_name": "Ann", "language_code": language},
            **content,
        }
        self._updates.append({"update_id": next(self._numbers), "message": message})
        self._news.set()
        return message_id

    def photo(self, content: bytes) -> list[dict[str, Any]]:
        """What a message says of a photo whose largest size has these bytes."""
        file_id = self._keep(content)
        width, height = Image.open(io.BytesIO(content)).size
        about = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": len(content)}
        return [{**about, "width": width, "height": height}]

    @property
    def unconfirmed(self) -> list[int]:
        """Ids of the updates that would be given to the bot when it asks next."""
        return [update["update_id"] for update in self._updates]

    async def answer(self) -> Sent:
        """The next message or album the user gets."""
        async with asyncio.timeout(60):
            return await self.sent.get()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=100_000_000)
        app.router.add_route("*", "/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.files_open.set()
        await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        self.calls.append(name)
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            method = getattr(self, f"_on_{name.lower()}", None)
            if method is None:
                raise Refused(404, "Not Found: method not found")
            if waiting := self.refusals.get(name):
                raise waiting.pop(0)
            form = await request.post()
            texts = {key: value for key, value in form.items() if isinstance(value, str)}
            files = {
                key: value.file.read()
                for key, value in form.items()
                if isinstance(value, web.FileField)
            }
            result = await method(texts, files)
        except Refused as refused:
            content = {"ok": False, "error_code": refused.code, "description": refused.description}
            if refused.parameters:
                content["parameters"] = refused.parameters
            return web.json_response(content, status=refused.code)
        return web.json_response({"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.Response:
        if request.match_info["token"] != self.token:
            return web.Response(status=401)
        content = self._files.get(request.match_info["path"].removeprefix("photos/"))
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def _on_getme(self, fields: Mapping[str, str], files: Mapping[str, bytes]) -> Any:
        return USER

    async def _on_deletewebhook(self, fields: Mapping[str, str], files: Mapping[str, bytes]) -> Any:
        return True

    async def _on_setmycommands(self, fields: Mapping[str, str], files: Mapping[str, bytes]) -> Any:
        self.menus[fields.get("language_code", "")] = json.loads(fields["commands"])
        return True

    async def _on_sendchataction(
        self, fields: Mapping[str, str], files: Mapping[str, bytes]
    ) -> Any:
        if fields["action"] not in {"typing", "upload_photo"}:
            raise Refused(400, "Bad Request: wrong parameter action in request")
        return True

    async def _on_getupdates(self, fields: Mapping[str, str], files: Mapping[str, bytes]) -> Any:
        offset = int(fields.get("offset", 0))
        self._updates = [u for u in self._updates if u["update_id"] >= offset]
        if not self._updates:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), float(fields.get("timeout", 0)))
            except TimeoutError:
                return []
        return self._updates[: int(fields.get("limit", 100))]

    async def _on_getfile(self, fields: Mapping[str, str], files: Mapping[str, bytes]) -> Any:
        self.file_asked.set()
        await self.files_open.wait()
        file_id = fields["file_id"]
        if file_id not in self._files:
            raise Refused(400, "Bad Request: invalid file_id")
        if len(self._files[file_id]) > 20 * 1024 * 1024:
            raise Refused(400, "Bad Request: file is too big")
        return {"file_id": file_id, "file_unique_id": file_id, "file_path": f"photos/{file_id}"}

    async def _on_sendmessage(self, fields: Mapping[str, str], files: Mapping[str, bytes]) -> Any:
        text = _visible(fields, fields.get("text", ""), MAX_TEXT)
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        self.sent.put_nowait(Sent("sendMessage", fields, [text]))
        return self._message(fields, text=text)

    async def _on_sendphoto(self, fields: Mapping[str, str], files: Mapping[str, bytes]) -> Any:
        caption = _visible(fields, fields.get("caption", ""), MAX_CAPTION)
        file_id, picture = self._picture(fields["photo"], files)
        self.sent.put_nowait(Sent("sendPhoto", fields, [caption], [picture]))
        return self._message(fields, photo=_sizes(file_id, picture), caption=caption)

    async def _on_sendmediagroup(
        self, fields: Mapping[str, str], files: Mapping[str, bytes]
    ) -> Any:
        media = json.loads(fields["media"])
        if not 2 <= len(media) <= 10:
            raise Refused(400, "Bad Request: an album has from 2 to 10 items")
        sent, messages = Sent("sendMediaGroup", fields), []
        for item in media:
            if item["type"] != "photo":
                raise Refused(400, "Bad Request: not a photo")
            caption = _visible(item, item.get("caption", ""), MAX_CAPTION)
            file_id, picture = self._picture(item["media"], files)
            sent.texts.append(caption)
            sent.pictures.append(picture)
            messages.append(self._message(fields, photo=_sizes(file_id, picture), caption=caption))
        self.sent.put_nowait(sent)
        return messages

    def _picture(self, reference: str, files: Mapping[str, bytes]) -> tuple[str, bytes]:
        """The file_id and bytes of an uploaded picture, or of one uploaded earlier."""
        name = reference.removeprefix("attach://")
        if name == reference:
            if name not in self._files:
                raise Refused(400, "Bad Request: wrong file identifier/HTTP URL specified")
            return name, self._files[name]
        picture = files.get(name, b"")
        try:
            Image.open(io.BytesIO(picture)).load()
        except OSError as error:
            raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED") from error
        return self._keep(picture), picture

    def _keep(self, content: bytes) -> str:
        file_id = f"file-{next(self._numbers)}"
        self._files[file_id] = content
        return file_id

    def _message(self, fields: Mapping[str, str], **content: Any) -> dict[str, Any]:
        return {
            "message_id": next(self._numbers),
            "date": int(time.time()),
            "chat": {"id": int(fields["chat_id"]), "type": "private"},
            "from": USER,
            **content,
        }


def _visible(fields: Mapping[str, Any], markup: str, limit: int) -> str:
    try:
        text = visible_text(markup) if fields.get("parse_mode") == "HTML" else markup
    except ValueError as error:
        raise Refused(400, f"Bad Request: {error}") from error
    if len(text.encode("utf-16-le")) // 2 > limit:
        raise Refused(400, "Bad Request: text is too long")
    return text


def _sizes(file_id: str, picture: bytes) -> list[dict[str, Any]]:
    width, height = Image.open(io.BytesIO(picture)).size
    return [{"file_id": file_id, "file_unique_id": file_id, "width": width, "height": height}]
