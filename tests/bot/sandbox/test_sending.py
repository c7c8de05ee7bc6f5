"""What a bot sends, and what it must not."""

import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.sandbox.people import Person
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.conftest import BotClient, Refusal, Site, jpeg


async def test_the_text_limit_counts_what_is_left_of_the_markup(
    bot: BotClient, ann: Person
) -> None:
    chat_id = ann.room.chat_id
    longest = "<b>" + "я" * 4096 + "</b>"
    sent = await bot("sendMessage", chat_id=chat_id, text=longest, parse_mode="HTML")
    assert sent["text"] == "я" * 4096
    assert sent["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]
    with pytest.raises(Refusal, match="message is too long"):
        await bot("sendMessage", chat_id=chat_id, text="я" * 4097)
    with pytest.raises(Refusal, match="message is too long"):
        await bot("sendMessage", chat_id=chat_id, text="🏛" * 2049)  # two units each


async def test_the_caption_limit_holds_in_albums_too(bot: BotClient, ann: Person) -> None:
    chat_id = ann.room.chat_id
    await bot("sendPhoto", chat_id=chat_id, photo=jpeg(), caption="c" * 1024)
    with pytest.raises(Refusal, match="caption is too long"):
        await bot("sendPhoto", chat_id=chat_id, photo=jpeg(), caption="c" * 1025)
    media = [{"type": "photo", "media": "attach://a", "caption": "c" * n} for n in (1, 1025)]
    with pytest.raises(Refusal, match="caption is too long"):
        await bot("sendMediaGroup", chat_id=chat_id, media=media, a=jpeg())


@pytest.mark.parametrize(
    ("text", "mode"), [("", ""), ("  \n", ""), ("<b> </b>", "HTML"), ("&#32;", "HTML")]
)
async def test_an_empty_text_is_refused(bot: BotClient, ann: Person, text: str, mode: str) -> None:
    with pytest.raises(Refusal, match="message text is empty"):
        await bot("sendMessage", chat_id=ann.room.chat_id, text=text, parse_mode=mode)


@pytest.mark.parametrize("count", [0, 1, 11])
async def test_an_album_has_from_2_to_10_items(bot: BotClient, ann: Person, count: int) -> None:
    media = [{"type": "photo", "media": "attach://a"}] * count
    with pytest.raises(Refusal, match="messages to send as an album"):
        await bot("sendMediaGroup", chat_id=ann.room.chat_id, media=media, a=jpeg())


async def test_an_album_arrives_as_messages_of_one_group(bot: BotClient, ann: Person) -> None:
    media = [{"type": "photo", "media": "attach://a", "caption": str(n)} for n in range(10)]
    sent = await bot("sendMediaGroup", chat_id=ann.room.chat_id, media=media, a=jpeg())
    assert [message["caption"] for message in sent] == [str(n) for n in range(10)]
    assert len({message["media_group_id"] for message in sent}) == 1
    assert len({message["message_id"] for message in sent}) == 10


async def test_a_refused_album_leaves_nothing_behind(bot: BotClient, ann: Person) -> None:
    media = [{"type": "photo", "media": "attach://a"}, {"type": "photo", "media": "nonsense"}]
    before = len(ann.room.messages)
    with pytest.raises(Refusal, match="wrong file identifier"):
        await bot("sendMediaGroup", chat_id=ann.room.chat_id, media=media, a=jpeg())
    assert len(ann.room.messages) == before


async def test_an_upload_can_be_sent_again_by_any_of_its_ids(bot: BotClient, ann: Person) -> None:
    first = await bot("sendPhoto", chat_id=ann.room.chat_id, photo=jpeg(size=(900, 600)))
    assert [size["width"] for size in first["photo"]] == [320, 900]
    for size in first["photo"]:
        again = await bot("sendPhoto", chat_id=ann.room.chat_id, photo=size["file_id"])
        assert again["photo"] == first["photo"]


async def test_foreign_ids_are_refused(bot: BotClient, ann: Person) -> None:
    chat_id = ann.room.chat_id
    photo = await bot("sendPhoto", chat_id=chat_id, photo=jpeg())
    with pytest.raises(Refusal, match="wrong file identifier"):
        await bot("sendPhoto", chat_id=chat_id, photo=photo["photo"][0]["file_unique_id"])
    async with Sandbox() as other, aiohttp.ClientSession() as http:
        bob = other.person("Bob")
        await bob.say("hi")
        foreign = BotClient(http, other.url, other.token)
        with pytest.raises(Refusal, match="wrong file identifier"):
            await foreign("sendPhoto", chat_id=bob.room.chat_id, photo=photo["photo"][0]["file_id"])
    document = await bot("sendDocument", chat_id=chat_id, document=b"%PDF-1.4")
    with pytest.raises(Refusal, match="type Document as Photo"):
        await bot("sendPhoto", chat_id=chat_id, photo=document["document"]["file_id"])


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (jpeg(size=(640, 480))[:400], "IMAGE_PROCESS_FAILED"),
        (b"x" * (10 * 1024 * 1024 + 1), "file is too big"),
        (jpeg(size=(9000, 1001)), "PHOTO_INVALID_DIMENSIONS"),
        (jpeg(size=(2100, 100)), "PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_photos_telegram_cannot_show_are_refused(
    bot: BotClient, ann: Person, picture: bytes, reason: str
) -> None:
    with pytest.raises(Refusal, match=reason):
        await bot("sendPhoto", chat_id=ann.room.chat_id, photo=picture)


async def test_a_photo_at_an_address_is_fetched(bot: BotClient, ann: Person, site: Site) -> None:
    sent = await bot("sendPhoto", chat_id=ann.room.chat_id, photo=f"{site.address}/a.jpg")
    assert sent["photo"][-1]["width"] == 64
    with pytest.raises(Refusal, match="failed to get HTTP URL content"):
        await bot("sendPhoto", chat_id=ann.room.chat_id, photo=f"{site.address}/gone.jpg")


@pytest.mark.parametrize(
    ("button", "reason"),
    [
        ({"text": "x", "callback_data": "я" * 32 + "a"}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x"}, "text buttons are unallowed"),
        ({"text": "x", "callback_data": "a", "url": "https://a.org"}, "text buttons are unallowed"),
        ({"text": " ", "callback_data": "a"}, "text must be non-empty"),
        ({"text": "x", "url": "no address"}, "Wrong HTTP URL"),
    ],
)
async def test_wrong_buttons_are_refused(
    bot: BotClient, ann: Person, button: dict[str, str], reason: str
) -> None:
    markup = {"inline_keyboard": [[button]]}
    with pytest.raises(Refusal, match=reason):
        await bot("sendMessage", chat_id=ann.room.chat_id, text="x", reply_markup=markup)


async def test_64_bytes_of_callback_data_are_fine(bot: BotClient, ann: Person) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "я" * 32}]]}
    sent = await bot("sendMessage", chat_id=ann.room.chat_id, text="x", reply_markup=markup)
    assert sent["reply_markup"] == markup


