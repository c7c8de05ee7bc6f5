"""Look at the whole gallery and say which photos may have to go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.embedders.base import Embedder
from core.images import ImageLimits
from offline.cleaning.detectors import (
    DEFAULT_THRESHOLDS,
    GALLERY_DETECTORS,
    SILENCED_BY_OFF_TOPIC,
    UNREADABLE_SCORE,
)
from offline.cleaning.evidence import Evidence, Scores
from offline.cleaning.findings import Candidate, Reason, Scan
from offline.cleaning.measures import MeasureCache, measure_new
from offline.cleaning.topics import INDOOR_KINDS
from offline.embedding import Reading, embed_new, read_photos
from offline.embedding_cache import EmbeddingCache
from offline.gallery import Gallery, GalleryPhoto
from offline.progress import Started, unwatched


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """What a scan can be told."""

    thresholds: Mapping[Reason, float] = field(default_factory=dict)  # instead of the default ones
    indoor_kinds: Collection[str] = INDOOR_KINDS  # of places that keep their interiors
    interiors: bool | None = None  # look for them; None: if one space was trained for all


def scan_gallery(
    gallery: Gallery,
    embedder: Embedder,
    limits: ImageLimits,
    settings: ScanSettings | None = None,
    *,
    started: Started = unwatched,
) -> Scan:
    """Ask all detectors about all photos. The gallery itself is only read.

    Pictures that were seen before, by their content, are neither embedded nor measured again. Safe
    to kill at any moment and to run again.

    Args:
        gallery: its photos, also those that stand under several places.
        embedder: tells what looks like what.
        limits: photos beyond count as unreadable.
        settings: thresholds and exceptions that differ from the usual ones.
        started: told how many photos are embedded and how many are measured.

    Raises:
        DataDirError: a cache cannot be used.
        EmbedderUnavailable: from the embedder.
    """
    settings = settings or ScanSettings()
    thresholds = {**DEFAULT_THRESHOLDS, **settings.thresholds}
    reading = read_photos(gallery.data_dir, gallery.photos)
    with (
        EmbeddingCache.open(gallery.data_dir, embedder) as embeddings,
        MeasureCache.open(gallery.data_dir) as measures,
    ):
        embed_new(reading, embeddings, embedder, limits, started=started)
        measure_new(reading, measures, limits, started=started)
        known = embeddings.known() & measures.known()
        photos = [photo for photo in gallery.photos if reading.hashes.get(photo.path) in known]
        scores = _ask_all(gallery, photos, reading, embeddings, measures, settings, thresholds)
    return _result(gallery.photos, photos, scores, thresholds)


def _ask_all(
    gallery: Gallery,
    photos: Sequence[GalleryPhoto],
    reading: Reading,
    embeddings: EmbeddingCache,
    measures: MeasureCache,
    settings: ScanSettings,
    thresholds: Mapping[Reason, float],
) -> dict[Reason, Scores]:
    """Scores of the photos that can be read, by each detector."""
    if not photos:
        return {}
    hashes = [reading.hashes[photo.path] for photo in photos]
    measured = measures.measures(hashes)
    scores: dict[Reason, Scores] = dict(measured.scores)
    evidence = Evidence(
        photos=photos,
        places=gallery.places,
        embeddings=embeddings.pictures(hashes),
        hashes=measured.hashes,
        thumbnails=measured.thumbnails,
        embed_texts=embeddings.texts,
        indoor_kinds=settings.indoor_kinds,
        interiors=settings.interiors,
        same_picture=thresholds[Reason.NEAR_DUPLICATE],
        claimed={reason: given >= thresholds[reason] for reason, given in scores.items()},
    )
    for detector in GALLERY_DETECTORS:
        given = detector.score(evidence)
        scores[detector.reason] = given
        evidence.claimed[detector.reason] = given >= thresholds[detector.reason]
    return _named_once(scores, evidence)


def _named_once(scores: Mapping[Reason, Scores], evidence: Evidence) -> dict[Reason, Scores]:
    """Of two reasons that say the same of a photo leave the one that tells more.

    What shows no sight is named for that. But a colourless copy of a photo goes for its colour,
    whatever it shows: that is told of its original. Nor is a copy that goes anyway a collage if
    its original is none; scaling sharpens edges. A grey picture with a trace of colour is not toned
    as well.
    """
    named = dict(scores)
    copies = evidence.colourless_copies
    off_topic = evidence.claimed[Reason.OFF_TOPIC] & ~copies
    named[Reason.OFF_TOPIC] = np.where(copies, 0.0, scores[Reason.OFF_TOPIC])
    for reason in SILENCED_BY_OFF_TOPIC:
        named[reason] = np.where(off_topic, 0.0, scores[reason])
    named[Reason.COLLAGE] = np.where(evidence.plain_copies, 0.0, named[Reason.COLLAGE])
    grey = evidence.claimed[Reason.BLACK_AND_WHITE]
    named[Reason.SEPIA] = np.where(grey, 0.0, named[Reason.SEPIA])
    return named


def _result(
    all_photos: Sequence[GalleryPhoto],
    readable: Sequence[GalleryPhoto],
    scores: Mapping[Reason, Scores],
    thresholds: Mapping[Reason, float],
) -> Scan:
    paths = [photo.path for photo in readable]
    by_path = {
        reason: dict(zip(paths, given.tolist(), strict=True)) for reason, given in scores.items()
    }
    seen = set(paths)
    by_path[Reason.UNREADABLE] = {
        photo.path: 0.0 if photo.path in seen else UNREADABLE_SCORE for photo in all_photos
    }
    candidates = []
    for photo in all_photos:
        found = {
            reason: given[photo.path]
            for reason, given in by_path.items()
            if photo.path in given and given[photo.path] >= thresholds[reason]
        }
        if found:
            candidates.append(Candidate(photo, found))
    return Scan(candidates=candidates, scores=by_path, thresholds=thresholds)
