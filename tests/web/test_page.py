"""The page in a real browser."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web as http

from offline.sources.demo import demo_query
from tests.bot.sandbox.browser import CHROMIUM, Page, browser_page
from tests.doubles import coloured_photo, encoded
from tests.web.conftest import RED, Web, running
from web.admission import Bounds
from web.schema import MapAnswer

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

READY = "document.documentElement.dataset.ready === 'yes'"
TITLE = "document.querySelector('#answer-title').textContent"
STATUS = "document.querySelector('#status').textContent"
MARKS = "[...document.querySelectorAll('#map .mark')].map((mark) => mark.ariaLabel)"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with browser_page() as page:
        await page.resize(1100, 900)
        yield page


async def open_guide(page: Page, web: Web) -> None:
    await page.open(str(web.client.base_url))
    await page.until(READY)


def cards(where: str) -> str:
    return f"[...document.querySelectorAll('{where} .card')].map((c) => c.innerText).join('|')"


async def test_a_person_asks_with_a_photo_and_words_and_browses(
    web: Web, page: Page, tmp_path: Path
) -> None:
    photo = tmp_path / "red.jpg"
    photo.write_bytes(RED)
    await open_guide(page, web)

    await page.choose_files("#file", [photo])
    await page.until(f"{STATUS} === 'Done'")
    assert "Red Square" in await page.run("document.querySelector('#candidates').innerText")
    assert "%" in await page.run("document.querySelector('#candidates').innerText")
    assert await page.run("document.querySelectorAll('#photos img').length") == 5
    assert await page.run("document.activeElement.id") == "answer"

    await page.click("#words")
    await page.type("blue")
    await page.press("Enter")
    await page.until(f"{TITLE} === 'Found'")
    assert "Blue Dome" in await page.run(cards("#photos"))

    await page.run(
        "(() => { const c = document.querySelector('#city'); c.value = 'Киров';"
        " c.dispatchEvent(new Event('change')); })()"
    )
    await page.until("document.querySelectorAll('#places .card').length === 2")
    assert "Red Square" not in await page.run(cards("#places"))

    await page.click("[data-language=ru]")
    assert await page.run("document.documentElement.lang") == "ru"
    assert "<b>Голубой</b> купол" in await page.run(cards("#places"))  # as text, not as a tag

    await page.click("#places .card")
    await page.until("document.querySelector('#place').open")
    assert await page.run("document.querySelectorAll('#place-photos img').length") == 6
    await page.click("#close")
    await page.until("!document.querySelector('#place').open")
    assert not page.complaints


async def look_for(page: Page, words: str) -> None:
    await page.click("#words")
    await page.run("document.querySelector('#words').select()")
    await page.type(words)
    await page.press("Enter")
    await page.until(f"{TITLE} === 'Found'")


async def test_what_was_found_is_on_a_map_that_needs_nothing_from_elsewhere(
    web: Web, page: Page
) -> None:
    await open_guide(page, web)
    assert not await page.run("document.querySelector('#map').getClientRects().length")
    await look_for(page, "red")
    first, *others = await page.run(MARKS)
    assert first == "1. Red Square"
    assert not any("Blue Dome" in name for name in others)  # nobody knows where that is
    assert await page.run("document.querySelectorAll('#map .grid').length") > 1
    assert await page.run("document.querySelectorAll('#map .degrees').length") > 1

    await page.run("document.querySelector('#map .leaflet-marker-pane .mark').focus()")
    await page.press("Enter")
    await page.until("document.querySelector('#place').open")
    assert await page.run("document.querySelector('#place-name').textContent") == "Red Square"
    assert not page.complaints


async def test_the_map_speaks_the_language_of_the_page(web: Web, page: Page) -> None:
    await open_guide(page, web)
    await look_for(page, "green")
    await page.click("[data-language=ru]")
    assert (await page.run(MARKS))[0] == "1. Зелёный мост"
    assert await page.run("document.querySelector('#map').ariaLabel") == "Карта найденных мест"
    assert (
        await page.run("document.querySelector('.leaflet-control-zoom-in').title") == "Приблизить"
    )


@asynccontextmanager
async def tile_server() -> AsyncIterator[tuple[str, list[str]]]:
    """A template of addresses, and the paths asked for."""
    asked: list[str] = []

    async def tile(request: http.Request) -> http.Response:
        asked.append(request.path)
        return http.Response(body=encoded(coloured_photo("green")), content_type="image/jpeg")

    app = http.Application()
    app.router.add_get("/{z}/{x}/{y}.png", tile)
    runner = http.AppRunner(app)
    await runner.setup()
    site = http.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/{{z}}/{{x}}/{{y}}.png", asked
    finally:
        await runner.cleanup()


async def test_the_map_shows_tiles_from_where_the_operator_says_and_from_nowhere_else(
    published: Path, tmp_path: Path, page: Page
) -> None:
    async with (
        tile_server() as (tiles, asked),
        running(
            published, tmp_path, drawn_on=MapAnswer(tiles=tiles, attribution="© Somebody")
        ) as web,
    ):
        await open_guide(page, web)
        await look_for(page, "red")
        await page.until("document.querySelectorAll('#map .leaflet-tile-loaded').length")
        assert asked
        shown = await page.run("document.querySelector('#map').innerText")
        assert "© Somebody" in shown
        assert not await page.run("document.querySelectorAll('#map .grid').length")
        assert not page.complaints
        elsewhere = tiles.replace("127.0.0.1", "localhost").format(z=1, x=1, y=1)
        await page.run(f"(document.querySelector('#asked').src = {elsewhere!r}, 1)")
        await page.until("document.querySelector('#asked').complete")
        async with asyncio.timeout(60):
            while not page.complaints:
                await asyncio.sleep(0.05)
    assert "Content Security Policy" in page.complaints[0]


async def test_what_is_not_claimed_has_no_percentage_and_is_at_most_possible(
    demo_web: Web, page: Page, tmp_path: Path
) -> None:
    photo = tmp_path / "unlike.jpg"
    photo.write_bytes(encoded(coloured_photo((255, 255, 0), size=(640, 480))))
    await open_guide(page, demo_web)
    await page.choose_files("#file", [photo])
    await page.until(f"{TITLE}.startsWith('Not sure')")
    said = await page.run("document.querySelector('#candidates').innerText")
    assert "%" not in said
    assert {"possibly", "unlikely"} & set(said.split())
    assert "probably" not in said
    await page.click("[data-language=ru]")
    said = await page.run("document.querySelector('#candidates').innerText")
    assert {"возможно", "маловероятно"} & set(said.split())
    assert await page.run("document.querySelectorAll('meter').length") == 0


async def test_categories_that_others_imply_are_not_named(
    demo_web: Web, page: Page, tmp_path: Path
) -> None:
    (tmp_path / "lighthouse.jpg").write_bytes(demo_query("demo-lighthouse"))
    await open_guide(page, demo_web)
    await page.choose_files("#file", [tmp_path / "lighthouse.jpg"])
    await page.until(f"{STATUS} === 'Done'")
    chips = "[...document.querySelectorAll('#categories li')].map((chip) => chip.textContent)"
    assert await page.run(chips) == ["lighthouse"]


async def test_what_is_no_photo_is_explained(web: Web, page: Page, tmp_path: Path) -> None:
    (tmp_path / "junk.jpg").write_bytes(b"junk")
    await open_guide(page, web)
    await page.choose_files("#file", [tmp_path / "junk.jpg"])
    await page.until(f"{STATUS}.includes('could not be read')")


async def test_a_question_that_fails_leaves_the_answer_before_it(
    web: Web, page: Page, tmp_path: Path
) -> None:
    (tmp_path / "red.jpg").write_bytes(RED)
    (tmp_path / "junk.jpg").write_bytes(b"junk")
    await open_guide(page, web)
    await page.choose_files("#file", [tmp_path / "red.jpg"])
    await page.until(f"{STATUS} === 'Done'")
    asked = await page.run("document.querySelector('#asked').src")
    await page.choose_files("#file", [tmp_path / "junk.jpg"])
    await page.until(f"{STATUS}.includes('could not be read')")
    assert await page.run("document.querySelector('#asked').src") == asked
    assert "Red Square" in await page.run("document.querySelector('#candidates').innerText")


async def test_more_photos_are_those_of_the_words_that_were_answered(
    demo_web: Web, page: Page
) -> None:
    await open_guide(page, demo_web)
    await look_for(page, "old fortress by the river")
    found = await page.run("document.querySelectorAll('#photos .card').length")
    await page.click("#words")
    await page.run("document.querySelector('#words').value = '\N{GRINNING FACE}'")
    await page.press("Enter")
    await page.until(f"{STATUS}.includes('could not be read')")
    await page.run("document.querySelector('#more-photos').click()")
    await page.until(f"document.querySelectorAll('#photos .card').length > {found}")


async def test_an_impatient_click_brings_no_place_twice(demo_web: Web, page: Page) -> None:
    await open_guide(page, demo_web)
    await page.run("(document.querySelector('#more-places').click(), 1)")
    await page.run("(document.querySelector('#more-places').click(), 1)")
    count = "document.querySelectorAll('#places .card').length"
    await page.until(f"{count} > 12")
    await page.until("document.querySelector('#more-places').hidden")
    total = (await demo_web.get("/v1/places")).json()["total"]
    assert await page.run(count) == total


async def test_the_place_clicked_last_is_shown_and_none_after_it_was_closed(
    web: Web, page: Page
) -> None:
    await open_guide(page, web)
    places = "[...document.querySelectorAll('#places .card')]"
    await page.run(f"({places}[0].click(), {places}[1].click(), 1)")
    await page.until("document.querySelector('#place').open")
    second = await page.run(f"{places}[1].innerText.split('\\n')[0]")
    assert await page.run("document.querySelector('#place-name').textContent") == second
    await page.run(f"({places}[0].click(), document.querySelector('#place').close(), 1)")
    await web.get("/v1/places")  # longer than the one that was asked for before it
    await asyncio.sleep(0.3)
    assert not await page.run("document.querySelector('#place').open")


async def test_what_goes_wrong_behind_an_open_place_is_told_in_it(
    published: Path, tmp_path: Path, page: Page
) -> None:
    async with running(published, tmp_path, bounds=Bounds(requests_per_minute=6)) as web:
        await open_guide(page, web)  # three requests
        await page.run("document.querySelector('#places .card').click()")
        await page.until("document.querySelector('#place').open")
        await page.run("document.querySelectorAll('#places .card')[1].click()")
        told = "document.querySelector('#place-status').innerText"
        await page.until(f"{told}.startsWith('Too many requests')")
        assert await page.run(STATUS) == ""
        await page.click("#close")
        await page.until("document.querySelector('#place-status').textContent === ''")


async def test_a_photo_that_was_cleaned_away_is_no_broken_picture(
    published: Path, tmp_path: Path, page: Page
) -> None:
    data_dir = tmp_path / "data"
    shutil.copytree(published, data_dir)
    async with running(data_dir, tmp_path) as web:
        photo = web.guide.catalogue.photos_of(web.guide.catalogue.places[0])[0]
        web.guide.photo_file(photo).unlink()
        await open_guide(page, web)
        await page.until("document.querySelectorAll('#places .card .gone').length === 1")
        assert await page.run("document.querySelectorAll('#places .card img').length") == 2


async def test_the_page_asks_for_a_key_where_one_is_needed(
    published: Path, tmp_path: Path, page: Page
) -> None:
    async with running(published, tmp_path, api_key="s3cret") as web:
        await open_guide(page, web)
        await page.until("!document.querySelector('#key').hidden")
        await page.type("ключ")  # it has the focus
        await page.press("Enter")
        await page.until(f"{STATUS}.includes('key is needed')")
        assert not await page.run("document.querySelector('#key').hidden")
        await page.run("document.querySelector('#key-text').select()")
        await page.type("s3cret")
        await page.press("Enter")
        await page.until("document.querySelectorAll('#places .card').length === 3")
        assert await page.run("document.querySelector('#key').hidden")


async def test_it_fits_a_phone_in_the_dark(web: Web, page: Page) -> None:
    await page.resize(360, 740, phone=True)
    await page.darken(True)
    await open_guide(page, web)
    assert await page.run("document.documentElement.scrollWidth") <= 360
    assert await page.run("getComputedStyle(document.body).backgroundColor") == "rgb(20, 27, 28)"
    await page.click("#theme")
    assert await page.run("getComputedStyle(document.body).backgroundColor") == "rgb(246, 248, 247)"


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what fits has the focus."""
    for _ in range(60):
        if await page.run(f"document.activeElement.matches({selector!r})"):
            return
        await page.press("Tab")
    raise AssertionError(f"Tab never gets to {selector}")