async def test_a_reply_shows_what_it_answers_and_needs_it_unless_told_otherwise(
    bot: BotClient, ann: Person
) -> None:
    chat_id, [asked] = ann.room.chat_id, ann.room.messages
    reply = {"message_id": asked}
    sent = await bot("sendMessage", chat_id=chat_id, text="x", reply_parameters=reply)
    assert sent["reply_to_message"]["text"] == "/start"
    gone = {"message_id": 999_999}
    with pytest.raises(Refusal, match="message to be replied not found"):
        await bot("sendMessage", chat_id=chat_id, text="x", reply_parameters=gone)
    anyway = gone | {"allow_sending_without_reply": True}
    sent = await bot("sendMessage", chat_id=chat_id, text="x", reply_parameters=anyway)
    assert "reply_to_message" not in sent


async def test_a_bot_writes_only_where_it_may(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    stranger = sandbox.person("Stranger")
    for chat_id, code, reason in [
        (stranger.room.chat_id, 403, "can't initiate conversation"),
        (1, 400, "chat not found"),
        ("@nobody", 400, "chat not found"),
        ("", 400, "chat_id is empty"),
    ]:
        with pytest.raises(Refusal, match=reason) as refusal:
            await bot("sendMessage", chat_id=chat_id, text="x")
        assert refusal.value.code == code
    ann.room.blocked = True
    with pytest.raises(Refusal, match="blocked by the user") as refusal:
        await bot("sendMessage", chat_id=ann.room.chat_id, text="x")
    assert refusal.value.code == 403


async def test_venues_and_locations_have_sane_coordinates(bot: BotClient, ann: Person) -> None:
    there: dict[str, Any] = {"chat_id": ann.room.chat_id, "latitude": 56.3, "longitude": 44.0}
    sent = await bot("sendVenue", **there, title="Kremlin", address="Nizhny Novgorod")
    assert sent["venue"]["title"] == "Kremlin"
    assert sent["location"] == {"latitude": 56.3, "longitude": 44.0}
    assert (await bot("sendLocation", **there))["location"]["latitude"] == 56.3
    with pytest.raises(Refusal, match="wrong latitude"):
        await bot("sendLocation", **there | {"latitude": 91})
    with pytest.raises(Refusal, match="address is required"):
        await bot("sendVenue", **there, title="Kremlin")


async def test_an_unknown_chat_action_is_refused(bot: BotClient, ann: Person) -> None:
    assert await bot("sendChatAction", chat_id=ann.room.chat_id, action="typing") is True
    with pytest.raises(Refusal, match="wrong parameter action"):
        await bot("sendChatAction", chat_id=ann.room.chat_id, action="thinking")


async def test_a_photo_a_person_sends_is_made_upright_smaller_and_free_of_metadata(
    bot: BotClient, ann: Person, http: aiohttp.ClientSession
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    await ann.send_photos([jpeg(size=(3000, 2000), exif=exif)])
    sizes = (await bot.update())["message"]["photo"]
    assert [(size["width"], size["height"]) for size in sizes] == [(213, 320), (853, 1280)]
    file = await bot("getFile", file_id=sizes[-1]["file_id"])
    async with http.get(f"{bot.url}/file/bot{bot.token}/{file['file_path']}") as response:
        picture = Image.open(io.BytesIO(await response.read()))
    assert picture.size == (853, 1280)
    assert not picture.getexif()
