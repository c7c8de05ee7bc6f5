"""Words -> places: names, categories, what is written about a place, and how its photos look."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.glossary import translations
from core.kinds import kind_labels
from core.places import Place
from core.words import Agreements, Vocabulary, coverage, other_layout, stems

LANGUAGES = ("ru", "en")  # of labels

# What each kind of evidence is worth beside the meaning of the words, which counts 1. A place that
# is named beats one whose category is named.
NAME_WEIGHT, CATEGORY_WEIGHT, LOOKS_WEIGHT = 1.0, 0.5, 0.3
PART_WEIGHT = 0.5  # of a place's name and categories beside its whole text, in meaning
# A name or a category found this surely fits, whatever else speaks against it.
SURE = 0.6
# What a word for a category that a place does not have counts against its name, if only ordinary
# words of that were asked for: enough that "old fortress" does not name the Old Windmill, however
# little "windmill" counts.
OTHER_CATEGORY = 2.0
# Places whose evidence is less than this below the best one's fit as well as the best one.
AS_WELL = 0.25
PART = 1024  # photos compared at once, so that no big copy of their embeddings is made


class Why(StrEnum):
    """What an answer's photo was found by."""

    LOOKS = "looks"  # it looks like the query photo, or like what the words say
    NAME = "name"  # the words name the place
    CATEGORY = "category"  # the words name one of the place's categories
    DESCRIPTION = "description"  # the words mean what is written about the place


@dataclass(frozen=True, slots=True)
class PlaceMatch:
    """How well one place fits some words."""

    row: int  # of the catalogue
    score: float  # higher fits better, comparable within one query
    why: Why
    as_well: bool  # it fits about as well as the best one


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


@dataclass(frozen=True, slots=True)
class PlaceWords:
    """Embeddings of what is known about ``places`` in words, all in the joint space."""

    texts: Embeddings  # (places, joint_dim), of `place_text`
    names: Embeddings  # (places, joint_dim)
    labels: Embeddings  # (labels, joint_dim), of `labels_of` the places


def place_text(place: Place) -> str:
    """All that is known about a place in words, for a text model."""
    labels = [label for kind in place.kinds for label in kind_labels(kind)]
    parts = [place.name, place.name_en, ", ".join(labels), place.city, place.description]
    return ". ".join(part for part in parts if part)


def labels_of(places: Sequence[Place]) -> list[str]:
    """The labels of all categories of ``places``, in both languages, in a fixed order."""
    return [label for kind in _all_kinds(places) for label in kind_labels(kind)]


def embed_places(places: Sequence[Place], embed: Callable[[list[str]], Embeddings]) -> PlaceWords:
    """Embed what is known about ``places`` in words; ``embed`` gives (texts, joint_dim)."""
    return PlaceWords(
        texts=embed([place_text(place) for place in places]),
        names=embed([place.name for place in places]),
        labels=embed(labels_of(places)),
    )


class Meaning:
    """How much words resemble places by meaning, whatever their letters."""

    def __init__(self, places: Sequence[Place], words: PlaceWords) -> None:
        self._labels = words.labels
        self._of_place = words.texts + PART_WEIGHT * words.names  # (places, joint_dim)
        columns = {kind: n for n, kind in enumerate(_all_kinds(places))}
        self._has_kind = np.array(
            [[kind in place.kinds for kind in columns] for place in places], dtype=bool
        ).reshape(len(places), len(columns))

    def stand_out(self, text: Embeddings) -> NDArray[np.float32]:
        """How much each place stands out from the average place in its resemblance to some words.

        Nonsense and small talk resemble every place alike, however much that is.

        Args:
            text: the words in the joint space, (queries, joint_dim).

        Returns:
            (queries, places); 0 is average.
        """
        by_label = text @ self._labels.T
        by_kind = by_label.reshape(len(text), -1, len(LANGUAGES)).max(axis=2)
        kinds = np.where(self._has_kind[None], by_kind[:, None], 0).max(axis=2, initial=0)
        resemblance = text @ self._of_place.T
        resemblance += PART_WEIGHT * kinds
        return np.asarray(resemblance - resemblance.mean(axis=1, keepdims=True), dtype=np.float32)


