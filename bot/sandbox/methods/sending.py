"""What a bot sends."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.files import StoredFile
from bot.sandbox.keyboards import read_markup
from bot.sandbox.markup import MAX_CAPTION, MAX_TEXT, read_formatted
from bot.sandbox.params import Params
from bot.sandbox.refusals import bad_request
from bot.sandbox.telegram import Message, Room, Telegram

MIN_ALBUM, MAX_ALBUM = 2, 10
MAX_TITLE = 256
FOREVER = 0x7FFFFFFF  # live_period of a location without end
CHAT_ACTIONS = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
        "upload_document", "choose_sticker", "find_location", "record_video_note",
        "upload_video_note",
    }
)  # fmt: skip


async def send_message(telegram: Telegram, params: Params) -> Message:
    """A text of 1 to 4096 characters."""
    room = telegram.room_for_bot(params.text("chat_id"))
    text = read_formatted(params, "text", MAX_TEXT)
    if not text.text:
        raise bad_request("message text is empty")
    return _deliver(telegram, room, params, text.as_fields("text"))


async def send_photo(telegram: Telegram, params: Params) -> Message:
    """A photo: uploaded, sent before, or at a public address."""
    room = telegram.room_for_bot(params.text("chat_id"))
    content = await read_photo(telegram, params, "photo")
    return _deliver(telegram, room, params, content)


async def send_document(telegram: Telegram, params: Params) -> Message:
    """A file: uploaded or sent before."""
    room = telegram.room_for_bot(params.text("chat_id"))
    content = _read_document(telegram, params, "document")
    return _deliver(telegram, room, params, content)


async def send_media_group(telegram: Telegram, params: Params) -> list[Message]:
    """An album of 2 to 10 photos, or as many files; all of it or nothing."""
    room = telegram.room_for_bot(params.text("chat_id"))
    items = [params.nested(item) for item in params.items("media")]
    if not MIN_ALBUM <= len(items) <= MAX_ALBUM:
        few = len(items) < MIN_ALBUM
        raise bad_request(f"too {'few' if few else 'many'} messages to send as an album")
    kinds = {item.text("type") for item in items}
    if kinds == {"photo"}:
        contents = [await read_photo(telegram, item, "media") for item in items]
    elif kinds == {"document"}:
        contents = [_read_document(telegram, item, "media") for item in items]
    else:
        raise bad_request("can't parse media: an album here is of photos or of documents alone")
    reply = _reply(telegram, room, params)
    album = {"media_group_id": telegram.new_album_id()}
    return [telegram.post(room, telegram.bot, reply | album | content) for content in contents]


async def send_location(telegram: Telegram, params: Params) -> Message:
    """A point on the map, perhaps a live one."""
    room = telegram.room_for_bot(params.text("chat_id"))
    location: dict[str, Any] = read_point(params)
    if live_period := params.integer("live_period", 0):
        if live_period != FOREVER and not 60 <= live_period <= 86400:
            raise bad_request("wrong live location period specified")
        location["live_period"] = live_period
    return _deliver(telegram, room, params, {"location": location})


async def send_venue(telegram: Telegram, params: Params) -> Message:
    """A point on the map with a title and an address."""
    room = telegram.room_for_bot(params.text("chat_id"))
    return _deliver(telegram, room, params, read_venue(params))


async def send_chat_action(telegram: Telegram, params: Params) -> bool:
    """What the bot is busy with; shown for 5 seconds or until its next message."""
    room = telegram.room_for_bot(params.text("chat_id"))
    action = params.text("action")
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    telegram.feed.publish("action", {"chat_id": room.chat_id, "action": action})
    return True


async def read_photo(telegram: Telegram, params: Params, name: str) -> dict[str, Any]:
    """The photo in a parameter with its caption, as fields of a message."""
    caption = read_formatted(params, "caption", MAX_CAPTION).as_fields("caption")
    picture = _upload(params, name)
    source = params.text(name)
    if picture is None and source.startswith(("http://", "https://")):
        sizes = await telegram.files.photo_at(source)
    elif picture is not None:
        sizes = await telegram.files.add_photo(picture, from_bot=True)
    else:
        sizes = list(_stored(telegram, source, "photo").sizes)
    return {"photo": sizes, **caption}


def read_point(params: Params) -> dict[str, Any]:
    """A position in degrees."""
    return {
        "latitude": params.number("latitude", lowest=-90, highest=90),
        "longitude": params.number("longitude", lowest=-180, highest=180),
    }


def read_venue(params: Params) -> dict[str, Any]:
    """A venue and its location, as fields of a message."""
    location = read_point(params)
    title, address = params.required("title"), params.required("address")
    if len(title) > MAX_TITLE or len(address) > MAX_TITLE:
        raise bad_request("venue title or address is too long")
    venue = {"location": location, "title": title, "address": address}
    return {"venue": venue, "location": location}


def _deliver(telegram: Telegram, room: Room, params: Params, content: Mapping[str, Any]) -> Message:
    markup = read_markup(params)
    fields = {**_reply(telegram, room, params), **content}
    if markup and "inline_keyboard" in markup:
        fields["reply_markup"] = markup
    elif markup:
        room.keyboard = markup if "keyboard" in markup else None
        telegram.feed.publish("keyboard", {"chat_id": room.chat_id, "keyboard": room.keyboard})
    return telegram.post(room, telegram.bot, fields)


def _reply(telegram: Telegram, room: Room, params: Params) -> dict[str, Any]:
    reply = params.nested(params.json("reply_parameters", {}))
    if not reply.values:
        return {}
    quoted = telegram.quoted(room, reply.integer("message_id"))
    if quoted is None and not reply.boolean("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return {"reply_to_message": quoted} if quoted else {}


def _read_document(telegram: Telegram, params: Params, name: str) -> dict[str, Any]:
    caption = read_formatted(params, "caption", MAX_CAPTION).as_fields("caption")
    content = _upload(params, name)
    if content is None:
        file = _stored(telegram, params.text(name), "document")
        about = {
            "file_id": file.file_id,
            "file_unique_id": file.unique_id,
            "file_size": file.size,
            "file_name": file.name,
            "mime_type": file.mime,
        }
    else:
        upload = params.uploads[params.text(name, f"attach://{name}").removeprefix("attach://")]
        about = telegram.files.add_document(content, name=upload.name, mime=upload.mime)
    return {"document": about, **caption}


def _upload(params: Params, name: str) -> bytes | None:
    """The bytes that came for a parameter, itself a file or naming one; None if neither."""
    source = params.text(name)
    key = source.removeprefix("attach://") if source else name
    if source == key and source:
        return None
    if key not in params.uploads:
        raise bad_request(f"there is no {name} in the request")
    return params.uploads[key].content


def _stored(telegram: Telegram, file_id: str, kind: str) -> StoredFile:
    file = telegram.files.by_id(file_id)
    if file.kind != kind:
        types = f"type {file.kind.title()} as {kind.title()}"
        raise bad_request(f"can't use file of {types}")
    return file
