import io

import numpy as np
import pytest
from PIL import Image

from core.embedders import Embedder
from core.embedders.base import unit_rows
from core.kinds import KINDS
from core.places import Place
from offline.cleaning.topics import (
    INDOOR_KINDS,
    OTHER_THINGS,
    SIGHTS,
    may_show_interiors,
    strangeness,
)
from offline.sources.demo import demo_photos


def test_a_photo_near_other_things_is_strange_and_the_others_are_not() -> None:
    rng = np.random.default_rng(0)
    sights, others = np.eye(8, dtype=np.float32)[:4], np.eye(8, dtype=np.float32)[4:]
    photos = np.concatenate([np.tile(sights, (10, 1)), others[:1]]) + rng.normal(0, 0.05, (41, 8))
    scores = strangeness(unit_rows(photos), sights, others)
    assert scores[-1] > 1
    assert np.abs(scores[:-1]).max() < 1
    assert np.median(scores) == pytest.approx(0)


def test_one_photo_alone_is_not_strange() -> None:
    words = np.eye(4, dtype=np.float32)
    assert strangeness(words[2:3], words[:2], words[2:]).tolist() == [0.0]


def test_the_drawn_sights_are_closer_to_words_for_sights_than_plain_things(
    bundled: Embedder,
) -> None:
    drawn = next(iter(demo_photos("demo-cathedral")))
    joint = bundled.embed_gallery([Image.open(io.BytesIO(drawn)).convert("RGB")]).joint
    sights, others = bundled.embed_texts(SIGHTS), bundled.embed_texts(OTHER_THINGS)
    assert np.sort(joint @ sights.T)[0, -3:].mean() > np.sort(joint @ others.T)[0, -3:].mean()


@pytest.mark.parametrize(
    ("kinds", "allowed"),
    [
        (("history_museums", "architecture"), True),  # below "museums"
        (("caves",), True),
        (("railway_stations",), True),
        (("subway_stations",), True),  # in no catalogue, but listed
        (("opera_houses",), True),
        (("cathedrals", "architecture"), False),
        (("no_such_kind",), False),
        ((), False),
    ],
)
def test_interiors_stay_by_category(kinds: tuple[str, ...], allowed: bool) -> None:
    assert may_show_interiors(Place("x", "X", kinds=kinds), INDOOR_KINDS) is allowed


def test_the_exceptions_are_configurable() -> None:
    cathedral = Place("x", "X", kinds=("cathedrals",))
    assert may_show_interiors(cathedral, {"religion"})
    assert not may_show_interiors(Place("x", "X", kinds=("museums",)), ())


def test_indoor_kinds_are_known_categories() -> None:
    assert set(INDOOR_KINDS) - {"subway_stations"} <= set(KINDS)
