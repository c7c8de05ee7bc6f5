"""What the gallery teaches about its own answers: how sure they are, and which to claim."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.certainty import Certainty, share_odds, sharpened
from core.embedders.base import Embeddings
from core.heads import Scores, with_heads
from core.index import PhotoIndex
from core.metrics import Rows
from core.snapshot import Thresholds
from core.text_search import Meaning
from core.vote import Candidate, Neighbour, knn_vote
from offline.near_duplicates import SAME_COSINE, Shots
from offline.training import Training

SAMPLE = 2000  # photos asked, at most: enough for the quantiles, seconds of work
ASKED_TOGETHER = 256  # photos searched at a time, to bound memory
KEPT = 0.95  # share of right answers that must stay claimed
WANTED_PRECISION = 0.95  # of the claimed names, on photos of known places
FEWEST = 20  # right answers needed to choose anything
SHARPNESSES = np.linspace(0.3, 3.0, 28)

SMALL_TALK_REFUSED = 0.9  # share of phrases that name no place

# For galleries too small to learn from: a share is as sure as it says, and half is enough.
CAUTIOUS = (1.0, Certainty(bias=0.0, per_score=0.0, per_odds=1.0), 0.5)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the rest of the gallery said of one of its photos."""

    candidates: Sequence[Candidate]  # at least one
    right: bool
    head: float = 0.0  # what the trained heads say of the first place, if there are any

    def first_share(self, sharpness: float) -> float:
        return sharpened(self.candidates, sharpness)[0].share


def choose_thresholds(
    visual: Embeddings,
    place_ids: Sequence[str],
    shots: Shots,
    index: PhotoIndex,
    meaning: Meaning,
    small_talk: Embeddings,
    training: Training | None,
    *,
    k: int,
) -> Thresholds:
    """Ask every gallery photo (or a sample) of the rest of the gallery, and see when that is right.

    Each photo is asked twice: without its copies, and without its whole place, as a photo of a
    place that nobody has. ``sharpness`` makes the shares of the former mean how often they are
    right; ``certainty`` tells right answers from both kinds of wrong ones; ``min_certainty`` keeps
    95 % of the right answers, or fewer if less than 95 % of the answers claimed were right.
    ``min_stand_out`` refuses 90 % of ``small_talk``.

    Args:
        visual: embeddings of the gallery, (n, dim).
        place_ids: the place of each, n.
        shots: perceptual hashes of each, n; copies of a photo would flatter the gallery.
        index: over ``visual``.
        meaning: of the gallery's places.
        small_talk: words that name no place, in the joint space, (phrases, joint_dim).
        training: of the heads that weigh in on the vote, if any.
        k: neighbours that vote.
    """
    known, strange = _answers(visual, place_ids, shots, index, training, k)
    sharpness, certainty, min_certainty = _for_photos(known, strange)
    stand_out = meaning.stand_out(small_talk).max(axis=1)
    return Thresholds(
        sharpness=round(sharpness, 2),
        certainty=certainty,
        min_certainty=round(min_certainty, 4),
        min_stand_out=round(float(np.quantile(stand_out, SMALL_TALK_REFUSED)), 4),
    )


