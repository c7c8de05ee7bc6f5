"""Measure the guide on this machine: ``make bench``. Prints tables; asserts nothing."""

import asyncio
import io
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import TypeVar
from uuid import uuid4

import typer
from PIL import Image

from core.answers import Recognition, SearchResult
from core.embedders import load_embedder
from core.guide import CityGuide
from core.images import ImageLimits
from core.process import prepare_to_serve
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.demo import demo_places, demo_query, read_demo

Query = TypeVar("Query", bytes, str)

LIMITS = ImageLimits.of(max_photo_mb=20, max_megapixels=64)
WORDS = ("мост через реку", "lighthouse", "старая крепость", "glass pyramid", "фонтан на площади")


def line(what: str, value: str) -> None:
    typer.echo(f"{what:<44}{value}")


def percentiles(milliseconds: list[float]) -> str:
    ordered = sorted(milliseconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    return f"p50 {statistics.median(ordered):7.1f} ms   p95 {p95:7.1f} ms"


def resident_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def bench_jobs(data_dir: Path, views: int) -> None:
    """Import and index the demo city; then once more with a few new photos."""
    start = perf_counter()
    report = import_items(read_demo(views=views, seed=1), Gallery(data_dir), LIMITS)
    line("draw and import the demo city", f"{report.added / (perf_counter() - start):.0f} photos/s")
    embedder = load_embedder("bundled", data_dir=data_dir)
    embedder.embed_texts(["warm-up"])
    embedder.embed_gallery([])
    indexed = build_snapshot(Gallery(data_dir), embedder, LIMITS, k=40, keep=5)
    line(
        "index",
        f"{indexed.embedded / indexed.embedding_s:.0f} photos/s, all but embedding "
        f"{indexed.other_s / (indexed.other_s + indexed.embedding_s):.1%} of the time",
    )
    again = build_snapshot(Gallery(data_dir), embedder, LIMITS, k=40, keep=5)
    line("index again, nothing new", f"{again.embedding_s + again.other_s:.2f} s")


async def bench_answers(data_dir: Path, rounds: int) -> None:
    """Ask photos and words one after the other, then as several people do."""
    start = perf_counter()
    embedder = load_embedder("bundled", data_dir=data_dir)
    guide = CityGuide(data_dir, embedder, limits=LIMITS)
    await guide.warm_up()
    line("ready after (in this process)", f"{perf_counter() - start:.2f} s")
    drawn = queries()
    photos = fresh(drawn, rounds)
    texts = [f"{words} {number}" for number in range(5 * rounds) for words in WORDS]

    recognised = await timed(photos, guide.recognize)
    line("photo, one at a time", percentiles([took for took, _ in recognised]))
    for stage in ("hash", "decode", "embed", "search", "vote"):
        line(f"  {stage}", percentiles([answer.timings_ms[stage] for _, answer in recognised]))
    again = [answer for _, answer in recognised if "look again" in answer.timings_ms]
    line("  looked at again", f"{len(again)} of {len(recognised)}")
    line("text, one at a time", percentiles([took for took, _ in await timed(texts, guide.search)]))

    recognised = await timed(drawn[:1] * 100, guide.recognize)
    line("photo seen before", percentiles([took for took, _ in recognised]))

    for users in (1, 32):
        await bench_users("photos", users, fresh(drawn, rounds), guide.recognize)
        words = [f"{text} {users} users" for text in texts]
        await bench_users("texts", users, words, guide.search)
    line("resident memory at its highest", f"{resident_mb()} MB")
    guide.close()


async def bench_users(
    what: str,
    users: int,
    queries: Sequence[Query],
    ask: Callable[[Query], Awaitable[Recognition | SearchResult]],
) -> None:
    """Let ``users`` ask at once, each the next query as soon as the last is answered."""
    waiting = iter(queries)
    stages: Counter[str] = Counter()

    async def user() -> None:
        for query in waiting:
            stages.update((await ask(query)).timings_ms)

    lags: list[float] = []
    watching = asyncio.create_task(watch_loop(lags))
    start = perf_counter()
    await asyncio.gather(*(user() for _ in range(users)))
    took_s = perf_counter() - start
    watching.cancel()
    lag = sorted(lags)[int(0.99 * (len(lags) - 1))]
    line(f"{what}, {users} at once", f"{len(queries) / took_s:.0f}/s   loop lag p99 {lag:.1f} ms")
    shares = (f"{stage} {ms / stages.total():.0%}" for stage, ms in stages.items())
    line("  shares of the time, waiting included", "  ".join(shares))


async def watch_loop(lags: list[float]) -> None:
    """Note by how many ms the event loop is late, every 5 ms."""
    while True:
        start = perf_counter()
        await asyncio.sleep(0.005)
        lags.append((perf_counter() - start) * 1000 - 5)


def queries() -> list[bytes]:
    """A photo of each sight that the gallery does not have, 1280 x 960 pixels as chats send it."""
    sent = []
    for place in demo_places():
        drawn = Image.open(io.BytesIO(demo_query(place.place_id)))
        out = io.BytesIO()
        drawn.resize((1280, 960), Image.Resampling.BICUBIC).save(out, "JPEG", quality=87)
        sent.append(out.getvalue())
    return sent


def fresh(photos: Sequence[bytes], rounds: int) -> list[bytes]:
    """The photos, ``rounds`` times, none of them a file the guide has seen before."""
    return [photo + uuid4().bytes for _ in range(rounds) for photo in photos]


async def timed(
    queries: Sequence[Query], ask: Callable[[Query], Awaitable[Recognition | SearchResult]]
) -> list[tuple[float, Recognition | SearchResult]]:
    answers = []
    for query in queries:
        start = perf_counter()
        answer = await ask(query)
        answers.append(((perf_counter() - start) * 1000, answer))
    return answers


def bench_cold_start(data_dir: Path, runs: int = 5) -> None:
    """The whole process, from its start to the answer."""
    photo = data_dir / "query.jpg"
    photo.write_bytes(demo_query(demo_places()[0].place_id))
    command = [sys.executable, "-m", "offline", "ask", "--data-dir", data_dir, photo]
    took = []
    for _ in range(runs):
        start = perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        took.append(perf_counter() - start)
    line("`ask` one photo, the whole process", f"median {statistics.median(took):.2f} s")


def main(views: int = 14, rounds: int = 5) -> None:
    """Measure on the demo city in a temporary folder."""
    typer.echo(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    prepare_to_serve()
    data_dir = Path(tempfile.mkdtemp(prefix="guide-bench-"))
    try:
        bench_jobs(data_dir, views)
        bench_cold_start(data_dir)
        asyncio.run(bench_answers(data_dir, rounds))
    finally:
        shutil.rmtree(data_dir)


if __name__ == "__main__":
    typer.run(main)
