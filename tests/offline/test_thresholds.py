from collections.abc import Sequence

import numpy as np
import pytest

from core.certainty import Certainty
from core.embedders.base import Embeddings, unit_rows
from core.heads import Scores
from core.index import PhotoIndex
from core.metrics import Rows
from core.places import Place
from core.snapshot import Thresholds
from core.text_search import Meaning, embed_places
from core.thorough import ThoroughIndex, thorough
from offline.near_duplicates import Shots
from offline.thresholds import Asking, choose_thresholds
from offline.training import Training
from offline.views import Views
from tests.doubles import ColourEmbedder

DIM = 16
PHOTOS_A_PLACE = 10


def gallery(places: int, *, spread: float, seed: int = 0) -> tuple[Embeddings, list[str]]:
    """Photos scattered around a centre for each place, by ``spread``."""
    random = np.random.default_rng(seed)
    centres = unit_rows(random.normal(size=(places, DIM)))
    noise = random.normal(size=(places, PHOTOS_A_PLACE, DIM)) * spread / np.sqrt(DIM)
    photos = unit_rows((centres[:, None] + noise).reshape(-1, DIM))
    return photos, [f"place{n}" for n in range(places) for _ in range(PHOTOS_A_PLACE)]


def chosen(
    visual: Embeddings,
    place_ids: Sequence[str],
    *,
    trained: bool = False,
    views: Views | None = None,
) -> Thresholds:
    model = ColourEmbedder()
    places = [Place(place_id, place_id) for place_id in sorted(set(place_ids))]
    asking = Asking(
        visual,
        place_ids,
        Shots([None] * len(visual)),
        PhotoIndex.build(visual),
        Training(visual, place_ids, dict.fromkeys(place_ids, ())) if trained else None,
        k=20,
    )
    return choose_thresholds(
        asking,
        asking,
        Meaning(places, embed_places(places, model.embed_texts)),
        model.embed_texts(["hello", "thank you"]),
        views or Views(visual[:0], np.empty(0, np.int64)),
    )


def test_more_is_asked_of_answers_that_a_second_look_makes_surer() -> None:
    """The second look shows each photo as its place is, without noise."""
    photos, place_ids = gallery(20, spread=0.8)
    centres = photos.reshape(20, PHOTOS_A_PLACE, DIM).mean(axis=1)
    views = Views(unit_rows(np.repeat(centres, PHOTOS_A_PLACE, axis=0)), np.arange(len(photos)))
    at_first, again = chosen(photos, place_ids), chosen(photos, place_ids, views=views)
    assert again.min_certainty > at_first.min_certainty
    assert (again.first, again.thorough) == (at_first.first, at_first.thorough)


def test_a_second_look_at_a_photo_is_not_answered_by_its_copy() -> None:
    """The copy is close to the photo, but not to what the looks at it have in common."""
    photo, other = np.eye(3)[0], np.eye(3)[1]
    copy, look = photo + 0.1 * np.eye(3)[2], photo + 0.5 * other
    visual = unit_rows(np.array([photo, copy, other]))
    place_ids = ["shot", "shot", "another"]
    shots, index = Shots([None] * 3), PhotoIndex.build(visual)
    asking = Asking(visual, place_ids, shots, index, training=None, k=20)
    answer = asking.again(0, unit_rows(look[None]))
    assert answer
    assert [candidate.place_id for candidate in answer.candidates] == ["another"]


def test_a_photo_is_not_answered_by_a_copy_that_only_its_hash_gives_away() -> None:
    visual = unit_rows(np.array([[1, 0, 0], [0.9, 0.5, 0], [0, 0, 1]]))
    shots = Shots(["ffffffffffffffff", "fffffffffffffff0", "0000000000000000"])
    index = PhotoIndex.build(visual)
    asking = Asking(visual, ["shot", "shot", "another"], shots, index, training=None, k=20)
    known, _ = asking.sample()
    [answer] = [answer for answer in known if answer.row == 0]
    assert [candidate.place_id for candidate in answer.candidates] == ["another"]


def test_a_place_may_have_more_photos_than_vote() -> None:
    visual, place_ids = gallery(3, spread=0.5)
    shots, index = Shots([None] * len(visual)), PhotoIndex.build(visual)
    known, strange = Asking(visual, place_ids, shots, index, training=None, k=3).sample()
    assert len(known) == len(strange) == len(visual)
    assert all(answer.right for answer in known)
    assert not any(answer.right for answer in strange)


def test_most_small_talk_is_refused() -> None:
    visual, place_ids = gallery(2, spread=0.3)
    shots, index = Shots([None] * len(visual)), PhotoIndex.build(visual)
    asking = Asking(visual, place_ids, shots, index, training=None, k=20)
    model = ColourEmbedder()
    places = [Place("place0", "red"), Place("place1", "blue")]
    meaning = Meaning(places, embed_places(places, model.embed_texts))
    talk = model.embed_texts([*["hello"] * 9, "how do you like red?"])
    none = Views(visual[:0], np.empty(0, np.int64))
    least = choose_thresholds(asking, asking, meaning, talk, none).min_stand_out
    refused = meaning.stand_out(talk).max(axis=1) < least
    assert refused.tolist() == [True] * 9 + [False]


