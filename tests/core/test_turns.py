from collections.abc import Iterator
from itertools import islice

from core.answers import PhotoHit
from core.places import Photo, Place
from core.text_search import Why
from core.turns import each_once, in_turns


def hit(photo_id: str) -> PhotoHit:
    photo = Photo(photo_id, "place", f"gallery/photos/{photo_id}.jpg", 4, 3)
    return PhotoHit(photo, Place("place", "Place"), 1.0, Why.LOOKS)


def ids(hits: Iterator[PhotoHit]) -> str:
    return "".join(each.photo.photo_id for each in hits)


def test_sources_take_turns_until_the_last_is_empty() -> None:
    sources = [map(hit, "abc"), map(hit, ""), map(hit, "d"), map(hit, "ef")]
    assert ids(in_turns(sources)) == "adebfc"


def test_nothing_comes_of_no_sources() -> None:
    assert ids(in_turns([])) == ""


def test_a_source_is_not_asked_before_its_turn() -> None:
    def never() -> Iterator[PhotoHit]:
        raise AssertionError("asked before its turn")
        yield

    assert ids(islice(in_turns([map(hit, "a"), map(hit, "b"), never()]), 2)) == "ab"


def test_a_photo_comes_once() -> None:
    assert ids(each_once(map(hit, "abacb"))) == "abc"