async def test_the_keyboard_alone_will_do(web: Web, page: Page) -> None:
    await open_guide(page, web)
    await tab_to(page, "#file")
    await tab_to(page, "#words")
    await page.type("red")
    await page.press("Enter")
    await page.until(f"{TITLE} === 'Found'")
    await page.until("document.activeElement.id === 'answer'")
    await tab_to(page, "#map .mark")
    await tab_to(page, "#photos .card")
    await page.press("Enter")
    await page.until("document.querySelector('#place').open")
    assert await page.run("document.activeElement.id") == "place-name"
    await page.press("Escape")
    await page.until("document.activeElement.matches('#photos .card')")
    await tab_to(page, "#city")
    await tab_to(page, "#places .card")
    await tab_to(page, "summary")
    assert not page.complaints


async def test_everything_that_can_be_used_has_a_name(web: Web, page: Page) -> None:
    unnamed = (
        "[...document.querySelectorAll('button, input, select, a, img, [tabindex=\"0\"]')]"
        ".filter((e) => !e.labels?.length && !e.textContent.trim() && !e.alt"
        " && !e.getAttribute('aria-label') && !e.closest('button')).map((e) => e.outerHTML)"
    )
    await open_guide(page, web)
    await look_for(page, "red")
    assert await page.run(unnamed) == []
    await page.run("document.querySelector('#photos .card').click()")
    await page.until("document.querySelector('#place').open")
    assert await page.run(unnamed) == []
    headings = "[...document.querySelectorAll('h1, h2, h3')].map((e) => e.tagName).join('')"
    assert (await page.run(headings)).startswith("H1H2")
    assert await page.run("document.querySelectorAll('main').length") == 1


