from typing import Any

import pytest
from aiogram.methods import SendPhoto

from tests.bot.conftest import CHURCH, KREMLIN, Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import buttons, document, photo, press, update

FROM_BOT = {
    "message_id": 1,
    "date": 1,
    "chat": {"id": -100, "type": "supergroup"},
    "from": {"id": 42, "is_bot": True, "first_name": "Guide", "username": "guide_bot"},
    "text": "Kremlin",
}
FROM_BOT_PHOTO = {**FROM_BOT, "photo": photo("gallery")}
FROM_ANN = {**FROM_BOT, "from": {"id": 8, "is_bot": False, "first_name": "Ann"}}
FROM_ANOTHER_BOT = {**FROM_BOT, "from": {"id": 43, "is_bot": True, "first_name": "Weather"}}
PHOTO_OF_ANN = {**FROM_ANN, "photo": photo()}
BOT = {"id": 42, "is_bot": True, "first_name": "Guide", "username": "guide_bot"}


@pytest.mark.parametrize("kind", ["group", "supergroup"])
@pytest.mark.parametrize(
    "content",
    [
        {"text": "old fortress"},
        {"text": "ask @guide_bot_2 or ann@guide_bot.example"},
        {"text": "old fortress", "reply_to_message": FROM_ANN},
        {"text": "thanks, what a view!", "reply_to_message": FROM_BOT},
        {"text": "old fortress", "reply_to_message": FROM_BOT_PHOTO},
        {"photo": photo()},
        {"photo": photo(), "caption": "look!"},
        {"photo": photo(), "reply_to_message": FROM_ANOTHER_BOT},
        {"text": "/start"},
        {"text": "/help"},
        {"text": "/help@another_bot"},
        {"text": "/weather@guide_bot"},
        {"text": "/where", "reply_to_message": PHOTO_OF_ANN},
        {"photo": photo(), "caption": "/where"},
        {"text": "/where@another_bot", "reply_to_message": PHOTO_OF_ANN},
        {"text": "what is it?", "reply_to_message": PHOTO_OF_ANN},
        {"text": "@guide_bot fortress", "via_bot": BOT},
        {"photo": photo(), "caption": "@guide_bot", "via_bot": BOT},
        {"location": {"latitude": 56.3, "longitude": 44.0}},
        {"sticker": {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1,
                     "height": 1, "is_animated": False, "is_video": False}},
    ],
)  # fmt: skip
async def test_in_a_group_the_bot_is_silent_unless_addressed(
    chat: Chat, kind: str, content: dict[str, Any]
) -> None:
    assert await chat.feed(update(chat=kind, **content)) == []
    assert not chat.guide.questions


async def test_in_a_group_a_mention_alone_is_told_how_to_go_on(chat: Chat) -> None:
    """Words without the mention, written next, would not reach the bot."""
    [answer] = await chat.feed(update(chat="group", text=" @Guide_Bot "))
    assert answer.reply_parameters is not None
    assert "along with @guide_bot" in visible_text(answer.text)
    assert "/where@guide_bot" in visible_text(answer.text)
    assert not chat.guide.questions


@pytest.mark.parametrize(
    ("content", "question"),
    [
        ({"text": "@guide_bot old fortress"}, "old fortress"),
        ({"text": "old fortress, @Guide_Bot"}, "old fortress,"),
        ({"text": "@guide_bot fort", "reply_to_message": FROM_BOT}, "fort"),
        ({"photo": photo(), "reply_to_message": FROM_BOT}, b"bytes of the photo"),
        ({"text": "@guide_bot fortress", "via_bot": {**BOT, "id": 43}}, "fortress"),
        ({"text": "@guide_bot fortress", "reply_to_message": FROM_BOT_PHOTO}, "fortress"),
        ({"photo": photo(), "caption": "@guide_bot what is it?"}, b"bytes of the photo"),
        ({"photo": photo(), "caption": "/where@guide_bot"}, b"bytes of the photo"),
        ({"text": "@guide_bot?", "reply_to_message": PHOTO_OF_ANN}, b"bytes of the photo"),
        ({"text": "/where@guide_bot", "reply_to_message": PHOTO_OF_ANN}, b"bytes of the photo"),
        (
            {"text": "/where@guide_bot", "reply_to_message": {**FROM_ANN, "document": document()}},
            b"bytes of the file",
        ),
    ],
)
async def test_in_a_group_a_mention_or_a_photo_in_reply_to_the_bot_is_answered(
    chat: Chat, content: dict[str, Any], question: str | bytes
) -> None:
    assert await chat.feed(update(chat="supergroup", **content))
    assert chat.guide.questions == [question]


@pytest.mark.parametrize("command", ["/start@guide_bot", "/help@Guide_Bot"])
async def test_in_a_group_a_command_to_this_bot_is_answered(chat: Chat, command: str) -> None:
    assert len(await chat.feed(update(chat="group", text=command))) == 1


async def test_in_a_group_a_photo_is_answered_with_one_message_with_picture_and_buttons(
    chat: Chat,
) -> None:
    chat.guide.places = [(KREMLIN, 0.9), (CHURCH, 0.1)]
    asked = update(chat="group", text="/where@guide_bot", reply_to_message=PHOTO_OF_ANN)
    [answer] = await chat.feed(asked)
    assert isinstance(answer, SendPhoto)
    assert visible_text(answer.caption).splitlines()[0] == "Kremlin — almost certainly"
    assert "Церковь" not in answer.caption, "the others have buttons, and must do with them"
    assert {"✅ That's it", "Kremlin", "Церковь <Спаса> & Ко"} <= buttons(answer).keys()
    assert answer.reply_parameters.message_id == asked.message.message_id


async def test_in_a_group_words_are_answered_with_one_message_with_picture_and_buttons(
    chat: Chat,
) -> None:
    chat.guide.places, chat.guide.hits = [(KREMLIN, 1.0), (CHURCH, 0.0)], 7
    [answer] = await chat.feed(update(chat="group", text="@guide_bot fortress"))
    assert isinstance(answer, SendPhoto)
    assert visible_text(answer.caption).startswith("Kremlin\n")
    assert list(buttons(answer)) == ["Kremlin", "Церковь <Спаса> & Ко", "More ▸"]
    [following] = await chat.feed(press(buttons(answer)["More ▸"], chat="group"))
    assert isinstance(following, SendPhoto)


@pytest.mark.parametrize("confident", [True, False])
async def test_in_a_group_an_answer_without_a_picture_is_text(chat: Chat, confident: bool) -> None:
    chat.guide.confident = confident
    (chat.guide.folder / "0.jpg").unlink()
    [answer] = await chat.feed(update(chat="group", photo=photo(), caption="@guide_bot"))
    assert "Kremlin" in answer.text
    assert "Kremlin" in buttons(answer)


@pytest.mark.parametrize("kind", ["private", "group"])
async def test_where_without_a_photo_says_what_it_is_for(chat: Chat, kind: str) -> None:
    [hint] = await chat.feed(update(chat=kind, text="/where@guide_bot", language="ru"))
    assert hint.text.startswith("Ответьте этой командой на сообщение с фотографией")


async def test_where_works_in_private_too(chat: Chat) -> None:
    mine = {**PHOTO_OF_ANN, "chat": {"id": 7, "type": "private"}}
    answer, _ = await chat.feed(update(text="/where", reply_to_message=mine))
    assert "Kremlin" in answer.text


async def test_in_private_too_an_inline_answer_that_was_picked_is_no_question(chat: Chat) -> None:
    assert await chat.feed(update(photo=photo(), caption="Kremlin", via_bot=BOT)) == []
    assert not chat.guide.questions
