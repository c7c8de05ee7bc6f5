"""Does an exported pair answer as its source does? Asked of the gallery, through the real vote."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.embedders import Embedder, Embeddings, unit_rows
from core.errors import ExportRefused, QueryError
from core.images import ImageLimits, load_image
from core.looks import LOOK_AGAIN_BELOW
from core.places import Photo
from core.snapshot import Snapshot
from core.text_search import embed_places
from core.verdict import Verdict, verdict
from core.vote import Neighbour
from offline.embedding_cache import PhotoEmbeddings, embeddings_of
from offline.near_duplicates import SAME_COSINE
from offline.progress import Advanced, Started, unwatched
from offline.training import Trainings

NO_PHOTOS = "none of the snapshot's photos can be read, so nothing can be checked"
ASKED_TOGETHER = 64  # photos compared with the gallery at a time, to bound memory


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an export has to reach; each in [0, 1]."""

    min_top1: float
    min_top5: float
    min_cosine: float


@dataclass(frozen=True, slots=True)
class Check:
    """How far a pair agrees with its source. Cosines are between embeddings of the same thing."""

    photos: int  # of the gallery that were asked
    cosine_min: float  # of the photos among pictures
    cosine_median: float
    second_cosine_min: float  # of the photos by the second network; 1 where there is none
    joint_cosine_min: float  # of the photos among words
    joint_cosine_median: float
    words_cosine_min: float  # of the places' names and texts and the categories' labels
    words_cosine_median: float
    top1: float  # share of photos whose first place is the same
    top5: float  # share of the source's five places that the pair offers too, on average
    claims: float  # share of photos whose first place both claim, or neither
    worst_photo: str  # path of the photo with the least cosine among pictures

    def demand(self, bounds: Bounds) -> None:
        """Do nothing if the figures are within ``bounds``.

        Raises:
            ExportRefused: they are not; the message names the figure, the bound and its setting.
        """
        figures = (
            ("the same first place", self.top1, bounds.min_top1, "FIRST"),
            ("the same five places", self.top5, bounds.min_top5, "FIVE"),
            (f"the cosine of {self.worst_photo}", self.cosine_min, bounds.min_cosine, "COSINE"),
            (
                "a photo's cosine by the second network",
                self.second_cosine_min,
                bounds.min_cosine,
                "COSINE",
            ),
            ("half the photos' cosine", self.joint_cosine_median, bounds.min_cosine, "COSINE"),
            ("the worst words' cosine", self.words_cosine_min, bounds.min_cosine, "COSINE"),
        )
        for what, reached, bound, setting in figures:
            if not reached >= bound:  # so that nan fails too
                raise ExportRefused(
                    f"refused, nothing was written: {what} reaches {reached:.4f}, "
                    f"GUIDE_EXPORT_MIN_{setting} is {bound:g} ({self.photos} photos asked)"
                )


def compare(
    snapshot: Snapshot,
    pair: Embedder,
    data_dir: Path,
    limits: ImageLimits,
    *,
    k: int,
    rows: Sequence[int],
    trainings: Trainings | None,
    started: Started = unwatched,
) -> Check:
    """Compare a pair with the embedder a snapshot was built with.

    Each photo is embedded anew and asked of the rest of the gallery as the snapshot has it; copies
    of the photo do not vote, and heads are not trained on them. As in serving, both networks decide
    where the first one leaves doubt, though at one look instead of three.

    Args:
        snapshot: holds what the source makes of the photos and of the places' words.
        pair: the exported one.
        data_dir: the folder the photos lie in.
        limits: what photos are refused.
        k: neighbours that vote.
        rows: of the photos to ask; those whose file is gone or unreadable are passed over.
        trainings: of the snapshot's heads, which know the photos asked by heart; None without.
        started: told how many photos are asked.

    Raises:
        ExportRefused: none of the photos can be read.
    """
    asked, made = _embedded(
        snapshot.photos, pair, data_dir, limits, rows, started("checking", len(rows))
    )
    if not asked:
        raise ExportRefused(NO_PHOTOS)
    everything = embeddings_of(snapshot)
    gallery = everything.of(asked)
    cosines = _cosines(gallery.visual, made.visual)
    among_words = _cosines(gallery.joint, made.joint)
    by_second = _cosines(unit_rows(gallery.second), made.second)
    words = embed_places(snapshot.places, pair.embed_texts)
    word_cosines = np.concatenate(
        [
            _cosines(snapshot.words.texts, words.texts),
            _cosines(snapshot.words.names, words.names),
            _cosines(snapshot.words.labels, words.labels),
        ]
    )
    was, now = (
        _answers(snapshot, asked, queries, everything, k, trainings) for queries in (gallery, made)
    )
    both = list(zip(was, now, strict=True))
    return Check(
        photos=len(asked),
        cosine_min=float(cosines.min()),
        cosine_median=float(np.median(cosines)),
        second_cosine_min=float(by_second.min()) if pair.second_dim else 1.0,
        joint_cosine_min=float(among_words.min()),
        joint_cosine_median=float(np.median(among_words)),
        words_cosine_min=float(word_cosines.min()),
        words_cosine_median=float(np.median(word_cosines)),
        top1=float(np.mean([_offered(old)[:1] == _offered(new)[:1] for old, new in both])),
        top5=float(np.mean([_overlap(_offered(old), _offered(new)) for old, new in both])),
        claims=float(np.mean([old.confident == new.confident for old, new in both])),
        worst_photo=snapshot.photos[asked[int(cosines.argmin())]].path,
    )


