"""Nearest gallery photos by exact inner product. FAISS lives only here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.errors import SnapshotCorrupt


@dataclass(frozen=True, slots=True)
class Nearest:
    """What an index found for ``n`` queries, closest first."""

    rows: NDArray[np.int64]  # (n, k): rows of the embeddings the index was built from
    scores: NDArray[np.float32]  # (n, k): cosine similarity, in [-1, 1]


class PhotoIndex:
    """Exact search over gallery embeddings; rows are those of the matrix it was built from."""

    def __init__(self, index: faiss.Index) -> None:
        self._faiss = index

    @classmethod
    def build(cls, embeddings: Embeddings) -> "PhotoIndex":
        """Index ``embeddings`` (n, dim)."""
        index = faiss.IndexFlatIP(embeddings.shape[1])
        index.add(np.ascontiguousarray(embeddings, dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> "PhotoIndex":
        """Read a saved index.

        Raises:
            SnapshotCorrupt: FAISS cannot read the file.
        """
        try:
            return cls(faiss.read_index(str(path)))
        except RuntimeError as error:
            raise SnapshotCorrupt(f"{path} is not a readable index") from error

    def save(self, path: Path) -> None:
        """Write the index to ``path``."""
        faiss.write_index(self._faiss, str(path))

    @property
    def size(self) -> int:
        """How many photos are indexed."""
        return int(self._faiss.ntotal)

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return int(self._faiss.d)

    def search(
        self, queries: Embeddings, k: int, *, only_rows: Sequence[int] | None = None
    ) -> Nearest:
        """Find the ``k`` nearest photos of each query (n, dim), or all if there are fewer.

        Args:
            queries: unit rows, (n, dim).
            k: neighbours per query.
            only_rows: look among these rows only; None looks among all.
        """
        # OpenMP keeps this setting per calling thread; a lone query is slower on two threads.
        faiss.omp_set_num_threads(1)
        among = self.size if only_rows is None else len(only_rows)
        chosen = None
        if only_rows is not None:
            chosen = faiss.SearchParameters()
            chosen.sel = faiss.IDSelectorBatch(np.asarray(only_rows, dtype=np.int64))
        scores, rows = self._faiss.search(
            np.ascontiguousarray(queries, dtype=np.float32), max(1, min(k, among)), params=chosen
        )
        if among == 0:  # FAISS finds one photo that does not exist
            scores, rows = scores[:, :0], rows[:, :0]
        return Nearest(rows, np.clip(scores, -1.0, 1.0))
