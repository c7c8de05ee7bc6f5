"""What the gallery teaches about its own answers: how sure they are, and which to claim."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.certainty import Calibration, Certainty, share_odds, sharpened
from core.embedders.base import Embeddings
from core.heads import with_heads
from core.index import PhotoIndex
from core.looks import LOOK_AGAIN_BELOW
from core.metrics import Rows
from core.snapshot import Thresholds
from core.text_search import Meaning
from core.thorough import ThoroughIndex
from core.vote import Candidate, Neighbour, knn_vote
from offline.near_duplicates import SAME_COSINE, Shots
from offline.training import Training
from offline.views import Views

SAMPLE = 1000  # photos asked, at most: enough for the quantiles, half a minute of work
ASKED_TOGETHER = 256  # photos searched at a time, to bound memory
KEPT = 0.95  # share of right answers that must stay claimed
WANTED_PRECISION = 0.95  # of the claimed names, on photos of known places
FEWEST = 20  # right answers needed to choose anything
SHARPNESSES = np.linspace(0.3, 3.0, 28)

SMALL_TALK_REFUSED = 0.9  # share of phrases that name no place

# For galleries too small to learn from: a share is as sure as it says, and half is enough.
CAUTIOUS = Calibration(1.0, Certainty(bias=0.0, per_score=0.0, per_odds=1.0))
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rest of the gallery said of one of its photos."""

    row: int
    candidates: Sequence[Candidate]  # at least one
    right: bool
    head: float = 0.0  # what the trained heads say of the first place, if there are any

    def first_share(self, sharpness: float) -> float:
        """The first place's share of the vote."""
        return sharpened(self.candidates, sharpness)[0].share

    def certainty(self, calibration: Calibration) -> float:
        """How sure the first place is."""
        share = self.first_share(calibration.sharpness)
        return calibration.certainty.of(self.candidates[0].best.score, share, self.head)


def choose_thresholds(
    first: "Asking",
    thorough: "Asking",
    meaning: Meaning,
    small_talk: Embeddings,
    views: Views,
) -> Thresholds:
    """Ask every gallery photo (or a sample) of the rest of the gallery, and see when that is right.

    Each photo is asked twice: without its copies, and without its whole place, as a photo of a
    place that nobody has. ``sharpness`` makes the shares of the former mean how often they are
    right; ``certainty`` tells right answers from both kinds of wrong ones; ``min_certainty`` keeps
    95 % of the right answers, or fewer if less than 95 % of the answers claimed were right.
    ``min_stand_out`` refuses 90 % of ``small_talk``.

    Args:
        first: asks by the first network.
        thorough: asks by both; ``first`` once more where there is only one.
        meaning: of the gallery's places.
        small_talk: words that name no place, in the joint space, (phrases, joint_dim).
        views: second looks at photos that leave doubt, for ``min_certainty``; may be none.
    """
    calibrations, min_certainty = _for_photos(first, thorough, views)
    stand_out = meaning.stand_out(small_talk).max(axis=1)
    return Thresholds(
        *calibrations,
        min_certainty=round(min_certainty, 4),
        min_stand_out=round(float(np.quantile(stand_out, SMALL_TALK_REFUSED)), 4),
    )


