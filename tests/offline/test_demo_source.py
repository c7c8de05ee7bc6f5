import hashlib
import io
import itertools
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.places import Place
from offline.sources.demo import contact_sheet, demo_photos, demo_places, demo_query
from offline.sources.demo.looks import LOOKS
from offline.sources.demo.mood import LIGHTS, SEASONS, WEATHERS
from offline.sources.demo.views import gallery_view

PLACES = demo_places()
BRIDGE, TOWER = "demo-stone-bridge", "demo-clock-tower"


def decode(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def digests(pictures: Iterable[bytes]) -> list[str]:
    return [hashlib.sha256(picture).hexdigest() for picture in pictures]


def thumbnail(content: bytes) -> NDArray[np.float32]:
    """Brightness on a coarse grid, mean 0 and length 1."""
    grid = np.asarray(decode(content).convert("L").resize((16, 12)), dtype=np.float32)
    flat = (grid - grid.mean()).ravel()
    unit: NDArray[np.float32] = flat / np.linalg.norm(flat)
    return unit


def test_the_city_has_two_dozen_sights_with_keys_of_their_own() -> None:
    assert len(PLACES) == 24
    for values in ("place_id", "name", "name_en", "point", "description"):
        assert len({getattr(place, values) for place in PLACES}) == len(PLACES), values
    assert {place.place_id for place in PLACES} == set(LOOKS)
    assert {(place.source, place.city) for place in PLACES} == {("demo", "Лазоревск")}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.place_id)
def test_a_sight_is_described_in_both_languages(place: Place) -> None:
    russian, english = place.description.split("\n")
    for text in (russian, english):
        assert text.count(". ") == 1, "two sentences"
        assert text.endswith(".")
    assert all("а" <= letter <= "я" or letter == "ё" for letter in letters(place.name + russian))
    assert all("a" <= letter <= "z" for letter in letters(place.name_en + english))


def letters(text: str) -> list[str]:
    return [letter for letter in text.lower() if letter.isalpha()]


def test_every_sight_has_distinct_kinds_and_a_known_rate() -> None:
    for place in PLACES:
        assert place.kinds, place.place_id
        assert len(set(place.kinds)) == len(place.kinds)
        assert all(kind.replace("_", "").isalpha() and kind.islower() for kind in place.kinds)
        assert place.rate in {"1", "2", "3", "1h", "2h", "3h"}


def test_sights_stand_apart_but_within_one_town() -> None:
    for one, other in itertools.combinations(PLACES, 2):
        assert one.point
        assert other.point
        assert 100 < one.point.distance_m(other.point) < 15_000


@pytest.mark.parametrize("place_id", LOOKS)
def test_a_sight_draws_as_a_jpeg_of_the_promised_size(place_id: str) -> None:
    [picture] = map(decode, demo_photos(place_id, views=1))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (640, 480))
    assert np.ptp(np.asarray(picture.convert("L"))) > 100, "a picture has light and dark"


def test_the_same_seed_draws_the_same_bytes_however_many_are_taken() -> None:
    three = digests(demo_photos(BRIDGE, views=3))
    assert digests(demo_photos(BRIDGE, views=2)) == three[:2]
    assert digests(demo_photos(BRIDGE, views=3, seed=2)) != three
    assert demo_query(BRIDGE) == demo_query(BRIDGE)


def test_no_picture_of_a_sight_repeats_and_the_query_is_not_among_them() -> None:
    pictures = digests([*demo_photos(TOWER, views=15), demo_query(TOWER)])
    assert len(set(pictures)) == 16


def test_pictures_are_drawn_only_when_taken() -> None:
    endless = demo_photos(TOWER, views=10**9)
    assert decode(next(endless)).size == (640, 480)


def test_fourteen_views_show_every_light_season_and_weather() -> None:
    for place_id in LOOKS:
        moods = [gallery_view(place_id, n, 1).mood for n in range(14)]
        skies = {mood.light.sky for mood in moods}
        assert skies == {light.sky for light in LIGHTS.values()}
        assert {mood.season for mood in moods} == set(SEASONS.values())
        assert {mood.weather for mood in moods} == set(WEATHERS.values())


def test_the_night_is_darker_than_the_day() -> None:
    brightness: dict[str, list[float]] = {"day": [], "night": []}
    for number, picture in enumerate(demo_photos(TOWER)):
        sky = gallery_view(TOWER, number, 1).mood.light.sky
        for name, values in brightness.items():
            if sky == LIGHTS[name].sky:
                values.append(float(np.asarray(decode(picture)).mean()))
    assert max(brightness["night"]) < min(brightness["day"])


def test_a_sight_seen_twice_in_like_light_is_closer_than_another_sight() -> None:
    sights = [TOWER, "demo-stadium", "demo-cable-bridge", "demo-ferris-wheel"]
    by_day = {
        sight: [
            thumbnail(picture)
            for number, picture in enumerate(demo_photos(sight))
            if gallery_view(sight, number, 1).mood.weather is WEATHERS["fair"]
            and gallery_view(sight, number, 1).mood.light.sky == LIGHTS["day"].sky
        ]
        for sight in sights
    }
    same = [float(a @ b) for views in by_day.values() for a, b in itertools.combinations(views, 2)]
    other = [
        float(a @ b)
        for one, two in itertools.combinations(sights, 2)
        for a in by_day[one]
        for b in by_day[two]
    ]
    assert np.mean(same) > np.mean(other)


def test_an_unknown_sight_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        demo_photos("demo-nothing")
    with pytest.raises(KeyError):
        demo_query("demo-nothing")


def test_the_contact_sheet_shows_every_sight_once() -> None:
    sheet = contact_sheet(columns=5, width=64)
    assert sheet.size == (5 * 64, 5 * 48)
    tiles = {
        sheet.crop((x, y, x + 64, y + 48)).tobytes()
        for x in range(0, sheet.width, 64)
        for y in range(0, sheet.height, 48)
    }
    assert len(tiles) == 25, "twenty-four pictures and one empty place"