async def test_nothing_comes_from_elsewhere(web: Web) -> None:
    for name in ("main.js", "api.js", "map.js", "view.js", "words.js", "style.css"):
        text = (await web.get(f"/static/{name}")).text
        assert "http://" not in text
        assert "https://" not in text
        assert "innerHTML" not in text


async def test_the_page_tries_again_when_a_crowd_is_in_front(
    published: Path, tmp_path: Path, page: Page
) -> None:
    async with running(published, tmp_path, bounds=Bounds(words_at_once=0)) as web:
        await open_guide(page, web)
        await page.run("document.querySelector('#words').value = 'red'")
        await page.click("#search button")
        await page.until(f"{STATUS}.startsWith('Many people')")
        busy = 'guide_web_requests_total{method="GET",route="/v1/search",status="503"} 2'
        assert busy in (await web.get("/metrics")).text


async def test_people_read_what_is_stored_and_have_it_deleted(web: Web, page: Page) -> None:
    await open_guide(page, web)
    await look_for(page, "red")
    await page.click("summary")
    assert "90 days" in await page.run("document.querySelector('#kept').innerText")
    await page.click("#forget")
    await page.until("document.querySelector('#forgotten').textContent === 'Questions deleted: 1'")
    assert not page.complaints


async def test_a_place_leads_to_similar_ones(demo_web: Web, page: Page) -> None:
    await open_guide(page, demo_web)
    await look_for(page, "South Gate")
    await page.run("document.querySelector('#photos .card').click()")
    await page.until("document.querySelector('#place').open")
    assert (await page.run(cards("#similar-places"))).startswith("Lazorevsk Kremlin")
    await page.run("document.querySelector('#similar-places .card').click()")
    name = "document.querySelector('#place-name').textContent"
    await page.until(f"{name} === 'Lazorevsk Kremlin'")
    assert (await page.run(cards("#similar-places"))).startswith("South Gate")
    assert await page.run("document.activeElement.id") == "place-name"
    assert not page.complaints


async def test_every_sentence_is_there_in_both_languages(web: Web, page: Page) -> None:
    await open_guide(page, web)
    names = "Object.keys(words.WORDS.{0}).concat(Object.keys(words.WORDS.{0}.problems))"
    known = [
        set(await page.run(f"import('/static/words.js').then((words) => {names.format(language)})"))
        for language in ("ru", "en")
    ]
    assert known[0] == known[1]
    used = await page.run(
        "[...document.querySelectorAll('[data-words], [data-label]')]"
        ".map((part) => part.dataset.words ?? part.dataset.label)"
    )
    assert set(used) <= known[0]