def test_similarity_speaks_for_an_answer() -> None:
    thresholds = chosen(*gallery(20, spread=0.8))
    assert thresholds.first.certainty.of(0.9, 0.8) > thresholds.first.certainty.of(0.5, 0.8)
    assert thresholds.first.certainty.of(0.9, 0.9) > thresholds.first.certainty.of(0.9, 0.3)


def test_a_photo_of_a_place_nobody_has_is_less_sure_than_a_known_one() -> None:
    thresholds = chosen(*gallery(20, spread=0.8))
    like_its_place, like_nothing = (0.85, 0.95), (0.45, 0.5)
    assert thresholds.first.certainty.of(*like_its_place) >= thresholds.min_certainty
    assert thresholds.first.certainty.of(*like_nothing) < thresholds.min_certainty


def test_places_that_look_alike_make_shares_more_modest() -> None:
    clear, blurred = (chosen(*gallery(20, spread=spread)) for spread in (0.8, 2.5))
    assert blurred.first.sharpness < clear.first.sharpness


@pytest.mark.parametrize("places", [1, 2])
def test_a_gallery_too_small_to_learn_from_claims_what_has_half_of_the_vote(places: int) -> None:
    visual, place_ids = gallery(2, spread=0.3)
    rows = [0, 1, 2, 10, 11, 12][: 3 * places]
    thresholds = chosen(visual[rows], [place_ids[row] for row in rows])
    assert thresholds.first.sharpness == 1
    assert thresholds.first.certainty == Certainty(0.0, 0.0, 1.0)
    assert thresholds.min_certainty == 0.5


def test_a_gallery_of_one_place_has_no_strangers_to_learn_from() -> None:
    visual, _ = gallery(4, spread=0.8)  # more photos than are needed to choose anything
    assert chosen(visual, ["place0"] * len(visual)).min_certainty == 0.5


def test_what_the_heads_say_counts_where_there_are_heads() -> None:
    visual, place_ids = gallery(20, spread=1.5)
    assert chosen(visual, place_ids).first.certainty.per_head == 0
    assert chosen(visual, place_ids, trained=True).first.certainty.per_head > 0


def test_heads_have_seen_neither_copies_of_a_photo_nor_the_place_nobody_has() -> None:
    class Noted(Training):
        def left_out(self, rows: Rows, visual: Embeddings | None = None) -> Scores:
            out.append(rows.tolist())
            return super().left_out(rows, visual)

    out: list[list[int]] = []
    visual = unit_rows(np.random.default_rng(0).normal(size=(5, DIM)))
    place_ids = ["shot", "another", "shot", "another", "another"]
    hashes = ["ffffffffffffffff", "fffffffffffffff0", None, None, None]  # 0 and 1: copies
    training = Noted(visual, place_ids, dict.fromkeys(place_ids, ()))
    Asking(visual, place_ids, Shots(hashes), PhotoIndex.build(visual), training, k=20).sample()
    assert [0, 1] in out, "asked as a photo of a known place"
    assert [0, 1, 2] in out, "asked as one of a place that nobody has"


def test_heads_that_learned_by_heart_make_no_answer_sure() -> None:
    """Labels at random: heads know every photo they were trained on, and none they were not."""
    visual, place_ids = gallery(20, spread=0.8)
    shuffled = [
        str(label)  # of three, so that some guesses are right and something can be learned
        for label in np.random.default_rng(3).integers(3, size=len(place_ids))
    ]
    thresholds = chosen(visual, shuffled, trained=True)
    seen = Training(visual, shuffled, dict.fromkeys(shuffled, ())).heads.scores(visual).max(axis=1)
    assert thresholds.first.certainty.of(0.9, 0.9, float(seen.mean())) < 0.5


def test_answers_by_both_networks_are_judged_by_what_the_gallery_says_of_those() -> None:
    """The second network sees places without noise, and does so at the second look as well."""
    photos, place_ids = gallery(20, spread=1.5)
    clear, _ = gallery(20, spread=0.2, seed=1)
    by_both = thorough(photos, clear)
    shots, index = Shots([None] * len(photos)), PhotoIndex.build(photos)
    first = Asking(photos, place_ids, shots, index, training=None, k=20)
    both = Asking(
        by_both, place_ids, shots, ThoroughIndex(index, clear.__getitem__), training=None, k=20
    )
    model = ColourEmbedder()
    places = [Place(place_id, place_id) for place_id in sorted(set(place_ids))]
    words = Meaning(places, embed_places(places, model.embed_texts))
    talk = model.embed_texts(["hello", "thank you"])
    rows = np.arange(len(photos))
    blurred = choose_thresholds(first, first, words, talk, Views(photos, rows))
    sure = choose_thresholds(first, both, words, talk, Views(by_both, rows))
    assert blurred.first == sure.first
    assert blurred.thorough == blurred.first
    assert sure.thorough.sharpness > sure.first.sharpness
    assert sure.min_certainty < 0.95 < blurred.min_certainty  # else nothing could be claimed
