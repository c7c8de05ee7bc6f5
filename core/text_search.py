"""Words -> places: names, categories, what is written about a place, and how its photos look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.kinds import kind_labels
from core.naming import SURE, Meant, Naming, kinds_of
from core.places import Place

LANGUAGES = ("ru", "en")  # of labels

# What each kind of evidence is worth beside the meaning of the words, which counts 1. A place that
# is named beats one whose category is named.
NAME_WEIGHT, CATEGORY_WEIGHT, LOOKS_WEIGHT = 1.0, 0.5, 0.3
PART_WEIGHT = 0.5  # of a place's name and categories beside its whole text, in meaning
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
    return [label for kind in kinds_of(places) for label in kind_labels(kind)]


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
        columns = {kind: n for n, kind in enumerate(kinds_of(places))}
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
            min_stand_out: a place that does not stand out more than this has nothing to do with
                words that do not name it.
        """
        self._naming = Naming(places)
        self._meaning = Meaning(places, words)
        self._joint = np.asarray(joint)  # a mapped file as a plain array: quicker to pick from
        self._photo_place = photo_place
        self._min_stand_out = min_stand_out

    def meant(self, text: str) -> Meant:
        """What the person meant to type, see `Naming.meant`."""
        return self._naming.meant(text)

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
        fits = (meant.named >= SURE) | (meaning > self._min_stand_out)  # a lone place by 0
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
        best = np.zeros(len(places), dtype=np.float32)
        photos = np.flatnonzero(places[self._photo_place])
        for start in range(0, len(photos), PART):
            part = photos[start : start + PART]
            np.maximum.at(best, self._photo_place[part], self._joint[part] @ embedding[0])
        return best
