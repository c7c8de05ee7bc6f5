"""What the API tells about photos, words and places."""

import asyncio
import io
import json
import sqlite3
from collections import Counter
from pathlib import Path

import httpx
import pytest
from fastapi import Request
from PIL import Image, ImageCms

from core.catalogue import Catalogue
from core.places import Photo, Place
from tests.doubles import coloured_photo, encoded
from tests.web.conftest import PLACES, RED, Web, running
from web.answers import places_answer
from web.photos import PhotoShelf, _made_smaller


async def test_a_photo_in_a_form_is_recognised(web: Web) -> None:
    answer = (await web.recognize(RED)).json()
    assert answer["places"][0]["place"]["name_en"] == "Red Square"
    assert sum(candidate["share"] for candidate in answer["places"]) == pytest.approx(1)
    assert answer["categories"][0]["label_ru"]
    assert len(answer["photos"]) == 5


@pytest.mark.parametrize("content_type", ["image/jpeg", "Image/JPEG", "application/octet-stream"])
async def test_a_photo_may_be_the_body_itself(web: Web, content_type: str) -> None:
    sent = await web.client.post(
        "/v1/recognize", content=RED, headers={"Content-Type": content_type}
    )
    assert sent.json()["places"][0]["place"]["key"] == PLACES["red"].key


async def test_a_city_may_come_with_the_address_or_with_the_form(web: Web) -> None:
    by_address = await web.recognize(RED, params={"city": "киров", "lat": "58.6", "lon": "49.6"})
    by_form = await web.recognize(RED, data={"city": "Киров", "lat": "58.6", "lon": "49.6"})
    for answer in (by_address.json(), by_form.json()):
        assert {c["place"]["city"] for c in answer["places"]} == {"Киров"}


async def test_what_a_form_leaves_out_comes_from_the_address_and_nothing_else(web: Web) -> None:
    for by_address, by_form in (("Москва", "Киров"), ("Киров", "")):
        sent = await web.recognize(RED, params={"city": by_address}, data={"city": by_form})
        assert {c["place"]["city"] for c in sent.json()["places"]} == {"Киров"}


async def test_a_position_prefers_what_is_near(web: Web) -> None:
    between, shares = encoded(coloured_photo((35, 120, 140))), []
    for place in (PLACES["green"], PLACES["red"]):
        assert place.point
        sent = await web.recognize(between, params={"lat": place.point.lat, "lon": place.point.lon})
        found = {c["place"]["key"]: c["share"] for c in sent.json()["places"]}
        shares.append(found[PLACES["green"].key])
    assert shares[0] > shares[1]
    sydney = await web.recognize(between, params={"lat": -33.9, "lon": 151.2})
    assert sydney.status_code == 200


async def test_every_candidate_comes_with_a_photo_of_its_own(web: Web) -> None:
    candidates = (await web.recognize(encoded(coloured_photo((35, 120, 140))))).json()["places"]
    assert len(candidates) > 1
    for place in (candidate["place"] for candidate in candidates):
        shown = web.guide.catalogue.photo(place["photo"]["photo_id"])
        assert shown
        assert shown.place.key == place["key"]


async def test_words_find_photos_page_by_page(web: Web) -> None:
    pages = [
        (await web.get("/v1/search", params={"q": "red", "limit": 2, "offset": offset})).json()
        for offset in (0, 2)
    ]
    ids = [hit["photo"]["photo_id"] for page in pages for hit in page["photos"]]
    assert len(set(ids)) == 4
    assert pages[0]["photos"][0]["place"]["name"] == "Красная площадь"
    elsewhere = (await web.get("/v1/search", params={"q": "red", "city": "киров"})).json()
    assert {hit["place"]["city"] for hit in elsewhere["photos"]} <= {"Киров"}


async def test_places_are_browsed_by_city_and_category(web: Web) -> None:
    everything = (await web.get("/v1/places")).json()
    assert everything["total"] == 3
    assert everything["places"][0]["key"] == PLACES["red"].key  # the best rated
    kirov = (await web.get("/v1/places", params={"city": "киров", "limit": 1})).json()
    assert (kirov["total"], len(kirov["places"])) == (2, 1)
    rest = (await web.get("/v1/places", params={"offset": 1, "limit": 1})).json()
    assert rest["places"] == everything["places"][1:2]
    bridges = (await web.get("/v1/places", params={"category": "bridges"})).json()
    assert [place["name_en"] for place in bridges["places"]] == ["Green Bridge"]