def _embedded(
    photos: Sequence[Photo],
    pair: Embedder,
    data_dir: Path,
    limits: ImageLimits,
    rows: Sequence[int],
    advanced: Advanced,
) -> tuple[list[int], PhotoEmbeddings]:
    """The rows whose photos could be read, and what the pair makes of them.

    One by one, as people's photos mostly come.
    """
    asked, made = [], []
    for row in rows:
        try:
            data = (data_dir / photos[row].path).read_bytes()
            image = load_image(data, limits, min_side=pair.image_side)
        except (OSError, QueryError):
            continue  # cleaned away or damaged since publication
        finally:
            advanced(1)
        made.append((pair.embed_gallery([image]), pair.embed_again([image])))
        asked.append(row)
    empty = pair.embed_gallery([])
    return asked, PhotoEmbeddings(
        visual=np.concatenate([empty.visual, *(first.visual for first, _ in made)]),
        second=np.concatenate([pair.embed_again([]), *(second for _, second in made)]),
        joint=np.concatenate([empty.joint, *(first.joint for first, _ in made)]),
    )


def _answers(
    snapshot: Snapshot,
    asked: Sequence[int],
    queries: PhotoEmbeddings,
    gallery: PhotoEmbeddings,
    k: int,
    trainings: Trainings | None,
) -> list[Verdict]:
    """What the gallery says to each query, which are embeddings of its own photos ``asked``."""
    first = gallery.visual
    answers = _looked_at(snapshot, asked, queries.visual, first, first, k, trainings)
    if not gallery.second.shape[1]:
        return answers
    in_doubt = [at for at, each in enumerate(answers) if each.certainty < LOOK_AGAIN_BELOW]
    rows, again = [asked[at] for at in in_doubt], queries.of(in_doubt).thorough
    by_both = _looked_at(snapshot, rows, again, gallery.thorough, first, k, trainings)
    for at, answer in zip(in_doubt, by_both, strict=True):
        answers[at] = answer
    return answers


def _looked_at(
    snapshot: Snapshot,
    asked: Sequence[int],
    queries: Embeddings,
    gallery: Embeddings,
    first: Embeddings,
    k: int,
    trainings: Trainings | None,
) -> list[Verdict]:
    """The same by one network, (n, dim), or by both, (n, dim + second_dim).

    Copies are hidden by what ``first`` has of the gallery, (n, dim), the same ones at both looks.
    """
    photos = snapshot.photos
    sizes = Counter(photo.place_id for photo in photos)
    kinds = {place.place_id: place.kinds for place in snapshot.places}
    calibration = snapshot.space_of(queries).calibration
    training = trainings.of(queries) if trainings else None
    answers = []
    for start in range(0, len(asked), ASKED_TOGETHER):
        part = asked[start : start + ASKED_TOGETHER]
        scores = queries[start : start + ASKED_TOGETHER] @ gallery.T
        hidden = first[part] @ first.T >= SAME_COSINE
        hidden[np.arange(len(part)), part] = True
        scores[hidden] = -np.inf
        for query, of_photo, out in zip(queries[start:], scores, hidden, strict=False):
            nearest = np.argsort(-of_photo)[:k]
            neighbours = [
                Neighbour(photos[row].photo_id, photos[row].place_id, float(of_photo[row]))
                for row in nearest
                if np.isfinite(of_photo[row])
            ]
            opinion = None
            if training:
                unseen = training.left_out(np.flatnonzero(out), query[None])[0]
                opinion = training.heads.opinion(unseen, neighbours)
            answers.append(
                verdict(
                    neighbours,
                    place_sizes=sizes,
                    kinds=kinds,
                    calibration=calibration,
                    min_certainty=snapshot.manifest.thresholds.min_certainty,
                    opinion=opinion,
                )
            )
    return answers


def _offered(answer: Verdict) -> list[str]:
    return [candidate.place_id for candidate in answer.places]


def _overlap(old: Sequence[str], new: Sequence[str]) -> float:
    return len({*old} & {*new}) / len(old) if old else 1.0


def _cosines(ours: Embeddings, theirs: Embeddings) -> NDArray[np.float32]:
    return np.asarray(np.einsum("nd,nd->n", ours, theirs), np.float32)
