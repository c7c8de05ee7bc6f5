import sqlite3

from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendMediaGroup, SendPhoto

from tests.bot.conftest import CHURCH, KREMLIN, Chat
from tests.bot.html_text import visible_text
from tests.bot.telegram import buttons, press, update


async def test_words_are_answered_with_five_photos_each_with_place_city_and_categories(
    chat: Chat,
) -> None:
    chat.guide.places = [(KREMLIN, 1.0), (CHURCH, 0.0)]
    album, below = await chat.feed(update(text="старая крепость", language="ru"))
    assert chat.guide.questions == ["старая крепость"]
    assert isinstance(album, SendMediaGroup)
    assert len(album.media) == 5
    captions = [visible_text(item.caption).splitlines() for item in album.media]
    assert captions[0][:2] == ["Кремль", "Нижний Новгород"]
    assert captions[1] == ["Церковь <Спаса> & Ко", "Ярославль", "церковь"]
    assert below.text == "Нажмите на место, чтобы узнать о нём больше:"
    rows = [[button.text for button in row] for row in below.reply_markup.inline_keyboard]
    assert rows == [["Кремль"], ["Церковь <Спаса> & Ко"]]


async def test_more_shows_the_next_five_without_repeats_until_nothing_is_left(chat: Chat) -> None:
    chat.guide.hits = 12
    album, below = await chat.feed(update(text="fortress"))
    pages = [album]
    while more := buttons(below).get("More ▸"):
        album, below = await chat.feed(press(more))
        pages.append(album)
    shown = [item.media.path.name for page in pages for item in page.media]
    assert shown == [f"{number}.jpg" for number in range(12)]
    assert chat.guide.questions == ["fortress"] * 3
    shown_first = "SELECT json_array_length(places) FROM queries"
    assert sqlite3.connect(chat.log_file).execute(shown_first).fetchall() == [(5,)]


async def test_without_the_log_words_are_answered_though_not_to_the_end(chat: Chat) -> None:
    sqlite3.connect(chat.log_file).execute("DROP TABLE queries")
    chat.guide.hits = 12
    _, below = await chat.feed(update(text="fortress"))
    assert list(buttons(below)) == ["Kremlin"]


async def test_a_last_page_of_one_photo_has_its_buttons_in_a_message_too(chat: Chat) -> None:
    chat.guide.hits = 6
    _, below = await chat.feed(update(text="fortress"))
    picture, below = await chat.feed(press(buttons(below)["More ▸"]))
    assert isinstance(picture, SendPhoto)
    assert list(buttons(below)) == ["Kremlin"]


async def test_more_of_a_question_that_is_no_longer_kept_is_explained(chat: Chat) -> None:
    chat.guide.hits = 6
    _, below = await chat.feed(update(text="fortress"))
    await chat.feed(update(text="/forget"))
    assert await chat.feed(press(buttons(below)["More ▸"], language="ru")) == []
    [alert] = chat.telegram.alerts
    assert alert.text == "Этот вопрос я уже не помню. Задайте его, пожалуйста, ещё раз."
    assert alert.show_alert


async def test_more_when_the_gallery_has_shrunk_is_told_honestly(chat: Chat) -> None:
    chat.guide.hits = 6
    _, below = await chat.feed(update(text="fortress"))
    chat.guide.hits = 3
    assert await chat.feed(press(buttons(below)["More ▸"])) == []
    [toast] = chat.telegram.alerts
    assert toast.text == "That is all I found. Try describing it in other words."


async def test_finding_nothing_is_said_honestly(chat: Chat) -> None:
    chat.guide.hits = 0
    [answer] = await chat.feed(update(text="qwerty", language="ru"))
    assert "не нашлось" in answer.text


async def test_places_are_listed_when_their_photos_are_gone_from_disk(chat: Chat) -> None:
    for number in range(6):
        (chat.guide.folder / f"{number}.jpg").unlink()
    [answer] = await chat.feed(update(text="fortress"))
    assert "• Kremlin, Нижний Новгород" in visible_text(answer.text)
    assert answer.text.count("Kremlin") == 1
    assert list(buttons(answer)) == ["Kremlin"]


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
