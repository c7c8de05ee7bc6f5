"""Inline queries."""

import asyncio
from typing import Any

import pytest

from bot.sandbox.inline import Answer
from bot.sandbox.people import Person
from bot.sandbox.refusals import Refused
from bot.sandbox.server import Sandbox
from tests.bot.sandbox.conftest import BotClient, Refusal, Site, jpeg


async def stored_photo(bot: BotClient, sandbox: Sandbox) -> str:
    sent = await bot("sendPhoto", chat_id=sandbox.telegram.channel.chat_id, photo=jpeg())
    assert sent["chat"]["type"] == "channel"
    file_id: str = sent["photo"][-1]["file_id"]
    return file_id


def photo(number: int, file_id: str, **fields: Any) -> dict[str, Any]:
    return {"type": "photo", "id": str(number), "photo_file_id": file_id, **fields}


def at_address(number: int, site: str, name: str = "a", **fields: Any) -> dict[str, Any]:
    addresses = {"photo_url": f"{site}/{name}.jpg", "thumbnail_url": f"{site}/{name}-small.jpg"}
    return {"type": "photo", "id": str(number), **addresses, **fields}


async def asked(
    bot: BotClient, ann: Person, results: list[dict[str, Any]], query: str = "tower", **fields: Any
) -> tuple[str, Answer | None]:
    """Ask; let the bot answer with ``results``."""
    asking = asyncio.create_task(ann.ask_inline(query))
    update = (await bot.update())["inline_query"]
    assert update["query"] == query
    try:
        await bot("answerInlineQuery", inline_query_id=update["id"], results=results, **fields)
    except Refusal:
        asking.cancel()
        raise
    return await asking


