"""Measure the index as a gallery grows: ``python -m tests.bench_growth 1000 10000``.

The photos are made up: 3,000 places in 64 dimensions, looked at from a little aside, as embeddings
of 512 numbers. Recall depends on how real photos cluster, so take it as a rough figure.
"""

import statistics
import tempfile
from pathlib import Path
from time import perf_counter, thread_time
from typing import Annotated

import faiss
import numpy as np
import typer

from core.embedders.base import Embeddings, unit_rows
from core.index import PhotoIndex, recall

DIM, PLACES, LATENT = 512, 3000, 64
QUERIES, K = 200, 20


def gallery(count: int) -> Embeddings:
    """Made-up embeddings, a part at a time to save memory."""
    rng = np.random.default_rng(1)
    places, lens = rng.normal(size=(PLACES, LATENT)), rng.normal(size=(LATENT, DIM))
    photos = np.empty((count, DIM), np.float32)
    for start in range(0, count, 10_000):
        part = photos[start : start + 10_000]
        seen = places[rng.integers(PLACES, size=len(part))] + 0.5 * rng.normal(
            size=(len(part), LATENT)
        )
        part[:] = unit_rows(seen @ lens + 0.1 * rng.normal(size=part.shape))
    return photos


def measure(count: int, folder: Path) -> None:
    """Print one row of the table in docs/performance.md."""
    everything = gallery(count + QUERIES)
    photos, queries = everything[:count], everything[count:]
    start = perf_counter()
    PhotoIndex.build(photos).save(folder / "photos.faiss")
    built_s = perf_counter() - start
    size_mb = (folder / "photos.faiss").stat().st_size / 1e6
    start = perf_counter()
    index = PhotoIndex.load(folder / "photos.faiss")
    opened_ms = 1000 * (perf_counter() - start)
    index.search(queries, K)  # brings the file into memory
    took, rows = [], []
    for query in queries:
        start = thread_time()  # a search has one thread; other work on the machine does not count
        rows.append(index.search(query[None], K).rows[0])
        took.append(1000 * (thread_time() - start))
    _, exact = faiss.knn(queries, photos, K, metric=faiss.METRIC_INNER_PRODUCT)
    typer.echo(
        f"| {count:,} | {built_s:.1f} | {size_mb:.0f} | {opened_ms:.1f} | "
        f"{statistics.median(took):.2f} / {np.percentile(took, 95):.2f} | "
        f"{recall(np.stack(rows), exact):.3f} |"
    )


def main(counts: Annotated[list[int], typer.Argument(help="Photos in the gallery.")]) -> None:
    """Measure galleries of these sizes."""
    typer.echo("| photos | build s | MB | open ms | one search, median / p95 CPU ms | recall@20 |")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            measure(count, Path(folder))


if __name__ == "__main__":
    typer.run(main)
