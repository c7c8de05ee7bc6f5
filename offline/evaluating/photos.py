"""Ask about photos: every gallery photo of the rest of the gallery, and photos from a folder.

The answer comes from `core.verdict`, as the bot's does; where photos were taken is not told.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from PIL import Image

from core.certainty import Calibration
from core.embedders.base import Embedder, Embeddings
from core.errors import QueryError
from core.heads import Opinion, opinion_of
from core.images import ImageLimits, load_image
from core.looks import LOOK_AGAIN_BELOW, closer_and_whole, joined, load_detailed
from core.metrics import Rows, rank_of
from core.snapshot import Snapshot
from core.thorough import thorough
from core.verdict import verdict
from core.vote import Neighbour, category_vote
from offline.embedding import embed_thoroughly
from offline.embedding_cache import PhotoEmbeddings
from offline.evaluating.labels import LabelledPhoto
from offline.evaluating.outcomes import PhotoOutcome
from offline.importing import perceptual_hash
from offline.near_duplicates import Shots
from offline.progress import Advanced
from offline.sources.items import Problem
from offline.training import Trainings
from offline.views import Views

ASKED_TOGETHER = 256  # embeddings searched at a time, to bound memory
EMBEDDED_TOGETHER = 16  # photos decoded at a time


@dataclass(slots=True)
class LeaveOut:
    """The gallery asked about itself."""

    outcomes: list[PhotoOutcome] = field(default_factory=list)
    alone: int = 0  # photos whose place has no other: nothing could answer for it


class Jury:
    """The photos of a snapshot as those that vote."""

    def __init__(self, snapshot: Snapshot, shots: Shots, *, k: int) -> None:
        """Let the ``k`` nearest photos of ``snapshot``, whose hashes ``shots`` knows, vote."""
        self._snapshot = snapshot
        self._shots = shots
        self.k = k  # photos that vote on a question
        self.kinds = {place.place_id: place.kinds for place in snapshot.places}
        self._first_kinds = {place_id: kinds[:1] for place_id, kinds in self.kinds.items()}
        self._sizes = Counter(photo.place_id for photo in snapshot.photos)

    def leave_out(
        self,
        gallery: PhotoEmbeddings,
        groups: Rows,
        trainings: Trainings | None,
        views: Views,
        *,
        advanced: Advanced = lambda done: None,
    ) -> LeaveOut:
        """Ask about each gallery photo with its whole group taken out of the gallery.

        Args:
            gallery: embeddings of the gallery's photos, n.
            groups: photos of one group are copies of one another, (n,).
            trainings: of the snapshot's heads, if it has any.
            views: second looks at photos; at one without any, both networks look once.
            advanced: called with the number of photos asked about since the last call.
        """
        members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
        visual, by_both, result = gallery.visual, gallery.thorough, LeaveOut()
        for start in range(0, len(visual), ASKED_TOGETHER):
            asked = range(start, min(start + ASKED_TOGETHER, len(visual)))
            deep = self.k + max(len(members[groups[row]]) for row in asked)
            nearest = self._snapshot.index.search(visual[asked.start : asked.stop], deep)
            for at, row in enumerate(asked):
                out = members[groups[row]]
                first = visual[row : row + 1]
                outcome = self._ask_without(out, row, first, nearest.of(at), trainings)
                if outcome is None:
                    result.alone += 1
                    continue
                if outcome.certainty < LOOK_AGAIN_BELOW:
                    again = views.second_look(row, by_both)
                    found = self._snapshot.space_of(again).index.search(again, deep).of(0)
                    outcome = self._ask_without(out, row, again, found, trainings) or outcome
                result.outcomes.append(outcome)
            advanced(len(asked))
        return result

    def _ask_without(
        self,
        out: Rows,
        row: int,
        embedding: Embeddings,
        found: Sequence[tuple[int, float]],
        trainings: Trainings | None,
    ) -> PhotoOutcome | None:
        """Ask about the photo ``row`` of a gallery without ``out``; None: its place is out, too."""
        photos, left_out = self._snapshot.photos, set(out.tolist())
        sizes = self._sizes - Counter(photos[r].place_id for r in left_out)
        place_id = photos[row].place_id
        if place_id not in sizes:
            return None
        jurors = self.neighbours([(r, s) for r, s in found if r not in left_out][: self.k])
        opinion = None
        if trainings:
            training = trainings.of(embedding)
            opinion = training.heads.opinion(training.left_out(out, embedding)[0], jurors)
        calibration = self.calibration(embedding)
        return self.outcome(
            photos[row].path, place_id, {place_id}, jurors, sizes, opinion, calibration
        )

    def ask(
        self,
        photos: Sequence[LabelledPhoto],
        embedder: Embedder,
        limits: ImageLimits,
        problems: list[Problem],
        *,
        advanced: Advanced = lambda done: None,
    ) -> list[PhotoOutcome]:
        """Ask about photos from outside.

        Photos that cannot be decoded and copies of gallery photos are reported, not asked.
        """
        outcomes = []
        for batch in _batches(photos, EMBEDDED_TOGETHER):
            decoded = [
                (photo, image)
                for photo in batch
                for image in [self._decoded(photo, embedder, limits, problems)]
                if image
            ]
            if decoded:
                visual = embedder.embed_images([image for _, image in decoded])
                for at, (photo, _) in enumerate(decoded):
                    first = visual[at : at + 1]
                    outcome = self._ask_about(photo, first)
                    if outcome.certainty < LOOK_AGAIN_BELOW:
                        looks = _looks_again(photo.path.read_bytes(), first, embedder, limits)
                        outcome = self._ask_about(photo, joined(looks))
                    outcomes.append(outcome)
            advanced(len(batch))
        return outcomes

    def _ask_about(self, photo: LabelledPhoto, embedding: Embeddings) -> PhotoOutcome:
        space = self._snapshot.space_of(embedding)
        jurors = self.neighbours(space.index.search(embedding, self.k).of(0))
        opinion = opinion_of(space.heads, embedding, jurors)
        label = min(photo.place_ids, default=photo.query.split("/")[0])
        return self.outcome(
            photo.query, label, photo.place_ids, jurors, self._sizes, opinion, space.calibration
        )

    def calibration(self, embedding: Embeddings) -> Calibration:
        """What the snapshot taught about answers to an embedding as wide as this one."""
        return self._snapshot.space_of(embedding).calibration

    def _decoded(
        self,
        photo: LabelledPhoto,
        embedder: Embedder,
        limits: ImageLimits,
        problems: list[Problem],
    ) -> Image.Image | None:
        """The picture; None with a problem if it cannot be asked about."""
        try:
            image = load_image(photo.path.read_bytes(), limits, min_side=embedder.first_side)
        except (OSError, QueryError) as error:
            problems.append(Problem(photo.query, str(error)))
            return None
        copies = self._shots.copies(perceptual_hash(image))
        if len(copies):
            path = self._snapshot.photos[copies[0]].path
            problems.append(Problem(photo.query, f"not asked, being a copy of {path}"))
            return None
        return image

    def neighbours(self, found: Sequence[tuple[int, float]]) -> list[Neighbour]:
        """Gallery photos by row, named by their paths, which are unique."""
        photos = self._snapshot.photos
        return [Neighbour(photos[r].path, photos[r].place_id, float(score)) for r, score in found]

    def outcome(
        self,
        query: str,
        label: str,
        place_ids: Collection[str],
        jurors: Sequence[Neighbour],
        sizes: Mapping[str, int],
        opinion: Opinion | None,
        calibration: Calibration,
    ) -> PhotoOutcome:
        """How ``jurors`` and the heads' ``opinion`` answer a photo of one of ``place_ids``."""
        outcome = verdict(
            jurors,
            place_sizes=sizes,
            kinds=self.kinds,
            calibration=calibration,
            min_certainty=self._snapshot.manifest.thresholds.min_certainty,
            opinion=opinion,
        )
        kinds = {kind for place_id in place_ids for kind in self.kinds[place_id]}
        first_kinds = {kind for place_id in place_ids for kind in self._first_kinds[place_id]}
        offered = [category.kind for category in outcome.categories]
        contest = category_vote(outcome.candidates, self._first_kinds)
        best = outcome.places[0] if outcome.places else None
        return PhotoOutcome(
            query=query,
            place_id=label,
            kind=min(first_kinds, default=""),
            rank=rank_of((candidate.place_id for candidate in outcome.candidates), place_ids),
            category_rank=rank_of(offered, kinds),
            first_category_rank=rank_of(offered, first_kinds),
            contest_category_rank=rank_of((category.kind for category in contest), first_kinds),
            answer=best.place_id if best else "",
            photo=best.best.photo_id if best else "",
            share=best.share if best else 0.0,
            score=best.best.score if best else -1.0,
            certainty=outcome.certainty,
            confident=outcome.confident,
        )


def _looks_again(
    data: bytes, first: Embeddings, embedder: Embedder, limits: ImageLimits
) -> Embeddings:
    """All looks at a photo by both networks, as the guide takes them."""
    image = load_detailed(data, limits, embedder.image_side)
    again = thorough(first, embedder.embed_again([image]))
    return np.concatenate([again, embed_thoroughly(embedder, closer_and_whole(image))])


def _batches(photos: Sequence[LabelledPhoto], size: int) -> Iterator[list[LabelledPhoto]]:
    waiting = iter(photos)
    while batch := list(islice(waiting, size)):
        yield batch
