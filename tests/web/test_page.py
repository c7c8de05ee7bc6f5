"""The page in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.sandbox.browser import CHROMIUM, Page, browser_page
from tests.web.conftest import RED, Web, running

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

READY = "document.documentElement.dataset.ready === 'yes'"
TITLE = "document.querySelector('#answer-title').textContent"
STATUS = "document.querySelector('#status').textContent"


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


async def test_what_is_no_photo_is_explained(web: Web, page: Page, tmp_path: Path) -> None:
    (tmp_path / "junk.jpg").write_bytes(b"junk")
    await open_guide(page, web)
    await page.choose_files("#file", [tmp_path / "junk.jpg"])
    await page.until(f"{STATUS}.includes('could not be read')")


async def test_the_page_asks_for_a_key_where_one_is_needed(
    published: Path, tmp_path: Path, page: Page
) -> None:
    async with running(published, tmp_path, api_key="s3cret") as web:
        await open_guide(page, web)
        await page.until("!document.querySelector('#key').hidden")
        await page.type("s3cret")  # it has the focus
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


async def test_everything_that_can_be_used_has_a_name(web: Web, page: Page) -> None:
    await open_guide(page, web)
    unnamed = (
        "[...document.querySelectorAll('button, input, select')].filter((e) => !e.labels?.length"
        " && !e.textContent.trim() && !e.getAttribute('aria-label')).length"
    )
    assert await page.run(unnamed) == 0


async def test_nothing_comes_from_elsewhere(web: Web) -> None:
    for name in ("main.js", "api.js", "view.js", "words.js", "style.css"):
        text = (await web.get(f"/static/{name}")).text
        assert "http://" not in text
        assert "https://" not in text
        assert "innerHTML" not in text
