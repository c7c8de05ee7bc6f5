import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from core.places import Place
from offline.evaluating.evaluation import Evaluation, evaluation_of, read_earlier
from offline.evaluating.measures import PHOTO_STATISTICS, TEXT_STATISTICS, UNKNOWN_STATISTICS
from offline.evaluating.report import Thumbnails, report_page
from offline.evaluating.report.charts import outline, shares
from offline.evaluating.report.wording import HEADLINES, MEASURES
from offline.evaluating.running import Asked, Questions, ask_everything
from tests.conftest import LIMITS
from tests.doubles import ColourEmbedder, coloured_photo
from tests.offline.evaluating.conftest import K, photo, publish


@pytest.fixture(scope="module")
def page(city: Path, asked: Asked, questions: Questions) -> str:
    return report_page(evaluation_of(asked, seed=0, rounds=20), Thumbnails(city, questions, LIMITS))


def test_the_page_needs_no_other_file(page: str) -> None:
    links = re.findall(r'(?:src|href)="([^"]*)"', page) + re.findall(r"url\(([^)]*)\)", page)
    assert links
    assert all(link.startswith("data:image/jpeg;base64,") for link in links)
    assert "<script" not in page
    assert "@import" not in page


def test_a_confusion_shows_both_photos(page: str) -> None:
    [pair] = re.findall(r'<figure class="pair">.*?</figure>', page, re.DOTALL)
    assert pair.count("<img") == 2
    assert "Синяя башня" in pair
    assert "Красные ворота" in pair


def test_charts_are_sound_svg_with_the_figures(page: str) -> None:
    drawn = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL)]
    assert len(drawn) == 5
    tips = [title.text or "" for svg in drawn for title in svg.iter("title")]
    assert "gallery: 0.960 among 1" in tips
    assert "labelled photos: 1.000 among 1" in tips


def test_what_changed_is_shown_and_what_stayed_is_not(
    city: Path, asked: Asked, questions: Questions, tmp_path: Path
) -> None:
    worse = replace(asked.outcomes, gallery=[replace(o, rank=6.0) for o in asked.outcomes.gallery])
    earlier = evaluation_of(replace(asked, outcomes=worse), seed=0, rounds=20)
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps(earlier.as_json()), encoding="utf-8")
    evaluation = evaluation_of(asked, seed=0, rounds=20, against=read_earlier(path))
    page = report_page(evaluation, Thumbnails(city, questions, LIMITS))
    [changes] = re.findall(r"<h2>What changed</h2>.*?</section>", page, re.DOTALL)
    assert '<span class="change clear better">+0.960</span>' in changes
    assert "Name right" in changes
    assert "Category among five" not in changes
    assert "Labelled photos" not in changes


def test_every_measure_has_words_for_it() -> None:
    measured = {*PHOTO_STATISTICS, *UNKNOWN_STATISTICS, *TEXT_STATISTICS}
    assert measured == set(MEASURES)
    assert {name for names in HEADLINES.values() for name in names} <= measured


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    evil = "<script>alert('1')</script>\"&$name"
    photos = [photo("evil", coloured_photo("red", seed=n), f"a:{n}") for n in range(4)]
    photos += [photo("good", coloured_photo("blue", seed=n), f"b:{n}") for n in range(4)]
    photos += [photo("evil", coloured_photo("blue", seed=9), "a:9")]
    places = [Place("evil", evil, city=evil, kinds=("a<b",)), Place("good", "good")]
    publish(tmp_path, places, photos)
    page = report_page(*evaluated(tmp_path))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def evaluated(data_dir: Path) -> tuple[Evaluation, Thumbnails]:
    asked = ask_everything(data_dir, ColourEmbedder(), LIMITS, Questions(), k=K)
    return evaluation_of(asked, seed=0, rounds=20), Thumbnails(data_dir, Questions(), LIMITS)


def test_what_there_is_none_of_leaves_a_note(tmp_path: Path) -> None:
    publish(
        tmp_path,
        [Place("a", "a"), Place("b", "b")],
        [photo("a", coloured_photo("red", seed=n), f"a:{n}") for n in range(3)]
        + [photo("b", coloured_photo("red", seed=10 + n), f"b:{n}") for n in range(3)],
    )
    for path in (tmp_path / "gallery" / "photos").rglob("*.jpg"):
        path.unlink()
    page = report_page(*evaluated(tmp_path))
    assert "no photo" in page
    assert "<img" not in page
    assert "No place has one." in page  # a category
    assert "– – –" not in page


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.88, 1.0), (0.995, 1.0), (1.0, 1.0), (0, 0)]
)
def test_an_axis_holds_its_values_between_round_ones(low: float, high: float) -> None:
    axis = shares("right", low, high)
    assert axis.low <= low <= high <= axis.high
    assert axis.low < axis.high
    assert 2 <= len(axis.ticks) <= 8


def test_an_outline_stays_within_the_axis() -> None:
    points = outline(np.array([-5.0, 0.5, 0.5, 9.0]), 0.0, 1.0)
    assert {x for x, _ in points} <= set(np.linspace(0, 1, 25))
    assert max(y for _, y in points) == 1
    assert outline(np.empty(0), 0.0, 1.0) == []
