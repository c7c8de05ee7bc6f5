import csv
from importlib import resources

import pytest

from core.glossary import translations
from core.phrases import Phrases
from core.words import Vocabulary, stems

ROWS = list(
    csv.DictReader(
        (resources.files("core") / "glossary.csv").read_text(encoding="utf-8").splitlines()
    )
)


@pytest.mark.parametrize(
    ("query", "name", "surely"),
    [
        ("iron pillar", "Железная колонна", 0.9),
        ("железная колонна", "Iron Pillar", 0.9),
        ("Winter Palace", "Зимний дворец", 0.9),
        ("whitte tower", "Белая башня", 0.6),
        ("iron pillar", "Зимний дворец", 0),
    ],
)
def test_words_cover_a_name_in_the_other_language(query: str, name: str, surely: float) -> None:
    known = Vocabulary(stems(name), translations())
    [covered] = Phrases([stems(name)]).covered(stems(query), known.agreements(stems(query)))
    assert covered >= surely if surely else covered == 0


def test_a_proper_name_beside_translated_words_is_compared_by_its_letters() -> None:
    name = stems("Казанский собор")
    query = stems("Kazan cathedral")
    agreements = Vocabulary(name, translations()).agreements(query)
    assert Phrases([name]).covered(query, agreements) >= 0.85


def test_words_without_a_translation_stay_as_they_are() -> None:
    assert "qwxzv" not in translations()
    assert not Vocabulary(stems("Белая башня"), translations()).agreements(["qwxzv"])


def test_the_glossary_is_sorted_and_has_each_word_once() -> None:
    english = [row["en"] for row in ROWS]
    assert english == sorted(set(english))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["en"])
def test_a_word_means_nothing_else_in_the_other_language(row: dict[str, str]) -> None:
    """Stems have no language any more: "bell" would be "белый" as well. Cognates may be alike."""
    [english] = stems(row["en"])
    if english in map(_stem, row["ru"].split(", ")):
        return
    same = [o["en"] for o in ROWS for word in o["ru"].split(", ") if _stem(word) == english]
    assert [word for word in same if word[:4] != row["en"][:4]] == []


def _stem(word: str) -> str:
    [stem] = stems(word)
    return stem
