"""Measure an embedder and what `export` makes of it.

``python -m tests.bench_embedders measure clip`` or ``bundled``.

Everything is set against the plain library's `encode` of pictures that are decoded already,
measured right before it on the same machine. Where the real weights of CLIP cannot be had, random
ones of the same shapes stand in, and the table says so: speed does not depend on weights, agreement
does. Each row is measured in a process of its own, so that memory is its own.
"""

import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time, time
from typing import Any

import typer
from PIL import Image

from core.embedders import Embedder, load_embedder
from core.embedders.clip import ClipEmbedder
from core.embedders.pair import current_pair
from core.errors import EmbedderUnavailable
from core.guide import CityGuide
from core.images import load_image
from offline.exporting.check import Bounds
from offline.exporting.exporting import Form, export
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.demo import demo_places, demo_query, read_demo
from tests.bench import LIMITS, WORDS, fresh
from tests.core.embedders.miniature import write_clip, write_words_model

app = typer.Typer()

BATCH = 16  # pictures embedded together, as `index` does
HEADER = (
    "| | picture p50 / p95 ms | CPU ms | words p50 / p95 ms | pictures/s | ready s | MB | "
    "picture, words, pictures/s against encode |\n|---|---|---|---|---|---|---|---|"
)


@app.command()
def measure(
    source: str = typer.Argument("clip", help="clip or bundled."),
    views: int = typer.Option(4, min=1, help="Pictures of each of the 24 sights in the gallery."),
    rounds: int = typer.Option(3, min=1, help="How often each of the 24 queries is asked."),
    threads: int = typer.Option(2, min=1),
) -> None:
    """Print a row for the library alone, the source, and each exported pair."""
    data_dir = Path(tempfile.mkdtemp(prefix="guide-bench-"))
    try:
        chosen = models(source, data_dir)
        typer.echo(f"{platform.machine()}, Python {platform.python_version()}, {threads} threads")
        embedder = load_embedder(**chosen, data_dir=data_dir, threads=threads)
        import_items(read_demo(views=views, seed=1), Gallery(data_dir), LIMITS)
        build_snapshot(Gallery(data_dir), embedder, LIMITS, k=40, keep=5)

        def measured(**settings: Any) -> dict[str, float]:
            return _measured(settings, data_dir, rounds=rounds, threads=threads)

        typer.echo(HEADER)
        alone = measured(alone=True, **chosen)
        _print_row(f"{source}: encode alone", alone, alone)
        _print_row(source, measured(**chosen), alone)
        forms: list[Form] = ["fp32", "int8"]
        if find_spec("openvino"):
            forms.append("openvino")
            if source != "bundled":
                forms.append("openvino-int8")
        for form in forms:
            agreement = export_pair(embedder, data_dir, form, threads)
            # Anew: on a shared machine, what it took minutes ago says little.
            alone = measured(alone=True, **chosen)
            pair = measured(embedder="optimized", text_model=None)
            _print_row(f"optimized, {agreement}", pair, alone)
    finally:
        shutil.rmtree(data_dir)


def models(source: str, data_dir: Path) -> dict[str, Any]:
    """Arguments of `load_embedder`; CLIP with random weights where the real ones are not here."""
    if source != "clip":
        return {"embedder": source, "text_model": None}
    try:
        load_embedder("clip", data_dir=data_dir)
    except EmbedderUnavailable:
        typer.echo("the real weights cannot be had: random ones of the same shapes stand in")
        models = data_dir / "models"
        pictures = write_clip(models / "clip", full_size=True)
        words = write_words_model(models / "words", full_size=True)
        return {"embedder": str(pictures), "text_model": str(words)}
    return {"embedder": "clip", "text_model": None}


def export_pair(source: Embedder, data_dir: Path, form: Form, threads: int) -> str:
    report = export(
        source,
        data_dir,
        form=form,
        bounds=Bounds(0, 0, -1),  # agreement is printed, not demanded
        photos=50,
        limits=LIMITS,
        k=40,
        threads=threads,
    )
    size_mb = sum(file.stat().st_size for file in current_pair(data_dir).iterdir()) / 1e6
    check = report.check
    return (
        f"{report.pair.precision} ({size_mb:.0f} MB; least cosine {check.cosine_min:.4f}, "
        f"same first {check.top1:.0%})"
    )


