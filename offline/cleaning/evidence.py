"""Detectors that look at all photos of the gallery together."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.places import Place
from offline.cleaning import duplicates, outliers, topics
from offline.cleaning.duplicates import Hashes, Thumbnails, Twins
from offline.cleaning.findings import Reason
from offline.cleaning.outliers import CLOSEST, Likeness
from offline.embedding_cache import PhotoEmbeddings
from offline.gallery import GalleryPhoto

Scores = NDArray[np.float64]  # (n,), of each photo


@dataclass(frozen=True)
class Evidence:
    """All that is known of ``n`` photos, row by row, when a gallery detector is asked."""

    photos: Sequence[GalleryPhoto]
    places: Mapping[str, Place]
    embeddings: PhotoEmbeddings
    hashes: Hashes
    thumbnails: Thumbnails
    embed_texts: Callable[[Sequence[str]], Embeddings]
    indoor_kinds: Collection[str]  # of places that keep their interiors
    interiors: bool | None  # whether to look for them; None: where one space was trained for all
    same_picture: float  # score of twins from which on they are one picture
    claimed: dict[Reason, NDArray[np.bool_]]  # (n,) candidates of the detectors asked so far

    @cached_property
    def place_ids(self) -> list[str]:
        """The place of each photo."""
        return [photo.place_id for photo in self.photos]

    @cached_property
    def twins(self) -> list[Twins]:
        """Pairs of photos that are one picture."""
        found = duplicates.find_twins(
            self.embeddings.visual,
            self.hashes,
            self.thumbnails,
            same_picture=self.same_picture,
        )
        return [pair for pair in found if pair.score >= self.same_picture]

    @property
    def colourless(self) -> NDArray[np.bool_]:
        """Which photos are black-and-white or toned, (n,)."""
        return self.claimed[Reason.BLACK_AND_WHITE] | self.claimed[Reason.SEPIA]

    @property
    def colourless_copies(self) -> NDArray[np.bool_]:
        """Which of them are copies of a photo in colour, (n,)."""
        return self._some_twin(~self.colourless) & self.colourless

    @property
    def plain_copies(self) -> NDArray[np.bool_]:
        """Which photos go as copies, or for their colour, and have a twin that is no collage."""
        going = self.claimed[Reason.NEAR_DUPLICATE] | self.colourless_copies
        return going & self._some_twin(~self.claimed[Reason.COLLAGE])

    def _some_twin(self, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which photos have a twin that is marked, (n,)."""
        found = np.zeros(len(self.photos), dtype=bool)
        for pair in self.twins:
            found[pair.first] |= marked[pair.second]
            found[pair.second] |= marked[pair.first]
        return found

    @cached_property
    def likeness(self) -> Likeness:
        """How much photos look like their place and like others, to both networks."""
        return outliers.likeness(self.embeddings.thorough, self.place_ids, self.twins)


def off_topic(evidence: Evidence) -> Scores:
    """Shows no sight at all: unlike its place, and by words unlike any sight.

    The weaker of two signs counts: what the photo lacks to the usual likeness to the closest photos
    of its place (of all the gallery, if the place has too few) to both networks, and its
    strangeness among words. So a car in a museum of cars stays, and so does a sight from an odd
    angle.
    """
    likes = evidence.likeness
    lone = likes.neighbours < CLOSEST
    unlike = 1 - np.where(lone, likes.elsewhere, np.nan_to_num(likes.own))
    sights, others = (evidence.embed_texts(words) for words in (topics.SIGHTS, topics.OTHER_THINGS))
    strange = topics.strangeness(evidence.embeddings.joint, sights, others)
    return np.asarray(np.minimum(unlike, strange))


def wrong_place(evidence: Evidence) -> Scores:
    """Looks more like other places than like its own: how badly it fits, see `outliers.misfit`.

    Of a picture that stands under two places, the copy whose place fits worse is a candidate too.
    Other photos that are off topic fit nowhere; they are not named twice.
    """
    astray = outliers.misplaced(evidence.twins, evidence.place_ids, evidence.likeness)
    misfit = outliers.misfit(evidence.likeness)
    misfit = np.where(evidence.claimed[Reason.OFF_TOPIC], 0.0, misfit)
    return np.where(astray > 0, astray, misfit)  # what fits is negative, and is shown as it is


def near_duplicate(evidence: Evidence) -> Scores:
    """Shows the picture of another photo once more: how well they correlate when laid on top.

    The larger one stays. A black-and-white or toned copy has to go for its colour; it is no
    duplicate, and it does not send the original away. Nor does a copy under another place if
    `wrong_place` names one of the two, or if the files are equal, since then it has decided.
    """
    claimed, photos, colourless = evidence.claimed, evidence.photos, evidence.colourless
    astray = claimed[Reason.OFF_TOPIC] | claimed[Reason.WRONG_PLACE]

    def comparable(pair: Twins) -> bool:
        rows = [pair.first, pair.second]
        one, other = photos[pair.first], photos[pair.second]
        if one.place_id == other.place_id:
            return not colourless[rows].any()
        return one.photo_id != other.photo_id and not (colourless | astray)[rows].any()

    areas = [float(photo.width * photo.height) for photo in photos]
    return duplicates.near_duplicates([p for p in evidence.twins if comparable(p)], areas)


def interior(evidence: Evidence) -> Scores:
    """Shows a room: closer to words for insides than to words for outsides, see `topics.interior`.

    Unless told otherwise only where pictures and words share one trained space (CLIP), else all
    scores are 0. With the ``bundled`` embedder, too, the 14 photos of 388 that scored highest were
    rooms or looked out of one, but there a church's rooms are candidates only if asked for. Places
    of ``indoor_kinds`` keep theirs.
    """
    visual, joint = evidence.embeddings.visual, evidence.embeddings.joint
    wanted = evidence.interiors
    if wanted is None:
        wanted = visual.shape == joint.shape and np.array_equal(visual, joint)
    if not wanted:
        return np.zeros(len(evidence.photos))
    inside, outside = (evidence.embed_texts(words) for words in (topics.INSIDE, topics.OUTSIDE))
    keeping = {
        place_id
        for place_id, place in evidence.places.items()
        if topics.may_show_interiors(place, evidence.indoor_kinds)
    }
    scores = topics.interior(joint, inside, outside)
    return np.where([photo.place_id in keeping for photo in evidence.photos], 0.0, scores)