class Asking:
    """Asks photos of a gallery of the rest of it."""

    def __init__(
        self,
        embeddings: Embeddings,
        place_ids: Sequence[str],
        shots: Shots,
        index: PhotoIndex | ThoroughIndex,
        training: Training | None,
        k: int,
    ) -> None:
        """Know a gallery.

        Args:
            embeddings: of its photos, (n, width).
            place_ids: the place of each, n.
            shots: perceptual hashes of each, n; copies of a photo would flatter the gallery.
            index: over ``embeddings``.
            training: of the heads that weigh in on the vote, if any.
            k: neighbours that vote.
        """
        self.embeddings = embeddings
        self._place_ids = place_ids
        self._places = np.array(place_ids)
        self._shots = shots
        self._index = index
        self._training = training
        self._k = k
        self._sizes = Counter(place_ids)
        self._rows_of = {
            place_id: np.flatnonzero(self._places == place_id) for place_id in self._sizes
        }
        # k are left when a place and some copies are taken out
        self._deep = 2 * k + max(self._sizes.values())

    def sample(self) -> tuple[list[Answer], list[Answer]]:
        """Answers to some photos, as photos of known places and as photos of unknown ones."""
        count = min(SAMPLE, len(self.embeddings))
        asked = np.unique(np.linspace(0, len(self.embeddings) - 1, count).astype(int))
        # one place after another, since heads without it are kept for a while
        asked = asked[np.argsort(self._places[asked], kind="stable")]
        known, strange = [], []
        for start in range(0, len(asked), ASKED_TOGETHER):
            batch = asked[start : start + ASKED_TOGETHER]
            nearest = self._index.search(self.embeddings[batch], self._deep)
            for row, rows, cosines in zip(batch, nearest.rows, nearest.scores, strict=True):
                look = self.embeddings[row : row + 1]
                others = self._others(row, rows, cosines)
                if answer := self._ask(row, look, rows[others], cosines[others], rows[~others]):
                    known.append(answer)
                place_id = self._place_ids[row]
                elsewhere = others & (self._places[rows] != place_id)
                out = np.union1d(rows[~others], self._rows_of[place_id])
                if answer := self._ask(row, look, rows[elsewhere], cosines[elsewhere], out):
                    strange.append(answer)
        return known, strange

    def again(self, row: int, look: Embeddings) -> Answer | None:
        """The answer to another look at a photo, (1, width), as one of a known place."""
        nearest = self._index.search(look, self._deep)
        rows, cosines = nearest.rows[0], nearest.scores[0]
        # copies are those of the photo itself, which a mean of looks may be farther from
        others = self._others(row, rows, self.embeddings[rows] @ self.embeddings[row])
        return self._ask(row, look, rows[others], cosines[others], rows[~others])

    def _others(self, row: int, rows: Rows, cosines: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which of the photos found are neither the one asked nor its copies."""
        same = self._shots.same_as(row, rows) | (cosines >= SAME_COSINE) | (rows == row)
        return np.asarray(~same)

    def _ask(
        self, row: int, look: Embeddings, found: Rows, cosines: NDArray[np.float32], out: Rows
    ) -> Answer | None:
        """Let the photos ``found`` vote on ``row``; heads were not trained on it and ``out``."""
        jurors = [
            Neighbour(str(juror), self._place_ids[juror], float(cosine))
            for juror, cosine in zip(found[: self._k], cosines[: self._k], strict=True)
        ]
        if not jurors:
            return None
        candidates = knn_vote(jurors, place_sizes=self._sizes)
        head = 0.0
        if self._training:
            scores = self._training.left_out(np.union1d(out, row), look)[0]
            opinion = self._training.heads.opinion(scores, jurors)
            candidates = with_heads(candidates, opinion.places)
            head = opinion.places[candidates[0].place_id]
        return Answer(row, candidates, candidates[0].place_id == self._place_ids[row], head)


def _for_photos(
    first: Asking, thorough: Asking, views: Views
) -> tuple[tuple[Calibration, Calibration], float]:
    """Choose calibrations, for the first network and for both, and ``min_certainty``."""
    known, strange = first.sample()
    at_first = by_both = _calibrated(known, strange)
    if thorough is not first:
        by_both = _calibrated(*thorough.sample())
    if at_first is None or by_both is None:
        return (CAUTIOUS, CAUTIOUS), HALF
    sure = [answer.certainty(at_first) for answer in known]
    for at, answer in enumerate(known):
        if sure[at] < LOOK_AGAIN_BELOW:
            look = views.second_look(answer.row, thorough.embeddings)
            if again := thorough.again(answer.row, look):
                known[at], sure[at] = again, again.certainty(by_both)
    return (at_first, by_both), _least_certainty(known, np.array(sure))


def _calibrated(known: Sequence[Answer], strange: Sequence[Answer]) -> Calibration | None:
    """What answers teach; None if they are too few."""
    if sum(answer.right for answer in known) < FEWEST or not strange:
        return None
    sharpness = float(min(SHARPNESSES, key=lambda power: _log_loss(known, power)))
    return Calibration(round(sharpness, 2), _fitted([*known, *strange], sharpness))


def _least_certainty(known: Sequence[Answer], sure: NDArray[np.float64]) -> float:
    """From where on answers are claimed."""
    right = np.array([answer.right for answer in known], dtype=bool)
    keeping = float(np.quantile(sure[right], 1 - KEPT))
    order = np.argsort(-sure)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero(precision >= WANTED_PRECISION)
    precise = float(sure[order][reached[-1]]) if len(reached) else 1.0
    return max(keeping, precise)


def _log_loss(answers: Sequence[Answer], sharpness: float) -> float:
    """How badly the stated shares foretell which answers are right."""
    shares = np.array([answer.first_share(sharpness) for answer in answers])
    right = np.array([answer.right for answer in answers])
    return float(-np.log(np.clip(np.where(right, shares, 1 - shares), 1e-6, 1)).mean())


def _fitted(answers: Sequence[Answer], sharpness: float) -> Certainty:
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
