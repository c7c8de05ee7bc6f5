"""Embeddings already made, by content, so that only new photos cost anything."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.embedders.base import Embedder, Embeddings, ImageEmbeddings
from core.snapshot import Snapshot
from core.thorough import thorough
from offline.cache_file import cache_file

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS pictures (
        sha256 TEXT PRIMARY KEY, visual BLOB NOT NULL, joint BLOB NOT NULL -- visual: both networks
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS views (
        sha256 TEXT, recipe TEXT, visual BLOB NOT NULL, PRIMARY KEY (sha256, recipe)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS texts (
        sha256 TEXT PRIMARY KEY, joint BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, eq=False)
class PhotoEmbeddings:
    """All that is made of gallery photos, row by row."""

    visual: Embeddings  # (n, dim)
    second: Embeddings  # (n, second_dim)
    joint: Embeddings  # (n, joint_dim)

    @cached_property
    def thorough(self) -> Embeddings:
        """What both networks make of them, (n, dim + second_dim)."""
        return thorough(self.visual, self.second)

    def of(self, rows: Sequence[int]) -> "PhotoEmbeddings":
        """Those of some photos."""
        return PhotoEmbeddings(self.visual[rows], self.second[rows], self.joint[rows])


def embeddings_of(snapshot: Snapshot) -> PhotoEmbeddings:
    """Those of a snapshot's photos, in memory."""
    visual, joint = np.asarray(snapshot.visual), np.asarray(snapshot.joint)
    return PhotoEmbeddings(visual, snapshot.second.all(), joint)


class EmbeddingCache:
    """Embeddings of one embedder in a SQLite file: each batch is whole or not there at all."""

    def __init__(self, database: sqlite3.Connection, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    @classmethod
    @contextmanager
    def open(cls, data_dir: Path, embedder: Embedder) -> Iterator["EmbeddingCache"]:
        """Open the cache of ``embedder``; errors as of `cache_file`."""
        path = data_dir / "cache" / "embeddings" / f"{embedder.name}.sqlite3"
        with cache_file(path, _SCHEMA) as database:
            yield cls(database, embedder)

    def known(self) -> set[str]:
        """Content hashes of the pictures that are embedded already."""
        return {sha256 for (sha256,) in self._database.execute("SELECT sha256 FROM pictures")}

    def add(self, hashes: Sequence[str], embeddings: ImageEmbeddings, second: Embeddings) -> None:
        """Keep the embeddings of a batch of pictures, by both networks."""
        visual = np.concatenate([embeddings.visual, second], axis=1)
        rows = (
            (sha256, by_both.tobytes(), joint.tobytes())
            for sha256, by_both, joint in zip(hashes, visual, embeddings.joint, strict=True)
        )
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", rows)

    def pictures(self, hashes: Sequence[str]) -> PhotoEmbeddings:
        """Embeddings of pictures that are known, in the order given."""
        dim, second_dim = self._embedder.dim, self._embedder.second_dim
        visual = np.empty((len(hashes), dim + second_dim), dtype=np.float32)
        joint = np.empty((len(hashes), self._embedder.joint_dim), dtype=np.float32)
        one = "SELECT visual, joint FROM pictures WHERE sha256 = ?"
        for row, sha256 in enumerate(hashes):
            stored = self._database.execute(one, (sha256,)).fetchone()
            visual[row], joint[row] = (np.frombuffer(blob, dtype=np.float32) for blob in stored)
        return PhotoEmbeddings(visual[:, :dim].copy(), visual[:, dim:].copy(), joint)

    def viewed(self, recipe: str) -> set[str]:
        """Content hashes of the pictures whose views of that ``recipe`` are embedded already."""
        rows = self._database.execute("SELECT sha256 FROM views WHERE recipe = ?", (recipe,))
        return {sha256 for (sha256,) in rows}

    def add_views(self, sha256: str, recipe: str, embeddings: Embeddings) -> None:
        """Keep the embeddings of a picture's views by both networks, (views, dim + second_dim)."""
        row = (sha256, recipe, embeddings.tobytes())
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO views VALUES (?, ?, ?)", row)

    def views(self, sha256: str, recipe: str) -> Embeddings:
        """Embeddings of a picture's views that are known, (views, dim + second_dim)."""
        one = "SELECT visual FROM views WHERE sha256 = ? AND recipe = ?"
        (blob,) = self._database.execute(one, (sha256, recipe)).fetchone()
        width = self._embedder.dim + self._embedder.second_dim
        return np.frombuffer(blob, dtype=np.float32).reshape(-1, width)

    def texts(self, texts: Sequence[str]) -> Embeddings:
        """Embeddings of texts, (n, joint_dim); those not known yet are made and kept."""
        keys = {text: hashlib.sha256(text.encode()).hexdigest() for text in texts}
        stored = dict(self._database.execute("SELECT sha256, joint FROM texts"))
        missing = [text for text, sha256 in keys.items() if sha256 not in stored]
        fresh = {
            keys[text]: embedding.tobytes()
            for text, embedding in zip(missing, self._embedder.embed_texts(missing), strict=True)
        }
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?)", fresh.items())
        return _matrix(texts, keys, stored | fresh, self._embedder.joint_dim)


def _matrix(
    texts: Iterable[str], keys: Mapping[str, str], stored: Mapping[str, bytes], dim: int
) -> Embeddings:
    rows = [np.frombuffer(stored[keys[text]], dtype=np.float32) for text in texts]
    return np.stack(rows) if rows else np.empty((0, dim), dtype=np.float32)
