import pytest

from core.answers import PhotoHit, RankedPlace, Recognition
from core.places import Photo, Place
from core.several_photos import joint_answer
from core.text_search import Why
from core.vote import CategoryShare

TOWER, BRIDGE, GATE = (Place(name, name) for name in ("tower", "bridge", "gate"))


def photo(name: str, place: Place = TOWER) -> Photo:
    return Photo(name, place.place_id, f"{name}.jpg", 1, 1)


def answer(
    *places: tuple[Place, float], confident: bool = True, name: str = "a", photos: str = ""
) -> Recognition:
    return Recognition(
        confident=confident,
        places=tuple(RankedPlace(p, share, photo(f"{name}-{p.name}", p)) for p, share in places),
        categories=tuple(CategoryShare(place.name, share) for place, share in places),
        photos=tuple(PhotoHit(photo(each), TOWER, 0.5, Why.LOOKS) for each in photos),
        timings_ms={"embed": 5.0, "vote": 1.0},
        snapshot="v1",
    )


def shares(joint: Recognition) -> dict[str, float]:
    return {ranked.place.name: pytest.approx(ranked.share) for ranked in joint.places}


def test_the_answer_to_one_photo_stays_as_it_is() -> None:
    only = answer((TOWER, 1.0))
    assert joint_answer([only]) is only


def test_shares_are_averaged_and_the_best_come_first() -> None:
    joint = joint_answer([answer((TOWER, 0.6), (BRIDGE, 0.4)), answer((BRIDGE, 0.9), (GATE, 0.1))])
    assert shares(joint) == {"bridge": 0.65, "tower": 0.3, "gate": 0.05}
    assert list(shares(joint)) == ["bridge", "tower", "gate"]
    categories = [(category.kind, category.share) for category in joint.categories]
    assert categories == [
        (kind, pytest.approx(share))
        for kind, share in (("bridge", 0.65), ("tower", 0.3), ("gate", 0.05))
    ]


def test_at_most_five_are_offered_and_their_shares_sum_to_one() -> None:
    many = [
        answer(*((Place(f"{n}{i}", f"{n}{i}"), 0.2 + i / 1000) for i in range(5))) for n in range(3)
    ]
    joint = joint_answer(many)
    assert len(joint.places) == len(joint.categories) == 5
    assert sum(ranked.share for ranked in joint.places) == pytest.approx(1)


def test_a_place_comes_with_the_photo_of_the_answer_that_was_surest_of_it() -> None:
    joint = joint_answer([answer((TOWER, 0.6), name="a"), answer((TOWER, 0.9), name="b")])
    assert joint.places[0].photo.photo_id == "b-tower"


@pytest.mark.parametrize(
    ("answers", "confident"),
    [
        ([answer((TOWER, 0.9)), answer((TOWER, 0.9))], True),
        ([answer((TOWER, 0.9)), answer((BRIDGE, 0.5), confident=False)], True),
        ([answer((TOWER, 0.9)), answer((BRIDGE, 0.8))], False),
        ([answer((TOWER, 0.9)), answer((TOWER, 0.9)), answer((BRIDGE, 0.9))], True),
        ([answer((TOWER, 0.6), confident=False)] * 3, False),
        ([answer((TOWER, 0.9), confident=False), answer((BRIDGE, 0.6))], False),
        ([answer(confident=False), answer(confident=False)], False),
        ([answer(confident=False), answer((TOWER, 0.9))], True),
    ],
)
def test_it_is_confident_when_the_confident_photos_agree(
    answers: list[Recognition], confident: bool
) -> None:
    assert joint_answer(answers).confident is confident


def test_similar_photos_come_in_turns_and_none_twice() -> None:
    joint = joint_answer([answer((TOWER, 1.0), photos="abc"), answer((TOWER, 1.0), photos="bdef")])
    assert [hit.photo.photo_id for hit in joint.photos] == ["a", "b", "d", "c", "e"]


def test_times_are_added_up() -> None:
    assert joint_answer([answer((TOWER, 1.0))] * 3).timings_ms == {"embed": 15.0, "vote": 3.0}
