from pathlib import Path

import pytest

from core.errors import SourceError
from core.images import ImageLimits
from core.places import Place
from offline.evaluating.labels import (
    LabelledPhoto,
    Labels,
    read_labelled_photos,
    read_texts,
    read_unknown_photos,
)
from offline.sources.items import Problem
from tests.doubles import coloured_photo, encoded

LABELS = Labels(
    [
        Place("Q9188", "Эйфелева башня", "Eiffel Tower"),
        Place("Q9141", "Тадж-Махал", "Taj Mahal"),
        Place("ekb-park", "Городской парк"),
        Place("nn-park", "Городской парк"),
    ]
)


@pytest.mark.parametrize(
    ("label", "place_ids"),
    [
        ("Q9188", {"Q9188"}),
        (" q9188 ", {"Q9188"}),
        ("эйфелева  БАШНЯ", {"Q9188"}),
        ("taj_mahal", {"Q9141"}),
        ("Тадж-Махал", {"Q9141"}),
        (
            "Городско\u0438\u0306 парк",
            {"ekb-park", "nn-park"},
        ),  # й as a Mac writes it, in two characters
        ("городской парк", {"ekb-park", "nn-park"}),
        ("Louvre", set()),
        ("", set()),
    ],
)
def test_places_are_known_by_id_and_by_name(label: str, place_ids: set[str]) -> None:
    assert LABELS.places(label) == place_ids


PHOTO = encoded(coloured_photo("red"))
LIMITS = ImageLimits(max_bytes=10_000, max_pixels=100_000)


def photos(folder: Path, *paths: str) -> Path:
    """Files with a photo in each but texts."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"text" if path.endswith((".txt", ".md", ".csv")) else PHOTO)
    return folder


def labelled(folder: Path, problems: list[Problem]) -> list[LabelledPhoto]:
    return read_labelled_photos(folder, LABELS, problems, LIMITS)


def test_folders_say_what_their_photos_show(tmp_path: Path) -> None:
    problems: list[Problem] = []
    photos(tmp_path, "taj_mahal/b.JPG", "taj_mahal/day/a.png", "louvre/1.jpg")
    found = labelled(tmp_path, problems)
    assert [photo.query for photo in found] == ["taj_mahal/b.JPG", "taj_mahal/day/a.png"]
    assert {place_id for photo in found for place_id in photo.place_ids} == {"Q9141"}
    assert [problem.source for problem in problems] == ["louvre"]


def test_a_photo_is_known_by_its_content_and_the_rest_is_reported(tmp_path: Path) -> None:
    names = ("bare", "phone.heic", "notes.txt", ".hidden.jpg", ".thumbs/1.jpg", "large.jpg")
    photos(tmp_path, "places.csv", "loose.jpg", ".DS_Store")
    photos(tmp_path, *(f"taj_mahal/{name}" for name in names))
    (tmp_path / "taj_mahal" / "large.jpg").write_bytes(PHOTO + bytes(LIMITS.max_bytes))
    reasons = {
        "large.jpg": "the file has 0 MB, too big for a photo",
        "notes.txt": "not a picture in a known format",
    }
    problems: list[Problem] = []
    found = labelled(tmp_path, problems)
    assert [photo.query for photo in found] == ["taj_mahal/bare", "taj_mahal/phone.heic"]
    assert problems == [
        Problem("loose.jpg", "it lies in no folder named by a place"),
        *(Problem(f"taj_mahal/{name}", reason) for name, reason in reasons.items()),
    ]
    problems.clear()
    found = read_unknown_photos(tmp_path / "taj_mahal", problems, LIMITS)
    assert [photo.query for photo in found] == ["bare", "phone.heic"]
    assert problems == [Problem(name, reason) for name, reason in reasons.items()]


def test_a_folder_without_labelled_photos_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="named by a place_id or a name"):
        labelled(photos(tmp_path, "louvre/1.jpg"), [])
    with pytest.raises(SourceError, match="holds no photos"):
        read_unknown_photos(photos(tmp_path / "no", "readme.md"), [], LIMITS)


def test_photos_of_no_place_are_found_at_any_depth(tmp_path: Path) -> None:
    folder = photos(tmp_path, "1.jpg", "food/soup/2.webp")
    found = read_unknown_photos(folder, [], LIMITS)
    assert [photo.query for photo in found] == ["1.jpg", "food/soup/2.webp"]
    assert not any(photo.place_ids for photo in found)


def test_words_fit_places_or_nothing(tmp_path: Path) -> None:
    problems: list[Problem] = []
    path = tmp_path / "texts.csv"
    path.write_text(
        "how,query,lang,relevant\n"
        "category,башня,ru,Q9188; taj mahal\n"
        "name,Лувр,ru,louvre\n"
        "category,парк,ru,louvre;городской парк\n"
        "nonsense,asdf,en,\n",
        encoding="utf-8-sig",
    )
    found = read_texts(path, LABELS, problems)
    assert [(text.query, text.relevant) for text in found] == [
        ("башня", {"Q9188", "Q9141"}),
        ("парк", {"ekb-park", "nn-park"}),
        ("asdf", set()),
    ]
    assert [problem.source for problem in problems] == ["texts.csv:3", "texts.csv:4"]


def test_words_may_be_as_spreadsheets_write_them(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text('how;query;lang;relevant\r\nkind;a, b;en;"Q9188; taj mahal"\r\n')
    [text] = read_texts(path, LABELS, [])
    assert (text.query, text.relevant) == ("a, b", {"Q9188", "Q9141"})


def test_rows_of_words_are_named_by_their_line(tmp_path: Path) -> None:
    problems: list[Problem] = []
    path = tmp_path / "texts.csv"
    path.write_text(
        "query,lang,how,relevant\n"
        "\n"
        ",ru,name,Q9188\n"
        "Лувр,ru,name,louvre\n"
        "old, red tower,en,name,Q9188\n"
        "башня,ru,name,Q9188\n",
        encoding="utf-8",
    )
    assert [text.query for text in read_texts(path, LABELS, problems)] == ["башня"]
    assert problems == [
        Problem("texts.csv:4", "the gallery has no place louvre"),
        Problem("texts.csv:5", "the row has too many cells"),
    ]


@pytest.mark.parametrize("content", ["query,lang\nx,ru\n", "", "query,lang,how,relevant\n"])
def test_a_list_without_usable_words_is_one_clear_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "texts.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=r"texts\.csv"):
        read_texts(path, LABELS, [])
