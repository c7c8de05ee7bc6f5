"""Words -> photos: fuzzy names, categories, what is written about a place, and how photos look."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray
from rapidfuzz import fuzz

from core.embedders.base import Embeddings
from core.kinds import kind_labels
from core.places import Place

MAX_QUERY_CHARS = 256

# Words whose letters agree by less than this are different words, not misspellings.
SAME_WORD = 0.72
# What each kind of evidence is worth. A place named by the words beats one whose category they
# name, which beats one whose description or photos merely resemble them.
NAME_WEIGHT, CATEGORY_WEIGHT, TEXT_WEIGHT, LOOKS_WEIGHT = 1.0, 0.6, 0.5, 0.25
# Below this much evidence of every kind nothing fits.
NOTHING_FITS = 0.12


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
    score: float  # 0: not at all; higher fits better, comparable within one query
    why: Why


def normalise(text: str) -> str:
    """Lower-case Latin words without punctuation: "«Храм-на-Крови»" -> "khram na krovi"."""
    # re-composed by anyascii: е and ё, curly quotes, accents and scripts come out alike
    latin = anyascii(text[:MAX_QUERY_CHARS].casefold().replace("ё", "е")).casefold()
    return " ".join(re.findall(r"[a-z0-9]+", latin.replace("'", "")))


def place_text(place: Place) -> str:
    """What is known about a place in words, for a text model."""
    labels = [label for kind in place.kinds for label in kind_labels(kind)]
    parts = [place.name, place.name_en, ", ".join(labels), place.city, place.description]
    return ". ".join(part for part in parts if part)


class TextIndex:
    """What the words of a query are compared with; built once per snapshot."""

    def __init__(
        self,
        places: Sequence[Place],
        place_texts: Embeddings,
        joint: Embeddings,
        photo_place: NDArray[np.int64],
    ) -> None:
        """Index a catalogue.

        Args:
            places: the catalogue.
            place_texts: embedding of each place's `place_text`, (places, joint_dim).
            joint: embedding of each photo in the space of words, (photos, joint_dim).
            photo_place: row in ``places`` of each photo's place, (photos,).
        """
        self._names = [
            [normalise(name).split() for name in (place.name, place.name_en) if name]
            for place in places
        ]
        self._kinds = [place.kinds for place in places]
        self._labels = {
            kind: [
                normalise(word).split() for label in kind_labels(kind) for word in label.split(", ")
            ]
            for kind in {kind for place in places for kind in place.kinds}
        }
        self._place_texts = place_texts
        self._joint = joint
        self._photo_place = photo_place
        self._rarity = _rarity([words for names in self._names for words in names])

    def rank(self, words: str, embedding: NDArray[np.float32]) -> list[PlaceMatch]:
        """Rank places by how well they fit normalised, non-empty ``words``, best first.

        Args:
            words: the normalised query.
            embedding: the query in the joint space, (joint_dim,).

        Returns:
            Places that fit at all; empty when none does.
        """
        query = words.split()
        names = np.array([self._name_score(query, names) for names in self._names])
        fitting = {kind: _best(labels, query, _coverage) for kind, labels in self._labels.items()}
        kinds = np.array([max((fitting[k] for k in kinds), default=0.0) for kinds in self._kinds])
        texts = np.clip(self._place_texts @ embedding, 0, 1)
        looks = _best_photo(self._joint @ embedding, self._photo_place, len(self._names))
        evidence = np.stack(
            [
                NAME_WEIGHT * names,
                CATEGORY_WEIGHT * kinds,
                TEXT_WEIGHT * texts,
                LOOKS_WEIGHT * looks,
            ]
        )
        scores = evidence.sum(axis=0)
        reasons = (Why.NAME, Why.CATEGORY, Why.DESCRIPTION, Why.LOOKS)
        return [
            PlaceMatch(int(row), float(scores[row]), reasons[int(evidence[:, row].argmax())])
            for row in np.argsort(-scores, kind="stable")
            if evidence[:, row].max() >= NOTHING_FITS
        ]

    def _name_score(self, query: Sequence[str], names: Sequence[Sequence[str]]) -> float:
        return _best(names, query, self._weighted_coverage)

    def _weighted_coverage(self, query: Sequence[str], name: Sequence[str]) -> float:
        """How well two names agree in [0, 1]; words that many names share count for less."""
        return float(
            np.sqrt(_coverage(query, name, self._rarity) * _coverage(name, query, self._rarity))
        )


def _rarity(names: Sequence[Sequence[str]]) -> dict[str, float]:
    """Weight of each word of the names: 1 for a word of one name, less the more names have it."""
    counts: dict[str, int] = {}
    for words in names:
        for word in set(words):
            counts[word] = counts.get(word, 0) + 1
    return {word: 1 / count for word, count in counts.items()}


def _coverage(
    wanted: Sequence[str], offered: Sequence[str], rarity: dict[str, float] | None = None
) -> float:
    """Share of the ``wanted`` words that are among the ``offered`` ones, misspelt or not."""
    weights = [(rarity or {}).get(word, 1.0) for word in wanted]
    found = [
        max((fuzz.ratio(word, other, score_cutoff=100 * SAME_WORD) for other in offered), default=0)
        for word in wanted
    ]
    covered = sum(weight * score / 100 for weight, score in zip(weights, found, strict=True))
    return covered / sum(weights) if weights else 0.0


def _best(
    options: Sequence[Sequence[str]],
    query: Sequence[str],
    score: Callable[[Sequence[str], Sequence[str]], float],
) -> float:
    return max((score(option, query) for option in options if option), default=0.0)


def _best_photo(
    similarity: NDArray[np.float32], photo_place: NDArray[np.int64], places: int
) -> NDArray[np.float32]:
    """Similarity of each place's best photo to the words, (places,), in [0, 1]."""
    best = np.zeros(places, dtype=np.float32)
    np.maximum.at(best, photo_place, similarity)
    return best
