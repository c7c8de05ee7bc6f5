"""Words -> the places that they name, or whose category they name, by their letters; pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.glossary import translations
from core.kinds import kind_labels
from core.phrases import Phrases
from core.places import Place
from core.words import Agreements, Vocabulary, other_layout, stems

# A name or a category found this surely fits, whatever else speaks against it.
SURE = 0.6
# What a word for a category that a place does not have counts against its name, if only ordinary
# words of that were asked for: enough that "old fortress" does not name the Old Windmill, however
# little "windmill" counts.
OTHER_CATEGORY = 2.0


@dataclass(frozen=True, slots=True)
class Meant:
    """What somebody meant to type, and how surely the words name what there is."""

    text: str
    names: NDArray[np.float64]  # that they name each place, (places,), in [0, 1]
    kinds: NDArray[np.float64]  # that they name a category of each place, likewise

    @property
    def named(self) -> NDArray[np.float64]:
        """How surely the words name each place or a category of it, (places,)."""
        return np.maximum(self.names, self.kinds)


class Naming:
    """What places and their categories are called; built once per snapshot."""

    def __init__(self, places: Sequence[Place]) -> None:
        """Learn the names of ``places``, at least one, and the labels of their categories."""
        names = [
            (row, words)
            for row, place in enumerate(places)
            for name in _names_of(place)
            if (words := stems(name))
        ]
        labels = [
            (kind, words)
            for kind in kinds_of(places)
            for label in kind_labels(kind)
            for word in label.split(", ")
            if (words := stems(word))
        ]
        self._kinds = [kind for kind, _ in labels]  # of each label
        self._place = np.array([row for row, _ in names], dtype=np.int64)  # of each name
        self._has_kind = {
            kind: np.array([kind in place.kinds for place in places]) for kind in kinds_of(places)
        }
        self._places = len(places)
        self._labelled: dict[str, set[str]] = defaultdict(set)  # categories by a stem of theirs
        for kind, words in labels:
            for stem in words:
                self._labelled[stem].add(kind)
        self._weights = self._weights_of_stems(names)
        self._names = Phrases([words for _, words in names], self._weights)
        self._labels = Phrases([words for _, words in labels])
        self._vocabulary = Vocabulary(self._weights, translations())
        self._ordinary = translations().keys() | self._labelled.keys()

    def meant(self, text: str) -> Meant:
        """What the person meant to type: ``text``, or ``text`` in the other keyboard layout.

        The other layout is believed only if it names a place or a category and ``text`` does not.
        """
        typed = self._read(text)
        if typed.named.max() >= SURE:
            return typed
        other = self._read(other_layout(text))
        return other if other.named.max() >= SURE else typed

    def _read(self, text: str) -> Meant:
        query = Counter(stems(text))
        agreements = self._vocabulary.agreements(query)
        names, kinds = self._name_scores(query, agreements), self._kind_scores(query, agreements)
        return Meant(text, names, kinds)

    def _name_scores(self, query: Counter[str], agreements: Agreements) -> NDArray[np.float64]:
        """How surely the words name each place, (places,), in [0, 1].

        Both must cover each other: the words of the query should be in the name, and the name
        should be in the query, where words that many names share count for less. A query of such
        words alone ("palace") names no place, though some place has them in its name. Nor do
        ordinary words of a name ("old") beside a category that the place does not have.
        """
        ordinary = self._names.partly_by(self._ordinary, agreements)
        telling = 0.0
        whole, asked = np.zeros(len(self._place)), np.zeros(len(self._place))
        for word, times in query.items():
            weight = self._weights.get(word, 1.0)
            telling += times * weight
            fitting = self._of_category(word, agreements)
            against = ordinary & ~fitting[self._place] if fitting is not None else False
            counted = times * np.where(against, OTHER_CATEGORY, weight)
            whole += counted
            asked += counted * self._names.having(word, agreements)
        named = np.zeros(self._places)
        if query:
            both = asked / whole * self._names.covered(query, agreements)
            np.maximum.at(named, self._place, min(1.0, telling) * np.sqrt(both))
        return named

    def _of_category(self, word: str, agreements: Agreements) -> NDArray[np.bool] | None:
        """Which places are of a category that a word names, (places,); None if it names none."""
        agreeing = agreements.get(word, {})
        named = (self._labelled.get(stem, ()) for stem, sure in agreeing.items() if sure >= SURE)
        kinds = set().union(*named)
        return np.logical_or.reduce([self._has_kind[kind] for kind in kinds]) if kinds else None

    def _kind_scores(self, query: Counter[str], agreements: Agreements) -> NDArray[np.float64]:
        """How surely the words name a category of each place, (places,), in [0, 1]."""
        scores = np.zeros(self._places)
        covered = self._labels.covered(query, agreements)
        for label in np.flatnonzero(covered).tolist():
            np.maximum(scores, covered[label] * self._has_kind[self._kinds[label]], out=scores)
        return scores

    def _weights_of_stems(self, names: Sequence[tuple[int, list[str]]]) -> dict[str, float]:
        """How much each stem counts in a name: less the more names and categories have it."""
        counts = Counter(stem for _, stem in {(row, stem) for row, name in names for stem in name})
        return {
            stem: 1 / (counts[stem] + 2 * (stem in self._labelled))
            for stem in self._labelled.keys() | counts
        }


def kinds_of(places: Sequence[Place]) -> list[str]:
    """All categories of some places, in a fixed order."""
    return sorted({kind for place in places for kind in place.kinds})


def _names_of(place: Place) -> list[str]:
    """A place's names, also without what stands in brackets: nobody asks for that."""
    names = (place.name, re.sub(r"\(.*?\)", "", place.name), place.name_en)
    return list(dict.fromkeys(names))