async def test_a_picked_result_is_posted_through_the_bot_and_told_to_it(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    file_id = await stored_photo(bot, sandbox)
    results = [photo(n, file_id, caption=f"<b>{n}</b>", parse_mode="HTML") for n in range(50)]
    query_id, answer = await asked(bot, ann, results, next_offset="50")
    assert answer is not None
    assert (len(answer.offers), answer.next_offset) == (50, "50")
    posted = await ann.pick(query_id, "7", room=sandbox.telegram.group)
    assert (posted["caption"], posted["from"]["first_name"]) == ("7", "Ann")
    message = (await bot.update())["message"]
    assert message["via_bot"]["username"] == "city_guide_bot"
    chosen = (await bot.update())["chosen_inline_result"]
    assert (chosen["result_id"], chosen["query"]) == ("7", "tower")
    with pytest.raises(Refused):
        await ann.pick(query_id, "51")


async def test_wrong_answers_are_refused(bot: BotClient, sandbox: Sandbox, ann: Person) -> None:
    file_id = await stored_photo(bot, sandbox)
    for results, reason in [
        ([photo(n, file_id) for n in range(51)], "RESULTS_TOO_MUCH"),
        ([photo(1, file_id), photo(1, file_id)], "RESULT_ID_DUPLICATE"),
        ([photo(1, file_id) | {"id": "я" * 32 + "a"}], "RESULT_ID_INVALID"),
        ([photo(1, file_id) | {"id": ""}], "RESULT_ID_INVALID"),
        ([photo(1, "nonsense")], "wrong file identifier"),
        ([photo(1, file_id, caption="c" * 1025)], "caption is too long"),
        ([photo(1, file_id, caption="<b>", parse_mode="HTML")], "can't parse entities"),
        ([{"type": "article", "id": "1", "title": "t"}], "input message content is required"),
        ([{"type": "photo", "id": "1", "photo_url": "http://a.org/a.jpg"}], "THUMB_URL_EMPTY"),
        ([at_address(1, "ftp://a.org")], "WEBDOCUMENT_URL_INVALID"),
        ([at_address(1, "http://a.org", caption="c" * 1025)], "caption is too long"),
    ]:
        with pytest.raises(Refusal, match=reason):
            await asked(bot, ann, results)
    with pytest.raises(Refusal, match="NEXT_OFFSET_INVALID"):
        await asked(bot, ann, [], next_offset="x" * 65)
    with pytest.raises(Refusal, match="START_PARAM_INVALID"):
        await asked(bot, ann, [], button={"text": "x"})


async def test_a_photo_at_an_address_is_fetched_when_it_is_seen_or_picked(
    bot: BotClient, sandbox: Sandbox, ann: Person, site: Site
) -> None:
    """An answer with fifty of them waits for none; one that is gone spoils no other."""
    results = [at_address(n, site.address, caption="Tower") for n in range(49)]
    results.append(at_address(49, site.address, "gone"))
    query_id, answer = await asked(bot, ann, results)
    assert answer is not None
    assert len(answer.offers) == 50
    assert site.asked == []
    offers = f"{sandbox.url}/offers/{query_id}"
    async with bot.http.get(f"{offers}/1") as seen, bot.http.get(f"{offers}/50") as unknown:
        assert (seen.status, seen.content_type, unknown.status) == (200, "image/jpeg", 404)
    assert site.asked == ["a-small"]
    posted = await ann.pick(query_id, "1")
    assert (posted["caption"], posted["photo"][-1]["width"]) == ("Tower", 64)
    assert site.asked == ["a-small", "a"]
    with pytest.raises(Refused, match="failed to get HTTP URL content"):
        await ann.pick(query_id, "49")


async def test_a_late_or_second_answer_is_refused(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    sandbox.telegram.inline.answer_within_s = 0
    _, answer = await ann.ask_inline("tower")
    assert answer is None
    late = (await bot.update())["inline_query"]["id"]
    for query_id in (late, "12345"):
        with pytest.raises(Refusal, match="query is too old"):
            await bot("answerInlineQuery", inline_query_id=query_id, results=[])
    sandbox.telegram.inline.answer_within_s = 10
    query_id, _ = await asked(bot, ann, [])
    with pytest.raises(Refusal, match="query is too old"):
        await bot("answerInlineQuery", inline_query_id=query_id, results=[])


async def test_an_answer_serves_everybody_again_unless_it_is_personal_or_not_to_be_cached(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    bob = sandbox.person("Bob")
    file_id = await stored_photo(bot, sandbox)
    await asked(bot, ann, [photo(1, file_id)], "shared")
    await asked(bot, ann, [photo(1, file_id)], "own", is_personal=True)
    await asked(bot, ann, [photo(1, file_id)], "fresh", cache_time=0)
    sandbox.telegram.inline.answer_within_s = 0  # what is answered now comes from the cache
    query_id, again = await ann.ask_inline("shared")
    assert again is not None
    assert (await ann.pick(query_id, "1"))["photo"]
    for person, query, known in [
        (bob, "shared", True),
        (ann, "own", True),
        (bob, "own", False),
        (ann, "fresh", False),
    ]:
        _, answer = await person.ask_inline(query)
        assert (answer is not None) is known


async def test_a_result_with_buttons_can_be_edited_by_its_inline_id(
    bot: BotClient, sandbox: Sandbox, ann: Person
) -> None:
    keys = {"inline_keyboard": [[{"text": "more", "callback_data": "m"}]]}
    result = {
        "type": "article", "id": "1", "title": "t", "reply_markup": keys,
        "input_message_content": {"message_text": "hello"},
    }  # fmt: skip
    query_id, _ = await asked(bot, ann, [result])
    posted = await ann.pick(query_id, "1", room=sandbox.telegram.group)
    assert "inline_message_id" not in (await bot.update())["message"]
    inline_id = (await bot.update())["chosen_inline_result"]["inline_message_id"]
    pressing = asyncio.create_task(ann.press(posted["message_id"]))
    query = (await bot.update())["callback_query"]
    assert query["inline_message_id"] == inline_id
    assert "message" not in query
    await bot("answerCallbackQuery", callback_query_id=query["id"])
    await pressing
    assert await bot("editMessageText", inline_message_id=inline_id, text="changed") is True
    assert sandbox.telegram.group.messages[posted["message_id"]]["text"] == "changed"
