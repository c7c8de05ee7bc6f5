import sqlite3

from bot.locales.en import EN
from tests.bot.conftest import ADMIN, Chat
from tests.bot.telegram import photo, update


async def test_an_admin_sees_how_the_guide_is_used(chat: Chat) -> None:
    await chat.feed(update(photo=photo()))
    await chat.feed(update(photo=photo(), language="ru", sender=8))
    await chat.feed(update(text="walls"))
    [answer] = await chat.feed(update(text="/stats 3", sender=ADMIN))
    assert "The last 3 days" in answer.text
    assert "Queries: 3, people: 2" in answer.text
    assert "Confident about photos: 100%" in answer.text
    assert "Languages: en 2, ru 1" in answer.text
    assert "Slowest stage: embed, 5 ms" in answer.text
    assert "3 · Kremlin" in answer.text
    assert answer.text.count("  0\n") == 2, "days without queries are days as well"


async def test_without_any_query_the_figures_are_empty_not_broken(chat: Chat) -> None:
    [answer] = await chat.feed(update(text="/stats", sender=ADMIN))
    assert "Queries: 0, people: 0" in answer.text
    assert answer.text.count(EN.stats_none) == 4


async def test_a_place_the_guide_no_longer_has_is_shown_by_its_escaped_id(chat: Chat) -> None:
    await chat.feed(update(text="walls"))
    with sqlite3.connect(chat.log_file) as log:
        log.execute("""UPDATE queries SET places = '[["<gone>", 1.0]]'""")
    [answer] = await chat.feed(update(text="/stats 9999", sender=ADMIN))
    assert "1 · &lt;gone&gt;" in answer.text
    assert len(answer.text) < 4096


async def test_to_others_the_command_does_not_exist(chat: Chat) -> None:
    [answer] = await chat.feed(update(text="/stats"))
    assert answer.text == EN.unknown_command
    assert await chat.feed(update(text="/stats@guide_bot", sender=ADMIN, chat="group")) == []
