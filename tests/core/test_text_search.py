import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from core.embedders import Embedder
from core.naming import SURE
from core.places import Place
from core.text_search import (
    Meaning,
    PlaceMatch,
    PlaceWords,
    TextIndex,
    Why,
    embed_places,
    place_text,
)
from offline.small_talk import PHRASES
from tests.doubles import ColourEmbedder

RED = Place("red", "Красная башня", "Red Tower", ("towers", "architecture"), "Киров")
BLUE = Place("blue", "Голубая башня", kinds=("towers",), description="a tower of blue glass")
GREEN = Place("green", "Старый мост", "", ("bridges",), "Пермь")
PLACES = (RED, BLUE, GREEN)


def index(embedder: Embedder, *, min_stand_out: float) -> TextIndex:
    joint = np.eye(3, embedder.joint_dim, dtype=np.float32)
    words = embed_places(PLACES, embedder.embed_texts)
    return TextIndex(PLACES, words, joint, np.arange(3), min_stand_out=min_stand_out)


def rank(text: str, found: TextIndex | None = None) -> list[PlaceMatch]:
    embedder = ColourEmbedder()
    found = found or index(embedder, min_stand_out=0.5)
    meant = found.meant(text)
    return found.rank(meant, embedder.embed_texts([meant.text]))


def test_a_place_text_holds_names_categories_in_both_languages_and_city() -> None:
    for part in ("Красная башня", "Red Tower", "башня", "tower", "Киров"):
        assert part in place_text(RED)
    assert place_text(Place("x", "Дом")) == "Дом"


@pytest.mark.parametrize(
    "text", ["Красная башня", "красной башне", "red tower", "krasnaya bashnya", "rhfcyfz ,fiyz"]
)
def test_words_that_name_a_place_find_it_alone(text: str) -> None:
    best, *others = rank(text)
    assert (PLACES[best.row], best.why) == (RED, Why.NAME)
    assert not any(match.as_well for match in others)


def test_places_that_may_not_be_ranked_do_not_put_others_behind() -> None:
    embedder = ColourEmbedder()
    found = index(embedder, min_stand_out=0.5)
    text = found.meant("красная башня")
    matches = found.rank(text, embedder.embed_texts([text.text]), np.array([False, True, True]))
    assert (PLACES[matches[0].row], matches[0].as_well) == (BLUE, True)
    assert RED not in {PLACES[match.row] for match in matches}


@pytest.mark.parametrize("text", ["башни", "высокая башня"])
def test_words_for_a_category_find_its_places_as_well_as_one_another(text: str) -> None:
    matches = rank(text)
    assert {PLACES[match.row] for match in matches if match.as_well} == {RED, BLUE}
    assert matches[0].why is Why.CATEGORY


@pytest.mark.parametrize("text", ["старая башня", "old tower", "старые башни"])
def test_an_adjective_names_no_place_of_another_category(text: str) -> None:
    matches = rank(text)
    assert {PLACES[match.row] for match in matches if match.as_well} == {RED, BLUE}


def test_words_may_mean_what_is_written_about_a_place() -> None:
    assert index(ColourEmbedder(), min_stand_out=0.5).meant("cornflowerblue").named.max() < SURE
    best = rank("cornflowerblue")[0]
    assert (PLACES[best.row], best.why) == (BLUE, Why.DESCRIPTION)


def test_words_of_a_name_are_understood_in_the_other_language() -> None:
    best = rank("blue tower")[0]
    assert (PLACES[best.row], best.why) == (BLUE, Why.NAME)


@pytest.mark.parametrize("text", ["qwxzv", "купить диван", "12345"])
def test_nothing_fits_nonsense(text: str) -> None:
    assert rank(text) == []


def test_nonsense_does_not_mean_the_only_place_there_is() -> None:
    embedder = ColourEmbedder()
    words, joint = embed_places([RED], embedder.embed_texts), np.eye(1, embedder.joint_dim)
    found = TextIndex([RED], words, joint.astype(np.float32), np.arange(1), min_stand_out=0.0)
    assert rank("qwxzv", found) == []
    assert [match.why for match in rank("red tower", found)] == [Why.NAME]


def test_what_resembles_every_place_alike_stands_out_nowhere() -> None:
    embedder = ColourEmbedder()
    meaning = Meaning(PLACES, embed_places(PLACES, embedder.embed_texts))
    stand_out = meaning.stand_out(embedder.embed_texts(["blue", "nothing of that"]))
    assert stand_out.shape == (2, 3)
    assert int(stand_out[0].argmax()) == PLACES.index(BLUE)
    assert stand_out[0].max() > 0.5
    assert np.allclose(stand_out[1], 0, atol=1e-6)


@pytest.mark.parametrize(
    ("known", "row"), [("texts", 0), ("names", 0), ("labels", 0), ("labels", 1)]
)
def test_text_name_and_category_in_either_language_say_what_a_place_is(
    known: str, row: int
) -> None:
    """Only one row of all that is known of a bridge and a tower resembles the words."""
    words = {"texts": np.zeros((2, 3)), "names": np.zeros((2, 3)), "labels": np.zeros((4, 3))}
    words[known][row] = (1, 0, 0)
    meaning = Meaning([GREEN, BLUE], PlaceWords(**words))
    [[bridge, tower]] = meaning.stand_out(np.array([[1, 0, 0]], np.float32))
    assert bridge > 0 > tower


