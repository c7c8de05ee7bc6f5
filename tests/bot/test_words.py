import sqlite3

from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendMediaGroup

from tests.bot.conftest import CHURCH, KREMLIN, Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import update


async def test_words_are_answered_with_five_photos_each_with_place_city_and_categories(
    chat: Chat,
) -> None:
    chat.guide.places = [(KREMLIN, 1.0), (CHURCH, 0.0)]
    [album] = await chat.feed(update(text="старая крепость", language="ru"))
    assert chat.guide.questions == ["старая крепость"]
    assert isinstance(album, SendMediaGroup)
    assert len(album.media) == 5
    captions = [visible_text(item.caption).splitlines() for item in album.media]
    assert captions[0][:2] == ["Кремль", "Нижний Новгород"]
    assert captions[1] == ["Церковь <Спаса> & Ко", "Ярославль", "церковь"]


async def test_finding_nothing_is_said_honestly(chat: Chat) -> None:
    chat.guide.hits = 0
    [answer] = await chat.feed(update(text="qwerty", language="ru"))
    assert "не нашлось" in answer.text


async def test_places_are_listed_when_their_photos_are_gone_from_disk(chat: Chat) -> None:
    for number in range(5):
        (chat.guide.folder / f"{number}.jpg").unlink()
    [answer] = await chat.feed(update(text="fortress"))
    assert "• Kremlin, Нижний Новгород" in visible_text(answer.text)
    assert answer.text.count("Kremlin") == 1


async def test_places_are_listed_when_telegram_refuses_the_album(chat: Chat) -> None:
    method = SendMediaGroup(chat_id=7, media=[])
    chat.telegram.failures[SendMediaGroup] = [TelegramBadRequest(method, "IMAGE_PROCESS_FAILED")]
    [answer] = await chat.feed(update(text="fortress"))
    assert "Kremlin" in answer.text


async def test_a_very_long_text_is_cut_for_the_guide_and_for_the_log(chat: Chat) -> None:
    await chat.feed(update(text="fortress " * 400))
    [question] = chat.guide.questions
    [(logged,)] = sqlite3.connect(chat.log_file).execute("SELECT text FROM queries")
    assert question == logged
    assert len(question) == 256


async def test_a_text_query_is_logged(chat: Chat) -> None:
    await chat.feed(update(text="fortress", language="de"))
    [row] = sqlite3.connect(chat.log_file).execute(
        "SELECT kind, language, text, file_unique_id, confident, error, json_array_length(places)"
        " FROM queries"
    )
    assert row == ("text", "en", "fortress", None, None, None, 5)
