"""The chat page in a real browser, with the real bot behind it."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.sandbox.server import Sandbox
from offline.sources.demo import demo_places, demo_query
from tests.bot.sandbox.browser import CHROMIUM, Page, browser_page
from tests.bot.sandbox.conftest import BotClient, Site, jpeg

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

ROOT = Path(__file__).parents[3]
PLACE = "demo-lighthouse"
NAME = next(place.name for place in demo_places() if place.place_id == PLACE)
READY = "document.querySelector('.app.ready') !== null"
MESSAGES = "document.querySelectorAll('.message').length"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with browser_page() as page:
        await page.resize(1200, 800)
        yield page
        assert not page.complaints


@pytest.fixture
async def picture(tmp_path: Path) -> Path:
    path = tmp_path / "lighthouse.jpg"
    path.write_bytes(demo_query(PLACE))
    return path


async def send_text(page: Page, text: str) -> None:
    await page.click("#text")
    await page.type(text)
    await page.press("Enter")


@pytest.fixture
async def real_bot(demo_data: Path, tmp_path: Path) -> AsyncIterator[str]:
    """The address printed by ``python -m bot --sandbox`` without any settings."""
    data_dir = shutil.copytree(demo_data, tmp_path / "data")
    environment = {name: value for name, value in os.environ.items() if "GUIDE" not in name}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "--sandbox", "--sandbox-port", "0", "--data-dir", data_dir,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
        yield re.search(r"http://127\.0\.0\.1:\d+", line).group()
        process.terminate()
        async with asyncio.timeout(60):
            _, stderr = await process.communicate()
        assert process.returncode == 0, stderr.decode()
        assert "Traceback" not in stderr.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_tourist_is_answered_on_the_page_by_the_real_bot(
    real_bot: str, page: Page, picture: Path
) -> None:
    await page.open(real_bot)
    await page.until(READY)
    await page.run(  # in one go: news of the bot's menu in between sets the old value again
        "const choice = document.getElementById('language');"
        "choice.value = 'ru'; choice.dispatchEvent(new Event('change'))"
    )
    await page.until("document.documentElement.lang === 'ru'")
    await page.click(".welcome .primary")
    await page.until("document.body.innerText.includes('Здравствуйте')")

    await page.choose_files("#photo-input", [picture])
    await page.until("document.querySelectorAll('.tray-item img').length === 1")
    await page.click("#send")
    await page.until(
        f"[...document.querySelectorAll('.theirs b')].some(b => b.innerText === '{NAME}')"
    )
    await page.until("document.querySelectorAll('.album .photo img').length >= 5")
    await page.until("[...document.querySelectorAll('.album img')].every(i => i.naturalWidth > 0)")

    before = await page.run(MESSAGES)
    await page.run(
        "[...document.querySelectorAll('.key')].find(k => /карт/i.test(k.innerText)).click()"
    )
    await page.until("document.querySelector('.place .map') !== null")
    assert await page.run(MESSAGES) == before + 1

    await page.click("#attach")
    await page.click("#pick-place")
    await page.until("document.querySelectorAll('#spots button').length >= 5")
    await page.click("#spots button")
    await page.click("#place .primary")
    await page.until("document.querySelector('.mine .place') !== null")
    await page.until("[...document.querySelectorAll('.theirs')].at(-1).innerText.includes('Рядом')")

    await page.click(".rooms li:nth-child(2) .room")
    await page.click("#text")
    await page.type(f"@city_guide_bot {NAME}")
    await page.until("document.querySelectorAll('.offer img').length >= 1")
    await page.press("ArrowDown")
    await page.press("Enter")
    await page.until("document.querySelector('.mine .via') !== null")
    assert NAME in await page.run("document.querySelector('.mine .text').innerText")


async def test_words_photos_replies_and_buttons_go_back_and_forth(
    sandbox: Sandbox, bot: BotClient, page: Page, picture: Path
) -> None:
    await page.open(sandbox.url)
    await page.until(READY)
    await send_text(page, "what is <b>this</b>?")
    asked = (await bot.update())["message"]
    assert asked["text"] == "what is <b>this</b>?"
    keys = {"inline_keyboard": [[{"text": "Yes", "callback_data": "y"}]]}
    answer = "<b>bold</b> &lt;i&gt; /help"
    chat_id = asked["chat"]["id"]
    await bot(
        "sendMessage", chat_id=chat_id, text=answer, parse_mode="HTML", reply_markup=keys,
        reply_parameters={"message_id": asked["message_id"]},
    )  # fmt: skip
    await page.until("document.querySelector('.theirs .key') !== null")
    assert await page.run("document.querySelector('.theirs .text').innerHTML") == (
        '<b>bold</b> &lt;i&gt; <button type="button" class="link">/help</button>'
    )
    assert "what is <b>this</b>?" in await page.run("document.querySelector('.quote').innerText")

    await page.click(".key")
    query = (await bot.update())["callback_query"]
    await bot("answerCallbackQuery", callback_query_id=query["id"], text="Thank you")
    await page.until("document.querySelector('.toast.shown')?.innerText === 'Thank you'")
    there = {"chat_id": chat_id, "message_id": query["message"]["message_id"]}
    await bot("editMessageText", **there, text="changed")
    await page.until("document.querySelector('.theirs .text').innerText === 'changed'")
    await bot("deleteMessage", **there)
    await page.until("document.querySelector('.theirs') === null")

    await page.choose_files("#photo-input", [picture, picture])
    await page.click("#send")
    album = [(await bot.update())["message"] for _ in range(2)]
    assert album[0]["media_group_id"] == album[1]["media_group_id"]
    await page.until("document.querySelectorAll('.album img').length === 2")
    await page.click(".album .photo")
    await page.until("document.getElementById('viewer').open")
    await page.press("Escape")

    await page.click(".mine .reply")
    await send_text(page, "and this?")
    assert (await bot.update())["message"]["reply_to_message"]["message_id"] == asked["message_id"]


async def test_photos_at_an_address_are_offered_unless_they_are_gone(
    sandbox: Sandbox, bot: BotClient, page: Page, site: Site
) -> None:
    await page.open(sandbox.url)
    await page.until(READY)
    await page.click("#text")
    await page.type("@city_guide_bot tower")
    query = (await bot.update())["inline_query"]
    results = [
        {
            "type": "photo", "id": name, "caption": name,
            "photo_url": f"{site.address}/{name}.jpg",
            "thumbnail_url": f"{site.address}/{name}.jpg",
        }
        for name in ("gone", "tower")
    ]  # fmt: skip
    await bot("answerInlineQuery", inline_query_id=query["id"], results=results)
    await page.until("document.querySelector('.offer img')?.naturalWidth > 0")
    await page.until("document.querySelectorAll('.offer').length === 1")
    page.complaints.clear()  # of the photo that is gone
    await page.click(".offer")
    await page.until("document.querySelector('.mine .via') !== null")
    assert "tower" in await page.run("document.querySelector('.mine .text').innerText")


async def test_a_location_is_sent_and_moved(sandbox: Sandbox, bot: BotClient, page: Page) -> None:
    await page.open(sandbox.url)
    await page.until(READY)
    await page.click("#attach")
    await page.click("#pick-place")
    await page.until("document.getElementById('place').open")
    await page.run("document.getElementById('latitude').value = '56,328'")
    await page.run("document.getElementById('longitude').value = '200'")
    await page.click("#live")
    await page.click("#place .primary")
    await page.until("document.getElementById('place-problem').innerText !== ''")
    await page.run("document.getElementById('longitude').value = '44.002'")
    await page.click("#place .primary")
    location = (await bot.update())["message"]["location"]
    assert location == {"latitude": 56.328, "longitude": 44.002, "live_period": 3600}
    await page.click(".place > .link")
    await page.run("document.getElementById('latitude').value = '56.4'")
    await page.click("#place .primary")
    assert (await bot.update())["edited_message"]["location"]["latitude"] == 56.4


async def test_pictures_can_be_dropped_and_pasted(
    sandbox: Sandbox, bot: BotClient, page: Page
) -> None:
    await page.open(sandbox.url)
    await page.until(READY)
    script = """(async () => {
        const canvas = new OffscreenCanvas(80, 60);
        canvas.getContext('2d').fillRect(0, 0, 40, 60);
        const blob = await canvas.convertToBlob({type: 'image/png'});
        const files = new DataTransfer();
        files.items.add(new File([blob], 'a.png', {type: 'image/png'}));
        const event = %s;
        document.getElementById('messages').dispatchEvent(event);
    })()"""
    for event in (
        "new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true})",
        "new ClipboardEvent('paste', {clipboardData: files, bubbles: true, cancelable: true})",
    ):
        await page.run(script % event)
    await page.until("document.querySelectorAll('.tray-item').length === 2")
    await send_text(page, "which is it?")
    first = (await bot.update())["message"]
    assert (first["caption"], first["photo"][-1]["width"]) == ("which is it?", 80)


async def test_a_refused_message_is_explained_and_not_lost(
    sandbox: Sandbox, page: Page, tmp_path: Path
) -> None:
    await page.open(sandbox.url)
    await page.until(READY)
    junk = tmp_path / "junk.jpg"
    junk.write_bytes(b"no picture")
    await page.choose_files("#photo-input", [junk])
    await send_text(page, "look")
    await page.until("document.getElementById('notice').open")
    assert "IMAGE_PROCESS_FAILED" in await page.run("document.getElementById('notice').innerText")
    await page.press("Enter")
    assert await page.run("document.getElementById('text').value") == "look"
    assert await page.run("document.querySelectorAll('.tray-item').length") == 1
    page.complaints.clear()  # the browser itself notes the refused request


async def test_a_phone_shows_one_thing_at_a_time_and_nothing_sticks_out(
    sandbox: Sandbox, bot: BotClient, page: Page
) -> None:
    await page.resize(390, 844, phone=True)
    await page.open(sandbox.url)
    await page.until(READY)
    await send_text(page, "long" * 100)
    chat_id = (await bot.update())["message"]["chat"]["id"]
    media = [{"type": "photo", "media": "attach://a", "caption": "c" * 200}] * 5
    await bot("sendMediaGroup", chat_id=chat_id, media=media, a=jpeg(size=(640, 480)))
    keys = {"inline_keyboard": [[{"text": "w" * 60, "callback_data": str(n)} for n in range(3)]]}
    await bot("sendMessage", chat_id=chat_id, text="word " * 300, reply_markup=keys)
    await bot("sendVenue", chat_id=chat_id, latitude=1, longitude=1, title="t" * 90, address="a")
    await page.until("document.querySelector('.map') !== null")
    fits = "document.documentElement.scrollWidth <= 390"
    outside = """[...document.querySelectorAll('main *')].filter((e) =>
        e.getClientRects().length && e.getBoundingClientRect().right > 390.5).length"""
    assert await page.run(fits)
    assert await page.run(outside) == 0
    shown = "document.querySelector('{}').getClientRects().length > 0"
    assert not await page.run(shown.format(".sidebar"))
    await page.click("#back")
    assert await page.run(shown.format(".sidebar"))
    assert not await page.run(shown.format("#messages"))
    await page.click(".room")
    assert await page.run(shown.format("#messages"))


async def test_everything_can_be_named_by_a_screen_reader(
    sandbox: Sandbox, bot: BotClient, page: Page
) -> None:
    await page.open(sandbox.url)
    await page.until(READY)
    await send_text(page, "hi")
    chat_id = (await bot.update())["message"]["chat"]["id"]
    await bot("sendPhoto", chat_id=chat_id, photo=jpeg(), caption="Tower")
    await page.until("document.querySelector('.photo img') !== null")
    tree = (await page.send("Accessibility.getFullAXTree"))["nodes"]
    roles = {"button", "textbox", "link", "combobox", "image", "checkbox", "log", "article"}
    named: list[tuple[Any, Any]] = [
        (node["role"]["value"], node.get("name", {}).get("value"))
        for node in tree
        if not node["ignored"] and node["role"]["value"] in roles
    ]
    assert {role for role, _ in named} >= {"button", "textbox", "combobox", "log", "article"}
    assert all(name for _, name in named), [role for role, name in named if not name]
    assert ("image", "Tower") in named


async def test_the_page_recovers_when_the_connection_is_back(
    sandbox: Sandbox, http: aiohttp.ClientSession, page: Page
) -> None:
    await page.open(sandbox.url)
    await page.until(READY)
    sandbox.telegram.feed.close()  # ends the stream of events
    await page.until("document.getElementById('status').innerText.includes('no connection')")
    await sandbox.you.say("said meanwhile")
    await page.until("document.body.innerText.includes('said meanwhile')")
    await page.until("!document.getElementById('status').innerText.includes('no connection')")


async def test_a_keyboard_of_the_bot_stands_in_for_typing(
    sandbox: Sandbox, bot: BotClient, page: Page
) -> None:
    await page.open(sandbox.url)
    await page.until(READY)
    await send_text(page, "hi")
    chat_id = (await bot.update())["message"]["chat"]["id"]
    keyboard = {"keyboard": [[{"text": "Nearby"}], [{"text": "Me", "request_location": True}]]}
    await bot("sendMessage", chat_id=chat_id, text="where?", reply_markup=keyboard)
    await page.click("#keyboard .key")
    assert (await bot.update())["message"]["text"] == "Nearby"
    await page.click("#keyboard .row:last-child .key")
    await page.until("document.getElementById('place').open")
    await page.press("Escape")
    gone = {"remove_keyboard": True}
    await bot("sendMessage", chat_id=chat_id, text="thanks", reply_markup=gone)
    await page.until("document.getElementById('keyboard').hidden")