def test_of_a_place_is_told_what_says_most() -> None:
    place = Place(
        "x", "Башня", kinds=("architecture", "towers", "bridges"), description="Башня.\nA tower."
    )
    photos = [Photo(name, "x", f"{name}.jpg", 1, 1) for name in ("first", "second")]
    catalogue = Catalogue([place], photos)
    browsed = {"city": None, "category": "bridges", "limit": 5, "offset": 0}
    [told] = places_answer(catalogue, "v1", **browsed).places
    assert [category.category for category in told.categories] == ["towers", "bridges"]
    assert (told.description_ru, told.description_en) == ("Башня.", "A tower.")
    assert told.photo.photo_id == "first"


async def test_there_is_something_to_browse_by(web: Web) -> None:
    filters = (await web.get("/v1/filters")).json()
    assert filters["cities"] == [{"city": "Киров", "places": 2}, {"city": "Москва", "places": 1}]
    assert {c["category"] for c in filters["categories"]} == {"squares", "bridges", "churches"}


async def test_categories_of_most_places_come_first(demo_web: Web) -> None:
    counts = [c["places"] for c in (await demo_web.get("/v1/filters")).json()["categories"]]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) > 1


async def test_a_place_has_all_its_photos(web: Web) -> None:
    place = (await web.get(f"/v1/places/{PLACES['green'].key}")).json()
    assert (place["name"], place["lat"], place["lon"]) == ("Зелёный мост", 58.6, 49.6)
    assert len({photo["url"] for photo in place["photos"]}) == 6
    assert {(photo["width"], photo["height"]) for photo in place["photos"]} == {(640, 480)}


async def test_a_place_has_places_like_it_but_not_itself(web: Web) -> None:
    for place in PLACES.values():
        answer = (await web.get(f"/v1/places/{place.key}/similar", params={"limit": 1})).json()
        assert len(answer["places"]) <= 1
        assert place.key not in [one["place"]["key"] for one in answer["places"]]
        assert all(0 < one["score"] <= 1 for one in answer["places"])
        assert answer["snapshot"] == web.guide.snapshot


async def test_a_photo_is_served_whole_or_smaller_and_once(web: Web) -> None:
    url = (await web.get("/v1/places")).json()["places"][0]["photo"]["url"]
    whole, small = await web.get(url), await web.get(url, params={"width": 160})
    assert whole.headers["Content-Type"] == small.headers["Content-Type"] == "image/jpeg"
    assert len(small.content) < len(whole.content)
    assert "max-age" in small.headers["Cache-Control"]
    again = await web.get(
        url,
        params={"width": 160},
        headers={"If-None-Match": f'"another", W/{small.headers["ETag"]}'},
    )
    assert (again.status_code, again.content) == (304, b"")
    assert whole.headers["ETag"] != small.headers["ETag"]
    wider = await web.get(url, params={"width": 1280})
    assert wider.content == whole.content


async def test_a_part_of_a_photo_can_be_had(web: Web) -> None:
    url = (await web.get("/v1/places")).json()["places"][0]["photo"]["url"]
    whole = await web.get(url)
    part = await web.get(url, headers={"Range": "bytes=2-9", "If-Range": whole.headers["ETag"]})
    assert (part.status_code, part.content) == (206, whole.content[2:10])
    for nonsense in ("foo", "items=1-2", "bytes=abc", "bytes=-"):
        ignored = await web.get(url, headers={"Range": nonsense})
        assert (ignored.status_code, ignored.content) == (200, whole.content)