class TextIndex:
    """What the words of a query are compared with; built once per snapshot."""

    def __init__(
        self,
        places: Sequence[Place],
        words: PlaceWords,
        joint: Embeddings,
        photo_place: NDArray[np.int64],
        *,
        min_stand_out: float,
    ) -> None:
        """Index a catalogue.

        Args:
            places: the catalogue, at least one place.
            words: embeddings of what is known about them.
            joint: embedding of each photo in the space of words, (photos, joint_dim).
            photo_place: row in ``places`` of each photo's place, (photos,).
            min_stand_out: a place that stands out less than this has nothing to do with words
                that do not name it.
        """
        self._names = [[stems(name) for name in _names_of(place)] for place in places]
        self._of_kind: dict[str, list[int]] = defaultdict(list)  # rows of places
        for row, place in enumerate(places):
            for kind in place.kinds:
                self._of_kind[kind].append(row)
        self._labels = {
            kind: [stems(word) for label in kind_labels(kind) for word in label.split(", ")]
            for kind in _all_kinds(places)
        }
        self._weights = self._weights_of_stems()
        self._vocabulary = Vocabulary(self._weights, translations())
        # By a stem of theirs, so that a query is compared with what it may name and nothing else.
        self._named: dict[str, set[int]] = defaultdict(set)  # rows of places
        for row, names in enumerate(self._names):
            for stem in chain.from_iterable(names):
                self._named[stem].add(row)
        self._labelled: dict[str, set[str]] = defaultdict(set)  # categories
        for kind, labels in self._labels.items():
            for stem in chain.from_iterable(labels):
                self._labelled[stem].add(kind)
        self._ordinary = translations().keys() | self._labelled.keys()
        self._meaning = Meaning(places, words)
        self._joint = np.asarray(joint)  # a mapped file as a plain array: quicker to pick from
        self._photo_place = photo_place
        self._min_stand_out = min_stand_out

    def meant(self, text: str) -> Meant:
        """What the person meant to type: ``text``, or ``text`` in the other keyboard layout.

        The other layout is believed only if it names a place or a category and ``text`` does not.
        """
        typed = self._read(text)
        if typed.named.max() >= SURE:
            return typed
        other = self._read(other_layout(text))
        return other if other.named.max() >= SURE else typed

    def rank(
        self, meant: Meant, embedding: Embeddings, among: NDArray[np.bool] | None = None
    ) -> list[PlaceMatch]:
        """Rank the places that fit some words, best first; empty when nothing fits.

        Args:
            meant: the words.
            embedding: the words in the joint space, (1, joint_dim).
            among: which places may be ranked, (places,); all if None.
        """
        meaning = self._meaning.stand_out(embedding)[0]
        fits = (meant.named >= SURE) | (meaning >= self._min_stand_out)
        if among is not None:
            fits &= among
        looks = self._looks(embedding, fits)
        names, kinds = NAME_WEIGHT * meant.names, CATEGORY_WEIGHT * meant.kinds
        evidence = np.stack([names, kinds, meaning, LOOKS_WEIGHT * looks])
        scores = evidence.sum(axis=0)
        order = np.argsort(-scores, kind="stable")
        order = order[fits[order]]
        reasons = (Why.NAME, Why.CATEGORY, Why.DESCRIPTION, Why.LOOKS)
        strongest = evidence.argmax(axis=0)
        return [
            PlaceMatch(
                row,
                float(scores[row]),
                reasons[strongest[row]],
                as_well=bool(scores[order[0]] - scores[row] < AS_WELL),
            )
            for row in order.tolist()
        ]

    def _looks(self, embedding: Embeddings, places: NDArray[np.bool]) -> NDArray[np.float32]:
        """Similarity of the words to the best photo of some places, (places,), at least 0."""
        best = np.zeros(len(self._names), dtype=np.float32)
        photos = np.flatnonzero(places[self._photo_place])
        for start in range(0, len(photos), PART):
            part = photos[start : start + PART]
            np.maximum.at(best, self._photo_place[part], self._joint[part] @ embedding[0])
        return best

    def _read(self, text: str) -> Meant:
        query = stems(text)
        agreements = self._vocabulary.agreements(query)
        names, kinds = self._name_scores(query, agreements), self._kind_scores(query, agreements)
        return Meant(text, names, kinds)

    def _name_scores(self, query: Sequence[str], agreements: Agreements) -> NDArray[np.float64]:
        """How surely the words name each place, (places,), in [0, 1].

        Both must cover each other: the words of the query should be in the name, and the name
        should be in the query, where words that many names share count for less. A query of such
        words alone ("palace") names no place, though some place has them in its name. Nor do
        ordinary words of a name ("old") beside a category that the place does not have.
        """
        telling = min(1.0, sum(self._weights.get(stem, 1.0) for stem in query))
        weights = {word: self._weights.get(word, 1.0) for word in query}
        fitting = {word: self._of_category(word, agreements) for word in set(query)}
        categories = [(word, rows) for word, rows in fitting.items() if rows]

        def score(name: Sequence[str], against: Sequence[str]) -> float:
            counted = weights
            if against and self._by_ordinary_words(name, agreements):
                counted = weights | dict.fromkeys(against, OTHER_CATEGORY)
            asked = coverage(query, name, agreements, counted)
            return telling * math.sqrt(asked * coverage(name, query, agreements, self._weights))

        scores = np.zeros(len(self._names))
        for row in set().union(*(self._named.get(stem, ()) for stem in agreements)):
            against = [word for word, rows in categories if row not in rows]
            scores[row] = max(score(name, against) for name in self._names[row])
        return scores

    def _by_ordinary_words(self, name: Sequence[str], agreements: Agreements) -> bool:
        """Whether a query has but a part of a name, and no proper name among it."""
        asked = [word for word in name if word in agreements]
        return len(asked) < len(name) and self._ordinary.issuperset(asked)

    def _of_category(self, word: str, agreements: Agreements) -> set[int]:
        """Rows of the places of the categories that a word names; empty if it names none."""
        agreeing = agreements.get(word, {})
        named = (self._labelled.get(stem, ()) for stem, sure in agreeing.items() if sure >= SURE)
        kinds = set().union(*named)
        return set().union(*(self._of_kind[kind] for kind in kinds))

    def _kind_scores(self, query: Sequence[str], agreements: Agreements) -> NDArray[np.float64]:
        """How surely the words name a category of each place, (places,), in [0, 1]."""
        scores = np.zeros(len(self._names))
        for kind in set().union(*(self._labelled.get(stem, ()) for stem in agreements)):
            fitting = max(coverage(label, query, agreements) for label in self._labels[kind])
            rows = self._of_kind[kind]
            scores[rows] = np.maximum(scores[rows], fitting)
        return scores

    def _weights_of_stems(self) -> dict[str, float]:
        """How much each stem counts in a name: less the more names and categories have it."""
        counts = Counter(
            stem for names in self._names for stem in {word for name in names for word in name}
        )
        common = {stem for labels in self._labels.values() for label in labels for stem in label}
        return {stem: 1 / (counts[stem] + 2 * (stem in common)) for stem in common.union(counts)}


def _names_of(place: Place) -> list[str]:
    """A place's names, also without what stands in brackets: nobody asks for that."""
    names = (place.name, re.sub(r"\(.*?\)", "", place.name), place.name_en)
    return list(dict.fromkeys(filter(None, names)))


def _all_kinds(places: Sequence[Place]) -> list[str]:
    return sorted({kind for place in places for kind in place.kinds})
