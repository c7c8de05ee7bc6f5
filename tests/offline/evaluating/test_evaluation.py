"""Measures, tables and comparisons made from outcomes."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import SourceError
from core.places import Place
from offline.evaluating.evaluation import Earlier, evaluation_of, read_earlier
from offline.evaluating.measures import (
    PHOTO_STATISTICS,
    TEXT_STATISTICS,
    UNKNOWN_STATISTICS,
    differences,
    measure,
    photo_sample,
    text_sample,
)
from offline.evaluating.outcomes import Outcomes, PhotoOutcome, TextOutcome
from offline.evaluating.running import Asked
from offline.evaluating.summary import summary
from offline.evaluating.tables import by_city, by_how, confusions, curves

FEW = 20  # rounds of the bootstrap, where its interval is not what matters


def outcome(query: str, place_id: str = "tower", **given: object) -> PhotoOutcome:
    right = PhotoOutcome(
        query=query, place_id=place_id, kind="towers", rank=1, category_rank=1,
        first_category_rank=1, contest_category_rank=1, answer=place_id, photo="p.jpg",
        share=0.9, score=0.8, certainty=0.9, confident=True,
    )  # fmt: skip
    return replace(right, **given)  # type: ignore[arg-type]


def wrong(query: str, place_id: str = "tower", **given: object) -> PhotoOutcome:
    return outcome(query, place_id, **{"rank": 2, "answer": "bridge", **given})


def test_each_measure_is_what_its_name_says() -> None:
    photos = [
        outcome("1"),
        outcome("2", share=0.6, confident=False),
        outcome("3", kind="", category_rank=math.inf, contest_category_rank=math.inf),
        wrong("4", "gate", kind="gates", rank=math.inf, category_rank=2, contest_category_rank=6),
    ]
    measures = measure(photo_sample(photos), PHOTO_STATISTICS, seed=0, rounds=200)
    values = {name: measured.value for name, measured in measures.items()}
    assert values["name_hit_1"] == values["name_hit_5"] == values["name_mrr"] == 0.75
    assert values["name_hit_1_by_place"] == 0.5
    # a place without categories is no question about categories
    assert values["category_hit_1"] == pytest.approx(2 / 3)
    assert values["category_hit_5"] == 1
    assert values["contest_category_hit_5"] == pytest.approx(2 / 3)
    assert values["contest_category_hit_5_by_category"] == 0.5
    assert values["claimed"] == 0.75
    assert values["claimed_right"] == pytest.approx(2 / 3)
    assert values["calibration_error"] == pytest.approx((3 * abs(0.9 - 2 / 3) + 0.4) / 4)


def test_each_measure_of_words_is_what_its_name_says() -> None:
    texts = [
        TextOutcome("tower", "en", "name", ("tower",), 1, 1.0, ("tower",) * 5),
        TextOutcome("towr", "en", "typo", ("tower",), 2, 0.4, ("gate", "tower", "tower")),
        TextOutcome("old", "en", "category", ("tower", "gate"), math.inf, 0.0, ()),
        TextOutcome("xyzzy", "en", "nonsense", (), math.inf, 0.0, ()),
        TextOutcome("qwerty", "en", "nonsense", (), math.inf, 0.0, ()),
        TextOutcome("hello", "en", "nonsense", (), math.inf, 0.0, ("gate",)),
    ]
    measures = measure(text_sample(texts), TEXT_STATISTICS, seed=0, rounds=FEW)
    assert {name: measured.value for name, measured in measures.items()} == pytest.approx(
        {
            "hit_1": 1 / 3,
            "precision_5": 1.4 / 3,
            "mrr": 1.5 / 3,
            "names_all_5": 1 / 2,
            "real_refused": 1 / 3,
            "nonsense_refused": 2 / 3,
        }
    )


def test_photos_of_unknown_places_are_held_against_queries_where_there_are_some() -> None:
    gallery, queries = [outcome("1")], [outcome("2")]
    assert Outcomes(gallery=gallery).known == gallery
    assert Outcomes(gallery=gallery, queries=queries).known == queries


def test_known_photos_are_told_from_unknown_ones() -> None:
    known = [
        outcome("1", score=0.9),
        outcome("2", "gate", score=0.7, certainty=0.5, confident=False),
    ]
    unknown = [
        wrong("a", "food", rank=math.inf, score=0.8, certainty=0.4, confident=False),
        wrong("b", "food", rank=math.inf, score=0.5, certainty=0.1, confident=True),
    ]
    measures = measure(photo_sample(known, unknown), UNKNOWN_STATISTICS, seed=0, rounds=FEW)
    values = {name: measured.value for name, measured in measures.items()}
    assert values["similarity_auroc"] == 0.75
    assert values["similarity_fpr_95"] == 0.5
    assert (values["certainty_auroc"], values["certainty_fpr_95"]) == (1.0, 0.0)
    assert (values["claimed_known"], values["claimed_unknown"]) == (0.5, 0.5)
    assert values["claimed_right"] == 0.5


def test_a_clear_change_is_told_from_chance() -> None:
    places = [f"place {n}" for n in range(30)]
    before = [
        outcome(place, place) if n % 3 else wrong(place, place) for n, place in enumerate(places)
    ]
    better = [outcome(place, place) for place in places]
    mixed = [
        wrong(place, place) if n in (1, 2) else outcome(place, place) if n in (0, 3) else old
        for n, (place, old) in enumerate(zip(places, before, strict=True))
    ]
    clear, worse, chance, none = (
        differences(photo_sample(old), photo_sample(now), PHOTO_STATISTICS, seed=0, rounds=200)[0]
        for old, now in ((before, better), (better, before), (before, mixed), (before, before))
    )
    assert clear.exceeds
    assert clear.now - clear.before == pytest.approx(1 / 3)
    assert clear.interval.low > 0
    assert worse.exceeds
    assert worse.interval.high < 0
    assert not chance.exceeds
    assert not none.exceeds
    assert none.interval.low == none.interval.high == 0


def test_only_queries_asked_both_times_are_compared() -> None:
    before = [outcome("1"), wrong("2"), wrong("3")]
    now = [outcome("2"), outcome("1"), wrong("4")]
    change = differences(
        photo_sample(before), photo_sample(now), PHOTO_STATISTICS, seed=0, rounds=200
    )[0]
    assert (change.before, change.now, change.queries) == (0.5, 1.0, 2)
    assert (
        differences(
            photo_sample(before), photo_sample(now[2:]), PHOTO_STATISTICS, seed=0, rounds=200
        )
        == []
    )


def test_a_photo_under_two_places_is_two_queries() -> None:
    photos = photo_sample([outcome("1"), wrong("1", "gate")])
    change = differences(photos, photos, PHOTO_STATISTICS, seed=0, rounds=FEW)[0]
    assert (change.before, change.now, change.queries) == (0.5, 0.5, 2)


def test_confusions_stand_by_frequency_with_the_surest_example() -> None:
    photos = [
        wrong("1", share=0.5), wrong("2", share=0.7), outcome("3"),
        wrong("4", "gate", share=0.9), wrong("5", confident=False, share=0.99),
        wrong("6", "gate", answer=""),  # nothing was answered, so nothing is confused
    ]  # fmt: skip
    pairs = confusions(photos)
    assert [(p.place_id, p.answer, p.count, p.claimed, p.example.query) for p in pairs] == [
        ("tower", "bridge", 3, 2, "2"),
        ("gate", "bridge", 1, 1, "4"),
    ]


def test_words_are_told_apart_by_kind_and_language_after_all_of_a_kind() -> None:
    texts = [
        TextOutcome(query, language, how, ("tower",), rank, 1.0, ("tower",))
        for query, language, how, rank in (
            ("towr", "en", "typo", 2), ("башня", "ru", "name", 1), ("tower", "en", "name", 1),
        )
    ]  # fmt: skip
    rows = [(row["how"], row["lang"], row["queries"], row["hit_1"]) for row in by_how(texts)]
    assert rows == [
        ("typo", "all", 1, 0), ("typo", "en", 1, 0),
        ("name", "all", 2, 1), ("name", "en", 1, 1), ("name", "ru", 1, 1),
    ]  # fmt: skip


def test_the_city_with_the_most_photos_stands_first() -> None:
    places = {
        "tower": Place("tower", "Tower", city="Perm"),
        "gate": Place("gate", "", city="Kirov"),
    }
    photos = [outcome("1", "gate"), outcome("2"), outcome("3")]
    assert [(part.key, part.queries) for part in by_city(photos, places)] == [
        ("Perm", 2), ("Kirov", 1),
    ]  # fmt: skip


def test_of_what_is_claimed_the_wrong_share_is_told() -> None:
    photos = [outcome("1"), outcome("2"), wrong("3"), wrong("4", confident=False)]
    assert curves(photos)["claimed"] == [0.75, 0.3333]


def test_what_was_not_asked_before_is_not_compared(asked: Asked) -> None:
    other = replace(asked.outcomes, texts=[], queries=[outcome("of another folder")])
    earlier = Earlier("earlier.json", "1", other)
    comparison = evaluation_of(asked, seed=0, against=earlier, rounds=FEW).comparison
    assert comparison
    assert {"texts", "queries"}.isdisjoint(comparison.sections)
    assert "gallery" in comparison.sections


def test_an_evaluation_can_be_read_back_and_compared(asked: Asked, tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    first = evaluation_of(asked, seed=0, rounds=FEW).as_json()
    path.write_text(json.dumps(first, allow_nan=False), encoding="utf-8")
    earlier = read_earlier(path)
    assert earlier.snapshot == asked.snapshot.version
    assert earlier.outcomes == asked.outcomes
    against = evaluation_of(asked, seed=0, against=earlier, rounds=FEW).as_json()["against"]
    assert set(against["changes"]) == {
        "gallery", "small_3", "small_5", "queries", "unknown", "texts",
    }  # fmt: skip
    changes = [change for section in against["changes"].values() for change in section]
    assert all(change["change"] in (0, None) and not change["exceeds"] for change in changes)


def test_the_result_names_what_was_measured(asked: Asked) -> None:
    result = evaluation_of(asked, seed=3, rounds=FEW).as_json()
    assert set(result) == {
        "format", "created", "snapshot", "settings", "gallery", "small_galleries", "queries",
        "unknown", "texts", "against", "problems", "outcomes",
    }  # fmt: skip
    assert result["snapshot"]["embedder"] == "colours"
    assert result["settings"]["seed"] == 3
    assert result["gallery"]["measures"]["name_hit_1"] == {
        "value": 0.96, "low": pytest.approx(0.9, abs=0.1), "high": 1.0, "queries": 25,
    }  # fmt: skip
    assert result["queries"]["measures"]["name_hit_1"]["value"] == 1
    assert result["texts"]["measures"]["hit_1"]["value"] == 1
    assert [part["label"] for part in result["gallery"]["by_city"]] == ["Палитра"]
    assert result["gallery"]["by_place"][0]["label"] == "Синяя башня"
    assert [(p["place_id"], p["answer"]) for p in result["gallery"]["confusions"]] == [
        ("blue", "red")
    ]


def test_equal_seeds_measure_equally(asked: Asked) -> None:
    first, again = (evaluation_of(asked, seed=1, rounds=FEW).measures for _ in range(2))
    assert first == again


def test_the_summary_has_a_line_for_every_measure(asked: Asked) -> None:
    evaluation = evaluation_of(asked, seed=0, rounds=FEW)
    lines = "\n".join(summary(evaluation))
    for measures in evaluation.measures.values():
        for name, measured in measures.items():
            assert name.replace("_", " ") in lines
            if not math.isnan(measured.value):
                assert f"{measured.value:.3f}" in lines


def test_a_change_of_what_is_undefined_is_not_a_number_for_people(
    asked: Asked, tmp_path: Path
) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(evaluation_of(asked, seed=0, rounds=FEW).as_json()))
    evaluation = evaluation_of(asked, seed=0, rounds=FEW, against=read_earlier(path))
    assert any(
        math.isnan(change.now)
        for section in evaluation.comparison.sections.values()
        for change in section
    )
    assert "nan" not in "\n".join(summary(evaluation))


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]",
     '{"format": 2, "snapshot": {"version": "1"}, "outcomes": []}'],
)  # fmt: skip
def test_a_file_that_is_no_evaluation_is_one_clear_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError):
        read_earlier(path)


def test_an_evaluation_of_another_release_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(SourceError, match="format 99"):
        read_earlier(path)


def test_outcomes_of_another_release_are_told_by_what_differs(asked: Asked, tmp_path: Path) -> None:
    stored = evaluation_of(asked, seed=0, rounds=FEW).as_json()
    stored["outcomes"]["gallery"][0]["mood"] = "fine"
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(stored), encoding="utf-8")
    with pytest.raises(SourceError, match="differ in: mood"):
        read_earlier(path)
