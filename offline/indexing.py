"""Embed the gallery and publish it as a snapshot."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter

import numpy as np

from core.embedders import Embedder, Embeddings
from core.errors import DataDirError, SnapshotError
from core.images import ImageLimits
from core.index import PhotoIndex
from core.places import Photo, Place
from core.snapshot import Manifest, SnapshotContent
from core.snapshot_store import SnapshotStore
from core.text_search import Meaning, PlaceWords, embed_places
from core.thorough import ThoroughIndex
from offline.embedding import Reading, embed_new, read_photos
from offline.embedding_cache import EmbeddingCache, PhotoEmbeddings
from offline.gallery import Gallery, GalleryPhoto
from offline.near_duplicates import Shots
from offline.progress import Started, unwatched
from offline.small_talk import PHRASES
from offline.sources.items import Problem
from offline.thresholds import Asking, choose_thresholds
from offline.training import Trainings
from offline.views import LOOKS, PARTS, RECIPES, Recipe, Views, for_training, make_views


@dataclass(slots=True)
class IndexReport:
    """What an index run did."""

    manifest: Manifest  # of the snapshot that is current now
    published: bool  # False: nothing had changed
    embedded: int  # photos that were new or changed
    embedding_s: float
    other_s: float  # all the rest: reading, hashing, thresholds, writing, checking
    left_out: int  # photos whose picture stands under several places
    problems: list[Problem]  # photos that could not be used


@dataclass(frozen=True, slots=True)
class _Embedded:
    """What a snapshot is made of; the photos' own embeddings lie in the cache."""

    new: int  # photos that were not embedded before
    photos: list[GalleryPhoto]
    places: list[Place]  # that have photos
    words: PlaceWords
    small_talk: Embeddings  # of `PHRASES`, (phrases, joint_dim)
    views: Mapping[Recipe, Views] | None  # that heads are trained on, if they are


def build_snapshot(
    gallery: Gallery,
    embedder: Embedder,
    limits: ImageLimits,
    *,
    k: int,
    keep: int,
    train: bool | None = None,
    started: Started = unwatched,
) -> IndexReport:
    """Bring the published snapshot up to date with the gallery.

    Only photos whose content is not in the embedding cache are embedded. Safe to kill at any
    moment and to run again: finished batches stay in the cache, and the snapshot appears whole.
    To train, views of photos are embedded as well.

    Args:
        gallery: photos that stand under several places, or under one it does not know, are left
            out.
        embedder: makes the embeddings.
        limits: photos beyond are left out.
        k: neighbours that will vote, for choosing thresholds.
        keep: published versions to keep for rollback.
        train: whether to train heads; None: if the current snapshot has some.
        started: told what is embedded and how many; tells where to report how many are done.

    Raises:
        DataDirError: the gallery holds no usable photo, or the data folder cannot be written.
    """
    start = perf_counter()
    shared = gallery.shared()
    unshared = [photo for photo in gallery.photos if photo.photo_id not in shared]
    photos = [photo for photo in unshared if photo.place_id in gallery.places]
    reading = read_photos(gallery.data_dir, photos)
    reading.problems += [
        Problem(photo.path, "its place is not in places.csv")
        for photo in unshared
        if photo.place_id not in gallery.places
    ]
    store = SnapshotStore(gallery.data_dir)
    if train is None:
        train = store.trained()
    with EmbeddingCache.open(gallery.data_dir, embedder) as cache:
        embedding_start = perf_counter()
        made = _embed(
            gallery, photos, reading, cache, embedder, limits, train=train, started=started
        )
        embedding_s = perf_counter() - embedding_start
        fingerprint = _fingerprint(embedder, made, reading.hashes, k)
        current = _current(store, embedder, fingerprint)
        manifest = current or store.publish(
            _content(
                embedder,
                made,
                cache.pictures([reading.hashes[photo.path] for photo in made.photos]),
                fingerprint,
                k,
            ),
            keep=keep,
        )
    return IndexReport(
        manifest=manifest,
        published=current is None,
        embedded=made.new,
        embedding_s=embedding_s,
        other_s=perf_counter() - start - embedding_s,
        left_out=sum(len(group) for group in shared.values()),
        problems=reading.problems,
    )