def _answers(
    visual: Embeddings,
    place_ids: Sequence[str],
    shots: Shots,
    index: PhotoIndex,
    training: Training | None,
    k: int,
) -> tuple[list[_Answer], list[_Answer]]:
    """Answers to the photos asked, as photos of known places and as photos of unknown ones."""
    sizes = Counter(place_ids)
    places = np.array(place_ids)
    deep = 2 * k + max(sizes.values())  # k are left when a place and some copies are taken out
    rows_of = {place_id: np.flatnonzero(places == place_id) for place_id in sizes}
    unseen = _unseen(training) if training else None
    known, strange = [], []

    def ask(row: int, found: Rows, cosines: NDArray[np.float32], out: Rows) -> _Answer | None:
        """Let the photos ``found`` vote on ``row``; heads were not trained on ``out``."""
        jurors = [
            Neighbour(str(juror), place_ids[juror], float(cosine))
            for juror, cosine in zip(found[:k], cosines[:k], strict=True)
        ]
        if not jurors:
            return None
        candidates = knn_vote(jurors, place_sizes=sizes)
        head = 0.0
        if training and unseen:
            opinion = training.heads.opinion(unseen(row, np.union1d(out, row)), jurors)
            candidates = with_heads(candidates, opinion.places)
            head = opinion.places[candidates[0].place_id]
        return _Answer(candidates, candidates[0].place_id == place_ids[row], head)

    asked = np.unique(np.linspace(0, len(visual) - 1, min(SAMPLE, len(visual))).astype(int))
    asked = asked[np.argsort(places[asked], kind="stable")]  # one place after another
    for start in range(0, len(asked), ASKED_TOGETHER):
        batch = asked[start : start + ASKED_TOGETHER]
        nearest = index.search(visual[batch], deep)
        for row, rows, cosines in zip(batch, nearest.rows, nearest.scores, strict=True):
            others = ~(shots.same_as(row, rows) | (cosines >= SAME_COSINE) | (rows == row))
            elsewhere = others & (places[rows] != place_ids[row])
            copies = rows[~others]
            if answer := ask(row, rows[others], cosines[others], copies):
                known.append(answer)
            its_place = np.union1d(copies, rows_of[place_ids[row]])
            if answer := ask(row, rows[elsewhere], cosines[elsewhere], its_place):
                strange.append(answer)
    return known, strange


def _unseen(training: Training) -> Callable[[int, Rows], Scores]:
    """Scores of a photo by heads that were not trained on it and others."""

    @lru_cache(maxsize=8)  # photos of one place are asked one after another
    def left_out(rows: tuple[int, ...]) -> Scores:
        return training.left_out(np.array(rows))

    return lambda row, out: left_out(tuple(out.tolist()))[int(np.searchsorted(out, row))]


def _for_photos(
    known: Sequence[_Answer], strange: Sequence[_Answer]
) -> tuple[float, Certainty, float]:
    """Choose ``sharpness``, ``certainty`` and ``min_certainty``."""
    right = np.array([answer.right for answer in known], dtype=bool)
    if right.sum() < FEWEST or not strange:
        return CAUTIOUS
    sharpness = float(min(SHARPNESSES, key=lambda power: _log_loss(known, power)))
    asked = [*known, *strange]
    certainty = _fitted(asked, sharpness)
    sure = np.array(
        [certainty.of(a.candidates[0].best.score, a.first_share(sharpness), a.head) for a in known]
    )
    keeping = float(np.quantile(sure[right], 1 - KEPT))
    order = np.argsort(-sure)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero(precision >= WANTED_PRECISION)
    precise = float(sure[order][reached[-1]]) if len(reached) else 1.0
    return sharpness, certainty, max(keeping, precise)


def _log_loss(answers: Sequence[_Answer], sharpness: float) -> float:
    """How badly the stated shares foretell which answers are right."""
    shares = np.array([answer.first_share(sharpness) for answer in answers])
    right = np.array([answer.right for answer in answers])
    return float(-np.log(np.clip(np.where(right, shares, 1 - shares), 1e-6, 1)).mean())


def _fitted(answers: Sequence[_Answer], sharpness: float) -> Certainty:
    """A logistic regression of being right, over what is known of the first place."""
    from sklearn.linear_model import LogisticRegression  # seconds that asking can do without

    evidence = np.array(
        [
            (a.candidates[0].best.score, share_odds(a.first_share(sharpness)), a.head)
            for a in answers
        ]
    )
    spread = np.maximum(evidence.std(axis=0), 1e-6)  # cosines, odds and scores differ in size
    model = LogisticRegression().fit(evidence / spread, [answer.right for answer in answers])
    weights = (model.coef_[0] / spread).tolist()  # of a head that never speaks: 0
    return Certainty(*(round(float(weight), 4) for weight in (model.intercept_[0], *weights)))
