"""How sure an answer is: a probability learned on the gallery that the first name is right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.vote import Candidate

TINY = 1e-3  # bounds the odds of a share of 0 or 1: one vote for all is no proof


def share_odds(share: float) -> float:
    """Logarithm of the odds of a share in [0, 1]."""
    return math.log((share + TINY) / (1 - share + TINY))


@dataclass(frozen=True, slots=True)
class Certainty:
    """A logistic regression over what is known of the first place of an answer.

    Fitted on gallery photos asked of the rest of the gallery, once with and once without their
    own place: so it knows both mistakes among known places and photos of places nobody has.
    """

    bias: float
    per_score: float  # weight of the cosine of the photo that argues for the place
    per_odds: float  # weight of the logarithm of the odds of the place's share
    per_head: float = 0.0  # weight of the trained head's score; 0 if no heads are trained

    def of(self, score: float, share: float, head: float = 0.0) -> float:
        """Probability, in (0, 1), that a place with this best cosine, share and score is right."""
        logit = (
            self.bias
            + self.per_score * score
            + self.per_odds * share_odds(share)
            + self.per_head * head
        )
        return 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a gallery taught about the answers that its embeddings give."""

    sharpness: float  # power that shares are raised to, see `sharpened`
    certainty: Certainty  # how sure the first place of an answer is


def sharpened(candidates: Sequence[Candidate], sharpness: float) -> list[Candidate]:
    """Raise shares to the power ``sharpness`` and make them sum to 1 again; the order stays.

    A vote ranks well but states shares that are too modest; the power that makes them mean how
    often such answers are right is chosen on the gallery.

    Source: temperature scaling; Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    powers = [candidate.share**sharpness for candidate in candidates]
    total = sum(powers)
    return [replace(c, share=power / total) for c, power in zip(candidates, powers, strict=True)]
