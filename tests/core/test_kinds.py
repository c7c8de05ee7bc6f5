import csv
import re
from importlib import resources
from itertools import combinations

import pytest

from core.kinds import (
    KINDS,
    MAX_KIND_CHARS,
    MAX_KINDS,
    informative_kinds,
    kind_label,
    kind_labels,
    parse_kinds,
)

LATIN = re.compile(r"[A-Za-zé][A-Za-zé', -]*")
CYRILLIC = re.compile(r"[а-яё][а-яё, -]*")


def lineage(kind: str) -> list[str]:
    """The kind and its parents up to the top; fails on a cycle."""
    line = [kind]
    while (parent := KINDS[line[-1]].parent) is not None:
        assert parent not in line, f"{kind} lies on a cycle"
        line.append(parent)
    return line


def test_no_kind_stands_twice_in_the_table() -> None:
    text = (resources.files("core") / "kinds.csv").read_text(encoding="utf-8")
    ids = [row["kind"] for row in csv.DictReader(text.splitlines())]
    assert len(ids) == len(set(ids)) == len(KINDS)


def test_every_kind_hangs_below_a_section_of_the_catalogue() -> None:
    tops = {lineage(kind)[-1] for kind in KINDS}
    assert tops == {
        "interesting_places",
        "accomodations",
        "adult",
        "amusements",
        "sport",
        "tourist_facilities",
    }


def test_parents_stand_before_their_children() -> None:
    order = {kind: row for row, kind in enumerate(KINDS)}
    assert all(order[parent] < order[kind] for kind in KINDS for parent in lineage(kind)[1:])


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("minarets", ["minarets", "towers", "architecture", "interesting_places"]),
        ("kremlins", ["kremlins", "fortifications", "historic", "interesting_places"]),
        ("urbans_beaches", ["urbans_beaches", "beaches", "natural", "interesting_places"]),
        ("saunas", ["saunas", "baths_and_saunas", "amusements"]),
    ],
)
def test_kinds_lie_where_the_catalogue_has_them(kind: str, line: list[str]) -> None:
    assert lineage(kind) == line


def test_ids_survive_their_own_parsing() -> None:
    assert [kind for kind in KINDS if parse_kinds(kind) != (kind,)] == []


def test_every_kind_has_a_cyrillic_and_a_latin_label() -> None:
    assert [kind.kind for kind in KINDS.values() if not CYRILLIC.fullmatch(kind.ru)] == []
    assert [kind.kind for kind in KINDS.values() if not LATIN.fullmatch(kind.en)] == []


@pytest.mark.parametrize("language", ["ru", "en"])
def test_a_list_of_informative_kinds_never_repeats_a_label(language: str) -> None:
    for one, other in combinations(KINDS, 2):
        if kind_label(one, language) == kind_label(other, language):
            assert len(informative_kinds([one, other])) == 1, (one, other)


def test_parsing_a_cell_of_the_contest_drops_the_meaningless_kind() -> None:
    cell = "religion,other_temples,interesting_places"
    assert parse_kinds(cell) == ("religion", "other_temples")


@pytest.mark.parametrize(
    ("cell", "kinds"),
    [
        ("", ()),
        (" , ,;,", ()),
        ("музей,???", ()),
        ("interesting_places", ("interesting_places",)),
        ("Interesting_Places, interesting_places", ("interesting_places",)),
        (" Towers ,MUSEUMS,towers", ("towers", "museums")),
        ("bell towers; open-air museums", ("bell_towers", "open_air_museums")),
        ("\ufefftowers,<b>bridges</b>,my_kind2\x00", ("towers", "bbridgesb", "my_kind2")),
        ("_towers_,___", ("towers",)),
    ],
)
def test_parsing_tidies_what_people_write(cell: str, kinds: tuple[str, ...]) -> None:
    assert parse_kinds(cell) == kinds


@pytest.mark.parametrize(
    "cell",
    [
        "a" * 1_000_000,
        "," * 1_000_000,
        ",".join(f"kind_{number}" for number in range(100_000)),
        "towers," + "é" * 1_000_000,
        ("x" * MAX_KIND_CHARS + ",") * 1000,
    ],
)
def test_a_hostile_cell_yields_few_short_kinds(cell: str) -> None:
    kinds = parse_kinds(cell)
    assert len(kinds) <= MAX_KINDS
    assert all(re.fullmatch("[a-z0-9_]+", kind) and len(kind) <= MAX_KIND_CHARS for kind in kinds)


def test_kinds_before_the_junk_in_a_hostile_cell_are_kept() -> None:
    assert parse_kinds("towers,museums," + "é" * 1_000_000) == ("towers", "museums")
    assert parse_kinds("towers," + "bridges" * 100) == ("towers",)


def test_a_kind_cut_at_the_end_of_a_long_cell_is_no_kind() -> None:
    cell = "towers," + " " * 4082 + "churches,mosques"  # 7 characters of "churches" are left
    assert parse_kinds(cell) == ("towers",)


@pytest.mark.parametrize(
    ("kind", "language", "label"),
    [
        ("bell_towers", "ru", "колокольня"),
        ("bell_towers", "en", "bell tower"),
        ("triumphal_archs", "ru", "триумфальная арка"),
        ("eastern_orthodox_churches", "en", "Orthodox church"),
        ("bell_towers", "de", "bell tower"),
        ("rope_parks", "ru", "rope parks"),
        ("rope_parks", "en", "rope parks"),
        ("", "ru", ""),
    ],
)
def test_a_kind_is_called_what_a_tourist_calls_it(kind: str, language: str, label: str) -> None:
    assert kind_label(kind, language) == label


def test_both_labels_are_at_hand_for_matching_words() -> None:
    assert kind_labels("mosques") == ("мечеть", "mosque")
    assert kind_labels("rope_parks") == ("rope parks", "rope parks")


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ((), ()),
        (("interesting_places",), ("interesting_places",)),
        (("architecture", "interesting_places", "towers"), ("towers",)),
        (("architecture", "towers", "minarets"), ("minarets",)),
        (("towers", "other_towers", "towers"), ("other_towers",)),
        (("mosques", "mosques"), ("mosques",)),
        # kinds as specific as each other keep the source's order
        (("religion", "mosques", "historic", "mausoleums"), ("mosques", "mausoleums")),
        (("mausoleums", "mosques"), ("mausoleums", "mosques")),
        # specific, then unknown, then broad, then what fits anything
        (
            ("tourist_object", "cultural", "museums", "rope_parks", "castles"),
            ("castles", "rope_parks", "museums", "tourist_object"),
        ),
        (("historic", "museums"), ("museums", "historic")),
        (
            ("other_buildings_and_structures", "museums"),
            ("museums", "other_buildings_and_structures"),
        ),
    ],
)
def test_informative_kinds_drop_the_implied_and_put_the_telling_first(
    kinds: tuple[str, ...], told: tuple[str, ...]
) -> None:
    assert informative_kinds(kinds) == told
