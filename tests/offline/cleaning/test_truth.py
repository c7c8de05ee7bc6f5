"""A run against known labels."""

from pathlib import Path

import pytest

from core.errors import SourceError
from offline.cleaning.findings import Reason
from offline.cleaning.truth import ANY, Score, evaluate, read_truth
from offline.gallery import GalleryPhoto


def photo(name: str, *rows: int, place: str = "tower") -> GalleryPhoto:
    return GalleryPhoto(
        photo_id=name, place_id=place, path=f"gallery/photos/{place}/{name}.jpg", width=1, height=1,
        sha256="", phash="", sources=tuple(f"a.csv:{row}" for row in rows),
    )  # fmt: skip


LABELS = ["clean", "bw", "clean", "sepia", "exact_duplicate", "corrupt", "off_topic", "clean"]
TRUTH = "file,row,slug,label\n" + "".join(
    f"a.csv,{n},x,{label}\n" for n, label in enumerate(LABELS)
)
PHOTOS = [
    photo("good", 0),
    photo("grey", 1),
    photo("twice", 4, 2),
    photo("toned", 3),
    photo("cup", 6),
    photo("hit", 7),
]


@pytest.fixture
def truth(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "truth.csv").write_text(TRUTH)
    return read_truth(tmp_path / "truth.csv")


def test_reasons_are_scored_against_the_labels_of_source_rows(truth: dict[str, str]) -> None:
    flagged = {
        ("grey", "tower"): [Reason.BLACK_AND_WHITE],
        ("toned", "tower"): [Reason.BLACK_AND_WHITE],
        ("hit", "tower"): [Reason.BLACK_AND_WHITE, Reason.SEPIA],
    }
    evaluation = evaluate(truth, PHOTOS, flagged)
    assert evaluation.scores == {
        "black_and_white": Score(planted=1, flagged=3, right=1, found=1),
        "sepia": Score(planted=1, flagged=1, right=0, found=1),
        "off_topic": Score(planted=1, flagged=0, right=0, found=0),
        "exact_duplicate": Score(planted=1, flagged=1, right=1, found=1),
        "corrupt": Score(planted=1, flagged=1, right=1, found=1),
        ANY: Score(planted=3, flagged=3, right=2, found=2),
    }
    assert evaluation.clean == 3
    assert evaluation.hits == {("hit", "tower"): {Reason.BLACK_AND_WHITE, Reason.SEPIA}}


def test_precision_recall_and_f1_are_what_they_are_called() -> None:
    score = Score(planted=4, flagged=5, right=3, found=4)
    assert (score.precision, score.recall) == (0.6, 0.75)
    assert score.f1 == pytest.approx(2 * 0.6 * 0.75 / (0.6 + 0.75))
    assert (Score(0, 0, 0, 0).precision, Score(0, 1, 0, 0).recall) == (None, None)
    assert Score(0, 0, 0, 0).f1 is None


def test_a_row_that_was_not_imported_counts_against_the_import(truth: dict[str, str]) -> None:
    scores = evaluate(truth, PHOTOS[1:], {}).scores
    assert scores["corrupt"] == Score(planted=1, flagged=2, right=1, found=1)


def test_equal_rows_that_nobody_planted_are_not_right(truth: dict[str, str]) -> None:
    scores = evaluate(truth, [photo("same", 0, 2, 4)], {}).scores
    assert scores["exact_duplicate"] == Score(planted=1, flagged=2, right=1, found=1)


def test_photos_of_other_sources_are_left_out_and_counted(truth: dict[str, str]) -> None:
    evaluation = evaluate(truth, [*PHOTOS, photo("foreign", 99)], {("foreign", "tower"): [*Reason]})
    assert evaluation.unlabelled == 1
    assert evaluation.scores[ANY].flagged == 0


def test_reasons_are_labels_too(tmp_path: Path) -> None:
    rows = "".join(f"a,{n},{reason}\n" for n, reason in enumerate(Reason))
    (tmp_path / "truth.csv").write_text("\ufefffile,row,label\n" + rows)
    assert list(read_truth(tmp_path / "truth.csv").values()) == list(Reason)


def test_a_truth_may_be_as_spreadsheets_write_it(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("\ufefffile;row;label\r\na;7;sepia\r\n")
    assert read_truth(tmp_path / "truth.csv") == {"a:7": Reason.SEPIA}


def test_a_truth_about_other_photos_is_refused(truth: dict[str, str]) -> None:
    with pytest.raises(SourceError, match="no row"):
        evaluate(truth, [photo("foreign", 99)], {})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no column"),
        (b"file,row\na,1\n", "no column label"),
        (b"file,row,label\na,1,charming\n", "unknown label 'charming'"),
        (b"file,row,label\na,1\n", "unknown label"),
        (b"file,row,label\n\xff\xfe,1,bw\n", "cannot read"),
    ],
)
def test_a_truth_of_the_wrong_form_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "truth.csv").write_bytes(content)
    with pytest.raises(SourceError, match=why):
        read_truth(tmp_path / "truth.csv")
