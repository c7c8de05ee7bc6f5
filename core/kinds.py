"""The category tree: which kinds of sight there are, and what a tourist calls them.

``kinds.csv`` holds OpenTripMap's public catalogue with its ids spelled as there (``accomodations``,
``triumphal_archs``), and a few kinds that other lists of sights use (``gates``, ``town_halls``,
``shrines`` ...), hung in where they belong. A label names the category of one place; two words
for the same thing are parted by ", ". Kinds share a label only along one branch of the tree
(``towers`` and ``other_towers``), where `informative_kinds` keeps the deeper one.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

ROOT = "interesting_places"  # nearly every sight has it, so it says nothing
MAX_CELL_CHARS = 4096  # a real cell is below 300; the rest is somebody's broken file
MAX_KINDS = 32  # of one place; real places have up to a dozen
MAX_KIND_CHARS = 64  # the longest real id has 33

# They say "something else": true of nearly any sight, so any other kind makes a better caption.
_VAGUE = frozenset(
    {
        ROOT,
        "other",
        "unclassified_objects",
        "historic_object",
        "tourist_object",
        "other_buildings",
        "other_buildings_and_structures",
    }
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One category; labels are lower case, as inside a sentence."""

    kind: str  # OpenTripMap's id
    parent: str | None  # the kind it belongs to; None at the top
    ru: str
    en: str


def _load() -> Mapping[str, Kind]:
    table = (resources.files("core") / "kinds.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines())
    kinds = (Kind(row["kind"], row["parent"] or None, row["ru"], row["en"]) for row in rows)
    return MappingProxyType({kind.kind: kind for kind in kinds})


KINDS: Mapping[str, Kind] = _load()  # by id, every parent before its children


def _ancestors(kind: str) -> Iterator[str]:
    """Yield the parents of ``kind``, closest first; none for an unknown kind."""
    while kind in KINDS and (parent := KINDS[kind].parent) is not None:
        yield parent
        kind = parent


def _count_descendants() -> Mapping[str, int]:
    counts = dict.fromkeys(KINDS, 0)
    for kind in KINDS:
        for ancestor in _ancestors(kind):
            counts[ancestor] += 1
    return counts


_DESCENDANTS = _count_descendants()


def parse_kinds(cell: str) -> tuple[str, ...]:
    """Return the kinds of a source's comma (or semicolon) list, in its order, each once.

    Ids come out as ``[a-z0-9_]+``: lower case, inner spaces and hyphens as underscores, other
    characters dropped. ``interesting_places`` is left out unless it is all there is, so that a
    place with any category keeps one. Unknown kinds stay. Of a hostile cell the first
    ``MAX_CELL_CHARS`` characters and ``MAX_KINDS`` kinds are read; a longer name than
    ``MAX_KIND_CHARS`` is no kind. Empty when the cell names none.
    """
    pieces = re.split("[,;]", cell[:MAX_CELL_CHARS])
    if len(cell) > MAX_CELL_CHARS:
        pieces.pop()  # cut short, perhaps into another word
    names = (_normalise(piece) for piece in pieces)
    kinds = tuple(dict.fromkeys(name for name in names if 0 < len(name) <= MAX_KIND_CHARS))
    telling = tuple(kind for kind in kinds if kind != ROOT)
    return (telling or kinds)[:MAX_KINDS]


def _normalise(name: str) -> str:
    joined = re.sub(r"[\s-]+", "_", name.strip().lower())
    return re.sub("[^a-z0-9_]", "", joined).strip("_")


def kind_label(kind: str, language: str) -> str:
    """Return what to call ``kind`` in "ru", or in English for any other language.

    An unknown kind is its own label, with spaces for underscores.
    """
    known = KINDS.get(kind)
    if known is None:
        return kind.replace("_", " ").strip()
    return known.ru if language == "ru" else known.en


def kind_labels(kind: str) -> tuple[str, str]:
    """Return the Russian and the English label of ``kind``, for matching words with it."""
    return kind_label(kind, "ru"), kind_label(kind, "en")


def informative_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds worth naming in a caption, the most telling first.

    A kind goes when one of its descendants is there too: ``towers`` says all that
    ``architecture`` does. The rest stand from specific to general, kinds of equal breadth in the
    order given: leaves of the tree, unknown kinds, groups by their size, and at the end the ones
    that fit nearly any sight ("historic building", "tourist attraction").
    """
    unique = tuple(dict.fromkeys(kinds))
    implied = {ancestor for kind in unique for ancestor in _ancestors(kind)}
    return tuple(sorted((kind for kind in unique if kind not in implied), key=_breadth))


def _breadth(kind: str) -> tuple[bool, int]:
    # An unknown kind counts 1: its word may be foreign to the reader, so it stands behind every
    # leaf (0), but it is likely narrower than a group (2 and more).
    return kind in _VAGUE, _DESCENDANTS.get(kind, 1)
