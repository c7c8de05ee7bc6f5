"""Two linear heads over a picture's embedding, one for names and one for categories.

They are trained offline (`offline.training`); here are their weights, as plain arrays.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.vote import Candidate, CategoryShare, Neighbour

Scores = NDArray[np.float32]

# How far apart two scores must be for the heads to say e to 1: trained scores are about 1 for the
# right place and 0 for the others. From 0.05 to 0.14 results differ by less than 0.004.
SOFTNESS = 0.07
# Of the heads in categories. For photos of places that nobody has it brings hit@1 from 0.653 to
# 0.671; at 0.5 categories of known places begin to suffer.
HEADS_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the heads say of one picture: near 1 for what it shows, near 0 for all else."""

    places: Mapping[str, float]  # by place_id
    kinds: Mapping[str, float]  # by category


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Scores are ``embedding @ weights + bias``, places first, then categories."""

    place_ids: Sequence[str]
    kinds: Sequence[str]
    weights: NDArray[np.float32]  # (dim, places + kinds)
    bias: NDArray[np.float32]  # (places + kinds,)
    columns: Mapping[str, int] = field(init=False)  # of the places

    def __post_init__(self) -> None:
        columns = {place_id: column for column, place_id in enumerate(self.place_ids)}
        object.__setattr__(self, "columns", columns)

    def scores(self, visual: Embeddings) -> Scores:
        """Scores of pictures, (n, places + kinds)."""
        return np.asarray(visual @ self.weights + self.bias, np.float32)

    def opinion(self, scores: Scores, jurors: Iterable[Neighbour]) -> Opinion:
        """Read one row of scores, as far as the places of ``jurors`` and categories go."""
        place_ids = {juror.place_id for juror in jurors}
        kinds = scores[len(self.place_ids) :].tolist()
        return Opinion(
            places={place_id: float(scores[self.columns[place_id]]) for place_id in place_ids},
            kinds=dict(zip(self.kinds, kinds, strict=True)),
        )

    def save(self, path: Path) -> None:
        """Write the heads as an .npz file."""
        np.savez(
            path,
            place_ids=np.array(self.place_ids, dtype=np.str_),
            kinds=np.array(self.kinds, dtype=np.str_),
            weights=self.weights,
            bias=self.bias,
        )

    @classmethod
    def load(cls, path: Path) -> "Heads":
        """Read what `save` wrote.

        Raises:
            OSError, ValueError, KeyError: it cannot be read.
        """
        with np.load(path, allow_pickle=False) as arrays:
            return cls(
                place_ids=arrays["place_ids"].tolist(),
                kinds=arrays["kinds"].tolist(),
                weights=arrays["weights"],
                bias=arrays["bias"],
            )


def opinion_of(
    heads: Heads | None, embedding: Embeddings, jurors: Iterable[Neighbour]
) -> Opinion | None:
    """What heads say of one embedding, (1, width), if there are any."""
    return heads.opinion(heads.scores(embedding)[0], jurors) if heads else None


def with_heads(candidates: Sequence[Candidate], places: Mapping[str, float]) -> list[Candidate]:
    """Weigh the places that were voted for by what the heads say of them.

    The product of both opinions, so that a place must convince both.

    Args:
        candidates: a vote.
        places: scores of at least its places.

    Returns:
        The same candidates with shares summing to 1, largest first.

    Source: Hinton, "Training Products of Experts by Minimizing Contrastive Divergence", Neural
    Computation 14(8), 2002, section 1.
    """
    # The highest is subtracted so that exp() cannot overflow.
    highest = max((places[candidate.place_id] for candidate in candidates), default=0.0)
    weights = [c.share * math.exp((places[c.place_id] - highest) / SOFTNESS) for c in candidates]
    total = sum(weights)
    weighed = [replace(c, share=w / total) for c, w in zip(candidates, weights, strict=True)]
    return sorted(weighed, key=lambda candidate: -candidate.share)


def categories_with_heads(
    categories: Sequence[CategoryShare], kinds: Mapping[str, float]
) -> list[CategoryShare]:
    """Mix what the heads say of categories into those of the places that were voted for.

    Args:
        categories: of a vote.
        kinds: scores of all categories; below 0 counts as 0.

    Returns:
        Categories with shares summing to 1, largest first, also ones that nobody voted for.
    """
    spoken = {kind: max(0.0, score) for kind, score in kinds.items()}
    total = sum(spoken.values())
    if not categories or not total:
        return list(categories)
    shares = {kind: HEADS_SHARE * score / total for kind, score in spoken.items() if score}
    for category in categories:
        voted = (1 - HEADS_SHARE) * category.share
        shares[category.kind] = shares.get(category.kind, 0.0) + voted
    ranked = sorted(shares, key=lambda kind: -shares[kind])
    return [CategoryShare(kind, shares[kind]) for kind in ranked]
