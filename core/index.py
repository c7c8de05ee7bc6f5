"""Nearest gallery photos by inner product, exact as long as that is fast. FAISS lives only here."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings
from core.errors import SnapshotCorrupt

# A search reads the whole index, so that halves take half the time once it outgrows the processor's
# caches, and half the memory; the 20 nearest were the same ones up to 130,000 photos.
EXACT_UP_TO = 5_000  # photos compared in float32
HALVES_UP_TO = 130_000  # photos compared one and all, in float16; beyond, only in likely clusters

MIN_RECALL, RECALL_AT = 0.98, 20  # of a search in clusters, against exact search
SAMPLE = 200  # photos that recall is measured with
FEWEST_CLUSTERS = 8  # looked into


@dataclass(frozen=True, slots=True)
class Nearest:
    """What an index found for ``n`` queries, closest first."""

    rows: NDArray[np.int64]  # (n, k): rows of the embeddings the index was built from
    scores: NDArray[np.float32]  # (n, k): cosine similarity, in [-1, 1]

    def of(self, query: int) -> list[tuple[int, float]]:
        """Row and score of what was found for one query, closest first."""
        return list(zip(self.rows[query].tolist(), self.scores[query].tolist(), strict=True))


class PhotoIndex:
    """Search over gallery embeddings; rows are those of the matrix it was built from."""

    def __init__(self, index: faiss.Index) -> None:
        self._faiss = index

    @classmethod
    def build(
        cls,
        embeddings: Embeddings,
        *,
        exact_up_to: int = EXACT_UP_TO,
        halves_up_to: int = HALVES_UP_TO,
    ) -> "PhotoIndex":
        """Index ``embeddings`` (n, dim) in the way that suits their number.

        Args:
            embeddings: unit rows.
            exact_up_to: the most rows that are kept in float32.
            halves_up_to: the most rows that are all compared with a query.
        """
        faiss.omp_set_num_threads(os.cpu_count() or 1)  # a search may have set it to one
        embeddings = np.ascontiguousarray(embeddings, dtype=np.float32)
        count, dim = embeddings.shape
        if count <= exact_up_to:
            index: faiss.Index = faiss.IndexFlatIP(dim)
        elif count <= halves_up_to:
            index = faiss.IndexScalarQuantizer(
                dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
        else:
            return cls(_clustered(embeddings))
        index.add(embeddings)
        return cls(index)

    @classmethod
    def load(cls, path: Path) -> "PhotoIndex":
        """Open a saved index; it is mapped into memory and read as it is searched.

        Never add to it: FAISS would end the process.

        Raises:
            SnapshotCorrupt: FAISS cannot read the file.
        """
        try:
            return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC))
        except RuntimeError as error:
            raise SnapshotCorrupt(f"{path} is not a readable index") from error

    def save(self, path: Path) -> None:
        """Write the index to ``path``.

        Raises:
            OSError: it cannot be written.
        """
        try:
            faiss.write_index(self._faiss, str(path))
        except RuntimeError as error:  # a full disk, for example
            raise OSError(f"the index was not written: {error}") from error

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
        queries, k = np.ascontiguousarray(queries, dtype=np.float32), max(1, min(k, among))
        chosen = None
        if only_rows is not None:
            chosen = self._in_all_clusters()  # these rows may lie in unlikely ones
            chosen.sel = faiss.IDSelectorBatch(np.asarray(only_rows, dtype=np.int64))
        scores, rows = self._faiss.search(queries, k, params=chosen)
        if only_rows is None and (rows < 0).any():  # the likely clusters have fewer photos than k
            scores, rows = self._faiss.search(queries, k, params=self._in_all_clusters())
        if among == 0:  # FAISS finds one photo that does not exist
            scores, rows = scores[:, :0], rows[:, :0]
        return Nearest(rows, np.clip(scores, -1.0, 1.0))

    def embeddings(self, rows: Sequence[int]) -> Embeddings:
        """What the index keeps of some photos, (len(rows), dim): up to float16 as it was given."""
        if isinstance(self._faiss, faiss.IndexIVF) and self._faiss.direct_map.no():
            self._faiss.make_direct_map()  # where each photo lies among the clusters
        return np.asarray(self._faiss.reconstruct_batch(np.asarray(rows, dtype=np.int64)))

    def _in_all_clusters(self) -> faiss.SearchParameters:
        if isinstance(self._faiss, faiss.IndexIVF):
            everywhere = faiss.SearchParametersIVF()
            everywhere.nprobe = self._faiss.nlist
            return everywhere
        return faiss.SearchParameters()


def _clustered(embeddings: Embeddings) -> faiss.IndexIVF:
    """Index in clusters, of which a search looks into as many as `MIN_RECALL` takes."""
    count, dim = embeddings.shape
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dim),
        dim,
        round(count**0.5),
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.train(embeddings)
    index.add(embeddings)
    sample = embeddings[:: max(1, count // SAMPLE)]
    # The closest photo is the sample itself, which proves nothing.
    _, exact = faiss.knn(sample, embeddings, RECALL_AT + 1, metric=faiss.METRIC_INNER_PRODUCT)
    index.nprobe = min(FEWEST_CLUSTERS, index.nlist)
    while index.nprobe < index.nlist:
        _, found = index.search(sample, RECALL_AT + 1)
        if recall(found, exact[:, 1:]) >= MIN_RECALL:
            break
        index.nprobe = min(2 * index.nprobe, index.nlist)
    return index


def recall(found: NDArray[np.int64], exact: NDArray[np.int64]) -> float:
    """Share of the exact neighbours (n, k) that are among those found (n, any)."""
    hits = [len(set(f) & set(e)) for f, e in zip(found.tolist(), exact.tolist(), strict=True)]
    return sum(hits) / exact.size