async def test_a_smaller_photo_is_made_once_and_keeps_its_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, profile = Counter[Path](), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    file = tmp_path / "photo.jpg"
    coloured_photo("red", size=(480, 640)).save(file, icc_profile=profile.tobytes())

    def counted(photo: Path, width: int) -> bytes:
        made[photo] += 1
        return _made_smaller(photo, width)

    monkeypatch.setattr("web.photos._made_smaller", counted)
    shelf, request = PhotoShelf(), Request({"type": "http", "headers": []})
    photo = Photo("one", "red", "photo.jpg", 480, 640)
    answers = await asyncio.gather(*(shelf.response(request, photo, file, 160) for _ in range(9)))
    answers.append(await shelf.response(request, photo, file, 160))
    assert made == {file: 1}
    with Image.open(io.BytesIO(bytes(answers[-1].body))) as smaller:
        assert smaller.size == (160, 213)
        assert smaller.info["icc_profile"] == profile.tobytes()


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/places", "/static/main.js", "photo"])
async def test_head_says_what_get_would(web: Web, path: str) -> None:
    if path == "photo":
        path = (await web.get("/v1/places")).json()["places"][0]["photo"]["url"]
    head, got = await web.client.head(path), await web.get(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
        assert head.headers.get(name) == got.headers.get(name)


async def test_a_page_never_meets_scripts_of_another_release(web: Web) -> None:
    script = await web.get("/static/main.js")
    assert script.headers["Cache-Control"] == "no-cache"
    again = await web.get("/static/main.js", headers={"If-None-Match": script.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "no-cache")


async def test_queries_are_logged_without_addresses_and_photos(web: Web) -> None:
    await web.recognize(RED)
    await web.get("/v1/search", params={"q": "red"}, headers={"Accept-Language": "ru"})
    await web.recognize(b"junk")
    with sqlite3.connect(web.log_file) as log:
        log.row_factory = sqlite3.Row
        photo, words, junk = log.execute("SELECT * FROM queries ORDER BY id").fetchall()
    assert (photo["kind"], words["kind"], words["text"]) == ("photo", "text", "red")
    assert (photo["chat_type"], words["language"]) == ("web", "ru")
    assert (photo["language"], photo["confident"], words["confident"]) == ("en", 1, None)
    for row in (photo, words):
        assert json.loads(row["places"])[0][0] == "red"
        assert json.loads(row["timings_ms"])["search"] >= 0
        assert row["snapshot"] == web.guide.snapshot
    assert (photo["error"], junk["error"]) == (None, "UnreadableImage")
    assert len(photo["user_hash"]) == 32
    assert b"127.0.0.1" not in web.log_file.read_bytes()


async def test_what_was_asked_from_an_address_is_forgotten_when_it_asks_for_that(web: Web) -> None:
    def logged() -> int:
        with sqlite3.connect(web.log_file) as log:
            return int(log.execute("SELECT count(*) FROM queries").fetchone()[0])

    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx.AsyncClient(base_url=web.client.base_url, transport=transport) as other:
        await other.get("/v1/search", params={"q": "blue"})
        await web.get("/v1/search", params={"q": "red"})
        await web.recognize(RED)
        assert logged() == 3
        assert (await web.client.delete("/v1/queries")).json() == {"queries": 2}
        assert logged() == 1
        assert (await web.client.delete("/v1/queries")).json() == {"queries": 0}
        assert (await other.delete("/v1/queries")).json() == {"queries": 1}


@pytest.mark.parametrize(("trusted", "forgotten"), [((), 2), (("127.0.0.0/8",), 1)])
async def test_who_asks_is_what_a_trusted_proxy_says_and_nobody_else(
    published: Path, tmp_path: Path, trusted: tuple[str, ...], forgotten: int
) -> None:
    async with running(published, tmp_path, trusted_proxies=trusted) as web:
        for address in ("9.9.9.1", "9.9.9.2"):
            via = {"X-Forwarded-For": address}
            await web.get("/v1/search", params={"q": "red"}, headers=via)
        answer = await web.client.delete("/v1/queries", headers=via)
        assert answer.json() == {"queries": forgotten}


async def test_operators_see_health_and_figures(web: Web) -> None:
    await web.get("/v1/search", params={"q": "red"})
    assert (await web.get("/healthz")).json() == {"status": "ok", "snapshot": web.guide.snapshot}
    assert (await web.get("/readyz")).status_code == 200
    await web.client.delete("/v1/queries")
    await web.client.head("/healthz")
    await web.get("/static/main.js")
    await web.get("/nowhere")
    figures = (await web.get("/metrics")).text
    for method, route, status in (
        ("GET", "/v1/search", 200),
        ("DELETE", "/v1/queries", 200),
        ("HEAD", "/healthz", 200),
        ("GET", "/static", 200),
        ("GET", "other", 404),
    ):
        counted = f'{{method="{method}",route="{route}",status="{status}"}} 1'
        async with asyncio.timeout(10):  # a file is closed after it was sent, and then counted
            while f"guide_web_requests_total{counted}" not in figures:
                figures = (await web.get("/metrics")).text