def _embed(
    gallery: Gallery,
    photos: Sequence[GalleryPhoto],
    reading: Reading,
    cache: EmbeddingCache,
    embedder: Embedder,
    limits: ImageLimits,
    *,
    train: bool,
    started: Started,
) -> _Embedded:
    """Embed what the cache does not have of a gallery's ``photos``, its places and its views."""
    new = embed_new(reading, cache, embedder, limits, started=started)
    known = cache.known()
    usable = [photo for photo in photos if reading.hashes.get(photo.path) in known]
    if not usable:
        raise DataDirError(
            f"the gallery in {gallery.folder} holds no usable photos: "
            "run `python -m offline import` first"
        )
    with_photos = {photo.place_id for photo in usable}
    places = [place for place in gallery.places.values() if place.place_id in with_photos]
    words, small_talk = embed_places(places, cache.texts), cache.texts(PHRASES)
    views = None
    if train:
        wanted = for_training(usable)
        views = make_views(usable, cache, embedder, reading, limits, wanted=wanted, started=started)
    return _Embedded(new, usable, places, words, small_talk, views)


def _current(store: SnapshotStore, embedder: Embedder, fingerprint: str) -> Manifest | None:
    """The current snapshot's manifest if it is sound and holds just what would be published."""
    try:
        manifest = store.load(embedder).manifest
    except SnapshotError:
        return None  # whatever is wrong with the current one, a new one mends it
    return manifest if manifest.fingerprint == fingerprint else None


def _content(
    embedder: Embedder, made: _Embedded, embeddings: PhotoEmbeddings, fingerprint: str, k: int
) -> SnapshotContent:
    """What is published; heads are trained if there are views to train them on."""
    index = PhotoIndex.build(embeddings.visual)
    place_ids = [photo.place_id for photo in made.photos]
    shots = Shots([photo.phash for photo in made.photos])
    kinds = {place.place_id: place.kinds for place in made.places}
    width = embeddings.thorough.shape[1]
    looks = Views(np.empty((0, width), np.float32), np.empty(0, np.int64))
    trainings = None
    if made.views is not None:
        looks = made.views[LOOKS]
        trainings = Trainings(embeddings, place_ids, kinds, looks.and_of(made.views[PARTS]))
    at_first, by_both = (trainings.first, trainings.thorough) if trainings else (None, None)
    first = thorough = Asking(embeddings.visual, place_ids, shots, index, at_first, k)
    if embedder.second_dim:
        thorough = Asking(
            embeddings.thorough,
            place_ids,
            shots,
            ThoroughIndex(index, embeddings.second.__getitem__),
            by_both,
            k,
        )
    return SnapshotContent(
        embedder=embedder.name,
        places=made.places,
        photos=[Photo(p.photo_id, p.place_id, p.path, p.width, p.height) for p in made.photos],
        visual=embeddings.visual,
        second=embeddings.second,
        joint=embeddings.joint,
        words=made.words,
        thresholds=choose_thresholds(
            first, thorough, Meaning(made.places, made.words), made.small_talk, looks
        ),
        fingerprint=fingerprint,
        heads=at_first.heads if at_first else None,
        thorough_heads=by_both.heads if by_both and embedder.second_dim else None,
    )


def _fingerprint(embedder: Embedder, made: _Embedded, hashes: Mapping[str, str], k: int) -> str:
    """Hash of all that decides what a snapshot holds."""
    content = [
        embedder.name,
        k,
        RECIPES if made.views is not None else None,
        [asdict(place) for place in made.places],
        [(photo.photo_id, photo.place_id, photo.path, hashes[photo.path]) for photo in made.photos],
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
