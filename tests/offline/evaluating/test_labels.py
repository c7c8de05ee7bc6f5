from pathlib import Path

import pytest

from core.errors import SourceError
from core.places import Place
from offline.evaluating.labels import (
    Labels,
    read_labelled_photos,
    read_texts,
    read_unknown_photos,
)
from offline.sources.items import Problem

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


def photos(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")
    return folder


def test_folders_say_what_their_photos_show(tmp_path: Path) -> None:
    problems: list[Problem] = []
    photos(
        tmp_path, "taj_mahal/b.JPG", "taj_mahal/day/a.png", "taj_mahal/notes.txt", "louvre/1.jpg"
    )
    found = read_labelled_photos(tmp_path, LABELS, problems)
    assert [photo.query for photo in found] == ["taj_mahal/b.JPG", "taj_mahal/day/a.png"]
    assert {place_id for photo in found for place_id in photo.place_ids} == {"Q9141"}
    assert [problem.source for problem in problems] == ["louvre"]


def test_a_folder_without_labelled_photos_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="named by a place_id or a name"):
        read_labelled_photos(photos(tmp_path, "louvre/1.jpg"), LABELS, [])
    with pytest.raises(SourceError, match="holds no photos"):
        read_unknown_photos(photos(tmp_path / "empty", "readme.md"))


def test_photos_of_no_place_are_found_at_any_depth(tmp_path: Path) -> None:
    found = read_unknown_photos(photos(tmp_path, "1.jpg", "food/soup/2.webp"))
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


@pytest.mark.parametrize("content", ["query,lang\nx,ru\n", "", "query,lang,how,relevant\n"])
def test_a_list_without_usable_words_is_one_clear_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "texts.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=r"texts\.csv"):
        read_texts(path, LABELS, [])