def test_places_without_categories_can_be_searched() -> None:
    embedder = ColourEmbedder()
    places = (Place("a", "Дом"), Place("b", "Сад"))
    words = embed_places(places, embedder.embed_texts)
    found = TextIndex(places, words, np.zeros((2, 3), np.float32), np.arange(2), min_stand_out=0.5)
    assert [match.row for match in rank("сад", found)] == [1]


def test_the_best_photo_of_each_place_that_fits_says_how_it_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = [*(Place(str(n), "Башня", kinds=("towers",)) for n in range(4)), Place("4", "Сад")]
    words = embed_places(places, ColourEmbedder().embed_texts)
    photo_place = np.array([2, 0, 4, 1, 1, 0, 2, 3])  # in no order
    red, green, blue = np.eye(3, dtype=np.float32)
    joint = np.stack([red, green, red, red, blue, green, green, green])
    found = TextIndex(places, words, joint, photo_place, min_stand_out=0.5)
    monkeypatch.setattr("core.text_search.PART", 3)
    scores = {match.row: match.score for match in rank("red башня", found)}
    assert set(scores) == {0, 1, 2, 3}
    looks = {row: score - scores[0] for row, score in scores.items()}
    assert looks[1] == looks[2] > looks[3] == looks[0] == 0


# Queries nobody types into a city guide, other than those thresholds are chosen on.
NONSENSE = """qwxzv|asdfgh jkl|лыоаыдв|42|купить диван|python exception traceback|привет|hello
как дела|съешь ещё этих мягких французских булок|собака|dog|погода на завтра|рецепт борща
how to fix a bike|курс доллара|ыыыы|пицца с доставкой|cheap flights|my phone is broken
футбол онлайн|анекдот|lorem ipsum dolor|iphone 15 pro max|выучить английский|zzzzzz|бигмак|кот
таблетки от кашля|blablabla""".replace("\n", "|").split("|")


@pytest.fixture(scope="module")
def real_index(real_photos: Path, bundled: Embedder) -> tuple[TextIndex, list[str]]:
    """The real places known by their Russian names only, as the contest's files have them."""
    with (real_photos / "places.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    places = [
        Place(row["Slug"], row["NameRu"], kinds=tuple(row["Kind"].split(",")), city=row["City"])
        for row in rows
    ]
    words = embed_places(places, bundled.embed_texts)
    small_talk = Meaning(places, words).stand_out(bundled.embed_texts(PHRASES)).max(axis=1)
    no_photos = np.zeros((len(places), bundled.joint_dim), dtype=np.float32)
    found = TextIndex(
        places,
        words,
        no_photos,
        np.arange(len(places)),
        min_stand_out=float(np.quantile(small_talk, 0.9)),
    )
    return found, [place.place_id for place in places]


def best(found: TextIndex, embedder: Embedder, query: str) -> list[int]:
    meant = found.meant(query)
    return [match.row for match in found.rank(meant, embedder.embed_texts([meant.text]))]


def test_real_queries_find_their_places(
    real_photos: Path, real_index: tuple[TextIndex, list[str]], bundled: Embedder
) -> None:
    hit = hits(real_photos / "text_queries.csv", real_index, bundled)
    assert hit["name"] == hit["typo"] == hit["translit"] == hit["category"] == 1
    assert hit["description"] >= 0.8


def test_further_queries_find_their_places_too(
    real_index: tuple[TextIndex, list[str]], bundled: Embedder
) -> None:
    """In more languages; no weight was chosen on them."""
    further = Path(__file__).with_name("further_queries.csv")
    hit = hits(further, real_index, bundled)
    assert hit["name"] >= 0.95
    assert hit["translit"] == hit["layout"] == 1
    assert hit["category"] >= 0.9
    assert hit["typo"] >= 0.8
    # The second lies on the edge: found or not, as the processor's make rounds, see `E5`.
    on_the_edge = {"большой железный столб", "rock-cut Buddhist monastery"}
    assert missed(further, real_index, bundled)["description"] <= on_the_edge


Index = tuple[TextIndex, list[str]]


def hits(queries: Path, index: Index, embedder: Embedder) -> dict[str, float]:
    """Share of the queries that find a fitting place first, by kind of query."""
    asked = Counter(row["how"] for row in rows_of(queries))
    misses = missed(queries, index, embedder)
    return {how: 1 - len(misses[how]) / count for how, count in asked.items()}


def missed(queries: Path, index: Index, embedder: Embedder) -> dict[str, set[str]]:
    """The queries that do not find a fitting place first, by kind of query."""
    found, slugs = index
    misses: dict[str, set[str]] = defaultdict(set)
    for row in rows_of(queries):
        rows = best(found, embedder, row["query"])
        if not rows or slugs[rows[0]] not in row["relevant"].split(";"):
            misses[row["how"]].add(row["query"])
    return misses


def rows_of(queries: Path) -> list[dict[str, str]]:
    with queries.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_real_nonsense_finds_nothing(
    real_index: tuple[TextIndex, list[str]], bundled: Embedder
) -> None:
    refused = [not best(real_index[0], bundled, query) for query in NONSENSE]
    assert sum(refused) / len(refused) >= 0.9
