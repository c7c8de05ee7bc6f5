"""Measure an embedder and what `export` makes of it.

``python -m tests.bench_embedders clip`` or ``bundled``.

Everything is set against the plain library's `encode` of the same pictures, decoded beforehand by
Pillow. Both run in processes of their own, so that memory is their own, and are asked in short
turns: on a shared machine, what something took a minute ago says little. Where the real weights of
CLIP cannot be had, random ones of the same shapes stand in, and the table says so: speed does not
depend on weights, agreement does.
"""

import asyncio
import multiprocessing
import os
import platform
import shutil
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import typer
from PIL import Image

from core.embedders import Embedder, load_embedder
from core.embedders.clip import ClipEmbedder
from core.embedders.pair import current_pair
from core.errors import EmbedderUnavailable
from core.guide import CityGuide
from core.images import load_image
from core.process import prepare_to_serve
from offline.embedding import BATCH, ahead
from offline.exporting.check import Bounds
from offline.exporting.exporting import Form, export
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.demo import read_demo
from tests.bench import LIMITS, WORDS, fresh, queries
from tests.core.embedders.miniature import write_clip, write_words_model

INDEXED = 4 * BATCH  # pictures in a row
# What is asked in a turn. To change after each query would be unfair: for a while, torch's threads
# go on spinning, and each finds the other's weights in the processor's cache.
TURNS = (["picture"] * 9, ["words"] * 9)
INDEXING = ["index"] * 2  # in every third round, since it takes seconds
WARMING = 1  # of a turn, which counts for nothing
HEADER = (
    "| | picture p50 / p95 ms | CPU ms | words p50 / p95 ms | pictures/s | ready s | MB | "
    "encode meanwhile: picture ms, words ms, pictures/s | against it |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def measure(
    source: str = typer.Argument("clip", help="clip or bundled."),
    views: int = typer.Option(4, min=1, help="Pictures of each of the 24 sights in the gallery."),
    rounds: int = typer.Option(18, min=1, help="How often the two take turns."),
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

        def print_row(what: str, **settings: Any) -> None:
            ours = Subject(settings, data_dir, threads)
            alone = Subject({"alone": True, **chosen}, data_dir, threads)
            for number in range(rounds):
                for turn in (*TURNS, INDEXING) if number % 3 == 0 else TURNS:
                    alone.ask(turn)
                    ours.ask(turn)
            _print_row(what, ours.close(), alone.close())

        typer.echo(HEADER)
        print_row(source, **chosen)
        forms: list[Form] = ["fp32", "int8"]
        if find_spec("openvino"):
            forms += ["openvino-f32", "openvino"]
            if source != "bundled":
                forms.append("openvino-int8")
        for form in forms:
            agreement = export_pair(embedder, data_dir, form, threads)
            print_row(f"optimized, {agreement}", embedder="optimized", text_model=None)
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


class Subject:
    """The guide, or the library alone, in a process of its own that is asked turn by turn."""

    def __init__(self, settings: dict[str, Any], data_dir: Path, threads: int) -> None:
        """Start the process and wait until it is ready to answer."""
        os.environ["HF_HUB_OFFLINE"] = "1"
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        arguments = theirs, {"alone": False} | settings, data_dir, threads
        self._process = spawn.Process(target=_serve, args=arguments, daemon=True)
        start = perf_counter()
        self._process.start()
        theirs.close()  # so that a process that dies is noticed
        self._pipe.recv()
        self._figures = defaultdict(list, ready_s=[perf_counter() - start])

    def ask(self, turn: list[str]) -> None:
        """Have it answer one of the `TURNS`, or `INDEXING`."""
        for number, what in enumerate(turn):
            self._pipe.send(what)
            for name, value in self._pipe.recv().items():
                if number >= WARMING:
                    self._figures[name].append(value)

    def close(self) -> dict[str, list[float]]:
        """Stop the process; give what was measured, by name."""
        self._pipe.send(None)
        self._process.join()
        return self._figures


def _serve(pipe: Connection, settings: dict[str, Any], data_dir: Path, threads: int) -> None:
    asyncio.run(_answer(pipe, data_dir, threads, **settings))


async def _answer(
    pipe: Connection,
    data_dir: Path,
    threads: int,
    embedder: str,
    text_model: str | None,
    alone: bool,
) -> None:
    if not alone:
        prepare_to_serve()
    loaded = load_embedder(embedder, text_model=text_model, data_dir=data_dir, threads=threads)
    asked = Alone(loaded) if alone else Whole(loaded, data_dir)
    await asked.warm_up()
    photos = (asked.prepared(photo) for _ in count() for photo in fresh(queries(), 1))
    texts = (f"{words} {number}" for number in count() for words in WORDS)
    pipe.send("ready")
    while what := pipe.recv():
        if what == "index":
            gallery = [next(photos) for _ in range(INDEXED)]
            wall, _ = await _timed(asked.index(gallery))
            pipe.send({"indexed": INDEXED / wall * 1000, "mb": resident_mb()})
        else:
            answer = asked.picture(next(photos)) if what == "picture" else asked.words(next(texts))
            wall, cpu = await _timed(answer)
            pipe.send({what: wall, f"{what}_cpu": cpu})


async def _timed(answer: Coroutine[Any, Any, None]) -> tuple[float, float]:
    """Wall time and processor time, in ms."""
    wall, cpu = perf_counter(), process_time()
    await answer
    return (perf_counter() - wall) * 1000, (process_time() - cpu) * 1000


def _print_row(what: str, ours: dict[str, list[float]], alone: dict[str, list[float]]) -> None:
    """Print medians, also of the library alone, and how they compare."""
    mine, theirs = (
        {name: statistics.median(values) for name, values in each.items()} for each in (ours, alone)
    )
    ratios = ", ".join(
        f"{mine[figure] / theirs[figure]:.2f}" for figure in ("picture", "words", "indexed")
    )
    typer.echo(
        f"| {what} | {mine['picture']:.1f} / {_p95(ours['picture']):.1f} | "
        f"{mine['picture_cpu']:.1f} | {mine['words']:.1f} / {_p95(ours['words']):.1f} | "
        f"{mine['indexed']:.1f} | {mine['ready_s']:.1f} | {max(ours['mb']):.0f} | "
        f"{theirs['picture']:.1f}, {theirs['words']:.1f}, {theirs['indexed']:.1f} | {ratios} |"
    )


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


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
        return load_image(photo, LIMITS)

    async def warm_up(self) -> None:
        self._pictures([Image.new("RGB", (self._side, self._side))])
        self._words(["warm-up"])

    async def picture(self, image: Image.Image) -> None:
        self._pictures([image])

    async def words(self, text: str) -> None:
        self._words([text])

    async def index(self, images: list[Image.Image]) -> None:
        for start in range(0, len(images), BATCH):
            self._pictures(images[start : start + BATCH])


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

    async def index(self, photos: list[bytes]) -> None:
        """Decode photos ahead and embed them in batches, as `index` does by the first network."""
        side = self._embedder.image_side

        def decoded(batch: list[bytes]) -> list[Image.Image]:
            return [load_image(photo, LIMITS, min_side=side) for photo in batch]

        batches = [photos[start : start + BATCH] for start in range(0, len(photos), BATCH)]
        for images in ahead(decoded, batches):
            self._embedder.embed_gallery(images)


if __name__ == "__main__":
    typer.run(measure)
