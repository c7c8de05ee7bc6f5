import sys
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from core.phrases import Phrases
from core.words import Vocabulary, _latin_stems, agreement, other_layout, stems


def covered(query: list[str], known: list[str]) -> float:
    return float(Phrases([known]).covered(query, Vocabulary(known).agreements(query))[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Белая башня", "белой башне"),
        ("«Храм-на-Крови»", "храма на крови"),
        ("Артёмовский парк", "Артемовский парк"),
        ("Ellora caves", "ellora cave"),
        ("Château d'If", "chateau dif"),
        ("Тадж", "Taj"),
        ("Хмели", "hmeli"),
        ("Эйфелева", "eifeleva"),
    ],
)
def test_case_endings_accents_and_alphabet_do_not_matter(one: str, other: str) -> None:
    assert covered(stems(one), stems(other)) > 0.75
    assert covered(stems(other), stems(one)) > 0.75


@pytest.mark.parametrize(
    ("russian", "latin"),
    [
        ("Царицын", "Tsaritsyn"),
        ("Царицын", "Caricyn"),
        ("Джайпур", "Dzhaipur"),
        ("Сфинкс", "Sphinx"),
        ("Вавель", "Wawel"),
        ("Шлосс", "Schloss"),
        ("Вольск", "Volsk"),
        ("Борщ", "Borsch"),
        ("Ирак", "Iraq"),
        ("Рок", "Rock"),
        ("Жук", "Zhuk"),
    ],
)
def test_spellings_of_one_sound_are_alike(russian: str, latin: str) -> None:
    assert stems(russian) == stems(latin)


def test_a_doubled_letter_tells_short_words_apart() -> None:
    assert covered(stems("bell"), stems("Белая")) < 0.6  # less than naming the place


@pytest.mark.parametrize(("one", "other"), [("Elora", "Ellora"), ("Вила Роси", "Вилла Росси")])
def test_a_doubled_letter_hardly_matters_in_longer_words(one: str, other: str) -> None:
    assert covered(stems(one), stems(other)) >= 0.6  # as much as naming a place takes


@pytest.mark.parametrize("text", ["", " ", "?!", "«»", "—"])
def test_text_without_words_has_no_stems(text: str) -> None:
    assert stems(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [("北京故宫", 1), ("Αθήνα", 1), ("תל אביב", 2), ("ताज महल", 2), ("วัดอรุณ", 1)],
)
def test_every_script_has_stems_and_its_marks_do_not_split_words(text: str, words: int) -> None:
    assert all(stem.isascii() for stem in stems(text))
    assert len(stems(text)) == words


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Большо\N{COMBINING ACUTE ACCENT}й теа\N{COMBINING ACUTE ACCENT}тр", "Большой театр"),
        (unicodedata.normalize("NFD", "Музей ёлки"), "музей елки"),
        ("İstanbul", "istanbul"),
        ("Кра\N{SOFT HYPHEN}сная", "красная"),
        ("St. Peter\N{LEFT SINGLE QUOTATION MARK}s", "St. Peter's"),
    ],
)
def test_what_only_tells_how_to_read_or_print_a_word_does_not_matter(
    written: str, plain: str
) -> None:
    assert stems(written) == stems(plain)


def test_very_long_text_is_cut() -> None:
    assert len(stems("башня " * 10_000)) < 60


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_may_ask_for_stems_at_once() -> None:
    words = [f"{first}{second}скими" for first, second in product("бвгдклмн", ("ашня", "орон"))]
    texts = [f"{words[n % 16]}{'абвгде'[n // 16 % 6]}{'й' * (n // 96)}ого" for n in range(2000)]
    with ThreadPoolExecutor(2) as threads:
        by_one, by_other = threads.map(lambda part: [stems(text) for text in part], [texts, texts])
    _latin_stems.cache_clear()
    assert by_one == by_other == [stems(text) for text in texts]


@pytest.mark.parametrize(
    ("typed", "meant"), [("nfl; vf[fk", "тадж махал"), ("<fiyz", "<ашня"), ("ещцук", "tower")]
)
def test_the_other_keyboard_layout(typed: str, meant: str) -> None:
    assert other_layout(typed) == meant


def test_misspelt_words_agree_less_and_different_words_not_at_all() -> None:
    assert agreement("bashn", "bashn") == 1
    assert 0 < agreement("eifelev", "eifilev") < 1
    assert agreement("bel", "belaia") == 0.8  # a short stem takes an adjective's ending only
    assert agreement("bel", "belka") == 0
    assert agreement("bashn", "most") == 0
    assert agreement("bashn", "bashnemer") < 0.5  # too much for an ending
    assert agreement("ark", "park") < 0.5


def test_a_vocabulary_finds_every_known_stem_that_agrees_and_no_other() -> None:
    letters = "abo"
    known = ["".join(word) for size in (2, 4, 5, 7) for word in product(letters, repeat=size)]
    for word in ("ab", "abab", "ababo", "bbabo", "oo", "z"):
        found = Vocabulary(known).agreements([word])
        assert found.get(word, {}) == {o: agreement(word, o) for o in known if agreement(word, o)}
        assert all(found[other][word] == sure for other, sure in found.get(word, {}).items())