def _measured(settings: dict[str, Any], data_dir: Path, **options: int) -> dict[str, float]:
    """Measure in a new process."""
    task = {"data_dir": str(data_dir), "alone": False} | settings | options | {"started": time()}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench_embedders", "one", json.dumps(task)],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _print_row(what: str, found: dict[str, float], alone: dict[str, float]) -> None:
    """Print figures, and how they compare with the library alone."""
    ratios = ", ".join(
        f"{found[figure] / alone[figure]:.2f}" for figure in ("picture", "words", "indexed")
    )
    typer.echo(
        f"| {what} | {found['picture']:.1f} / {found['picture_p95']:.1f} | "
        f"{found['picture_cpu']:.1f} | {found['words']:.1f} / {found['words_p95']:.1f} | "
        f"{found['indexed']:.1f} | {found['ready_s']:.1f} | {found['mb']:.0f} | {ratios} |"
    )


@app.command(hidden=True)
def one(task: str) -> None:
    """Measure one row and print its figures as JSON."""
    typer.echo(json.dumps(asyncio.run(_figures(**json.loads(task)))))


async def _figures(
    embedder: str,
    text_model: str | None,
    data_dir: str,
    alone: bool,
    rounds: int,
    threads: int,
    started: float,
) -> dict[str, float]:
    folder = Path(data_dir)
    loaded = load_embedder(embedder, text_model=text_model, data_dir=folder, threads=threads)
    asked = Alone(loaded) if alone else Whole(loaded, folder)
    await asked.warm_up()
    figures = {"ready_s": time() - started}
    drawn = [demo_query(place.place_id) for place in demo_places()]
    photos = [asked.prepared(photo) for photo in fresh(drawn, rounds)]
    texts = [f"{words} {n}" for n in range(5 * rounds) for words in WORDS]
    figures |= await _each("picture", photos, asked.picture)
    figures |= await _each("words", texts, asked.words)
    start = perf_counter()
    for at in range(0, len(photos), BATCH):
        asked.index(photos[at : at + BATCH])
    figures["indexed"] = len(photos) / (perf_counter() - start)
    return figures | {"mb": resident_mb()}


async def _each(
    name: str, queries: Sequence[Any], ask: Callable[[Any], Awaitable[None]]
) -> dict[str, float]:
    """Median and 95th percentile of the wall time, and the median processor time, in ms."""
    walls, cpus = [], []
    for query in queries:
        wall, cpu = perf_counter(), process_time()
        await ask(query)
        walls.append((perf_counter() - wall) * 1000)
        cpus.append((process_time() - cpu) * 1000)
    return {
        name: statistics.median(walls),
        f"{name}_p95": sorted(walls)[int(0.95 * (len(walls) - 1))],
        f"{name}_cpu": statistics.median(cpus),
    }


def resident_mb() -> float:
    """Now, not at its highest: that would begin with the highest of the starting process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Alone:
    """The models by themselves, asked as their library is; pictures are decoded beforehand."""

    def __init__(self, embedder: Embedder) -> None:
        self._side = embedder.image_side
        self._pictures: Callable[[list[Any]], Any] = embedder.embed_images
        self._words: Callable[[list[Any]], Any] = embedder.embed_texts
        if isinstance(embedder, ClipEmbedder):
            self._pictures = embedder.picture_model.encode
            self._words = embedder.words_model.encode

    def prepared(self, photo: bytes) -> Image.Image:
        return load_image(photo, LIMITS, min_side=self._side)

    async def warm_up(self) -> None:
        self._pictures([Image.new("RGB", (self._side, self._side))])
        self._words(["warm-up"])

    async def picture(self, image: Image.Image) -> None:
        self._pictures([image])

    async def words(self, text: str) -> None:
        self._words([text])

    def index(self, images: list[Image.Image]) -> None:
        self._pictures(images)


class Whole:
    """The guide: a photo is decoded, embedded once, searched and voted on."""

    def __init__(self, embedder: Embedder, data_dir: Path) -> None:
        self._embedder = embedder
        # Random weights leave doubt about everything: one look is what can be compared.
        self._guide = CityGuide(data_dir, embedder, limits=LIMITS, look_again_below=0)
        self.warm_up = self._guide.warm_up

    def prepared(self, photo: bytes) -> bytes:
        return photo

    async def picture(self, photo: bytes) -> None:
        await self._guide.recognize(photo)

    async def words(self, text: str) -> None:
        await self._guide.search(text)

    def index(self, photos: list[bytes]) -> None:
        side = self._embedder.image_side
        self._embedder.embed_images([load_image(p, LIMITS, min_side=side) for p in photos])


if __name__ == "__main__":
    app()
