"""Ask all there is to ask of the snapshot in use."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from core.embedders.base import Embedder
from core.guide import CityGuide
from core.images import ImageLimits
from core.snapshot import Snapshot
from core.snapshot_store import SnapshotStore
from offline.cleaning.journal import removed_photos
from offline.embedding_cache import embeddings_of
from offline.evaluating.labels import (
    LabelledPhoto,
    LabelledText,
    Labels,
    read_labelled_photos,
    read_texts,
    read_unknown_photos,
)
from offline.evaluating.outcomes import Outcomes
from offline.evaluating.photos import Jury
from offline.evaluating.small_galleries import SIZES, Looks, ask_small_gallery, may_be_drawn
from offline.evaluating.words import ask_words
from offline.gallery import Gallery
from offline.near_duplicates import Shots, near_duplicate_groups
from offline.progress import Started, unwatched
from offline.sources.items import Problem
from offline.training import Trainings
from offline.views import LOOKS, PARTS, views_of, with_parts, with_views


@dataclass(frozen=True, slots=True)
class Questions:
    """What to ask about beside the gallery itself; None: nothing of that kind."""

    queries: Path | None = None  # folder of labelled photos, see `read_labelled_photos`
    unknown: Path | None = None  # folder of photos of no place of the gallery
    texts: Path | None = None  # CSV, see `read_texts`


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions with their answers."""

    snapshot: Snapshot  # that answered
    k: int  # neighbours that voted
    groups: int  # of near duplicates in the gallery, single photos included
    alone: int  # gallery photos whose place has no other photo: nothing could answer for it
    outcomes: Outcomes
    problems: list[Problem]  # labels nobody knows, photos that could not be used or have left


def ask_everything(
    data_dir: Path,
    embedder: Embedder,
    limits: ImageLimits,
    questions: Questions,
    *,
    k: int,
    started: Started = unwatched,
) -> Asked:
    """Ask the current snapshot about its own gallery and about ``questions``.

    Raises:
        SnapshotError: nothing published yet, or it is damaged or of another embedder.
        SourceError: a folder or file of questions holds none.
        DataDirError: the gallery, a journal of cleaning or a cache cannot be used.
    """
    store = SnapshotStore(data_dir)
    snapshot = store.load(embedder)
    gallery = Gallery(data_dir)
    problems = _left(snapshot, gallery)
    # read first: a mistake in them should not show after minutes of work
    photos, strange, texts = _questions(questions, Labels(snapshot.places), limits, problems)

    shots = _shots(snapshot, gallery)
    jury = Jury(snapshot, shots, k=k)
    outcomes, groups, alone = _ask_itself(
        snapshot, jury, shots, data_dir, embedder, limits, started
    )
    if photos:
        advanced = started("queries", len(photos))
        outcomes.queries = jury.ask(photos, embedder, limits, problems, advanced=advanced)
    if strange:
        advanced = started("unknown", len(strange))
        outcomes.unknown = jury.ask(strange, embedder, limits, problems, advanced=advanced)
    if texts:
        guide = CityGuide(data_dir, embedder, k=k, limits=limits)
        try:
            advanced = started("texts", len(texts))
            outcomes.texts = asyncio.run(ask_words(guide, texts, advanced=advanced))
        finally:
            guide.close()
    return Asked(
        snapshot=snapshot,
        k=k,
        groups=groups,
        alone=alone,
        outcomes=outcomes,
        problems=problems,
    )


def _questions(
    questions: Questions, labels: Labels, limits: ImageLimits, problems: list[Problem]
) -> tuple[list[LabelledPhoto], list[LabelledPhoto], list[LabelledText]]:
    """What to ask about beside the gallery: photos of its places, of none, and words."""
    photos, strange, texts = [], [], []
    if questions.queries:
        photos = read_labelled_photos(questions.queries, labels, problems, limits)
    if questions.unknown:
        strange = read_unknown_photos(questions.unknown, problems, limits)
    if questions.texts:
        texts = read_texts(questions.texts, labels, problems)
    return photos, strange, texts


def _ask_itself(
    snapshot: Snapshot,
    jury: Jury,
    shots: Shots,
    data_dir: Path,
    embedder: Embedder,
    limits: ImageLimits,
    started: Started,
) -> tuple[Outcomes, int, int]:
    """Ask the gallery about itself, and small galleries drawn from it.

    Returns:
        The answers, the number of groups of near duplicates, and of photos alone at their place.
    """
    photos = snapshot.photos
    gallery = embeddings_of(snapshot)
    groups = near_duplicate_groups(gallery.visual, shots)
    trained = snapshot.heads is not None
    drawn_from = may_be_drawn(photos) if trained else []  # parts are for heads
    learned_from = with_parts(photos) if trained else []
    wanted = {LOOKS: with_views(photos), PARTS: sorted({*drawn_from, *learned_from})}
    views = views_of(photos, data_dir, embedder, limits, wanted=wanted, started=started)
    looks, parts = views[LOOKS], views[PARTS]
    trainings = None
    if trained:
        place_ids = [photo.place_id for photo in photos]
        learned = looks.and_of(parts.only(learned_from))
        trainings = Trainings(gallery, place_ids, jury.kinds, learned)
    advanced = started("gallery", len(photos))
    left_out = jury.leave_out(gallery, groups, trainings, looks, advanced=advanced)
    outcomes = Outcomes(gallery=left_out.outcomes)
    all_looks = Looks(gallery, looks, parts)
    advanced = started("small galleries", len(SIZES))
    for size in SIZES:
        asked = ask_small_gallery(jury, photos, all_looks, groups, size, trained=trained)
        if asked:  # else no place has more photos
            outcomes.small[size] = asked
        advanced(1)
    return outcomes, int(groups.max()) + 1, left_out.alone


def _shots(snapshot: Snapshot, gallery: Gallery) -> Shots:
    """The photos of a snapshot by perceptual hash, also those that cleaning has taken out since."""
    photos = [*removed_photos(gallery.data_dir).values(), *gallery.photos]
    hashes = {photo.key: photo.phash for photo in photos}
    return Shots([hashes.get((photo.photo_id, photo.place_id)) for photo in snapshot.photos])


def _left(snapshot: Snapshot, gallery: Gallery) -> list[Problem]:
    """Tell if photos of a snapshot are not in the gallery any more."""
    left = sum(gallery.photo(photo.photo_id, photo.place_id) is None for photo in snapshot.photos)
    why = f"{left} of its photos have left the gallery; `python -m offline index` publishes anew"
    return [Problem(f"snapshot {snapshot.version}", why)] if left else []
