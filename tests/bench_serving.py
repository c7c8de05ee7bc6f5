"""Measure the bot's start and memory over a big gallery: ``python -m tests.bench_serving``.

The bot is the real process on a local Telegram, asked for photos and words by several people at
once. Of the gallery a few photos are drawn, all others are made up: their embeddings are those of
the drawn ones, a little aside. CLIP has random weights where the real ones cannot be had.
"""

import asyncio
import io
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from bot.sandbox.faults import FloodLimits
from bot.sandbox.server import Sandbox
from core.embedders import Embedder, load_embedder
from core.embedders.base import Embeddings, unit_rows
from core.snapshot import SnapshotContent
from core.snapshot_store import SnapshotStore
from core.text_search import embed_places
from offline.exporting.exporting import Form
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.demo import read_demo
from tests.bench import queries
from tests.bench_embedders import export_pair, models
from tests.bot.bot_process import BotProcess, bot_process
from tests.bot.crowd import Crowd
from tests.conftest import LIMITS

PLACES_OF_ONE = 25  # made-up places for each drawn one
PEOPLE, PHOTOS_EACH, TEXTS = 8, 6, ("мост через реку", "lighthouse", "старая крепость")


def main(photos: Annotated[int, typer.Option(help="In the gallery.")] = 13_000) -> None:
    """Print a row for `bundled` and for each exported form of CLIP."""
    imported = _seconds("import aiogram"), _seconds("import bot.app")
    typer.echo("importing aiogram takes {:.1f} s, the whole bot {:.1f} s".format(*imported))
    typer.echo("| | ready after s | MB when ready | MB after queries | without mapped files |")
    typer.echo("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="guide-bench-") as folder:
        clips: list[Form] = ["fp32", "int8"]
        if find_spec("openvino"):
            clips += ["openvino-f32", "openvino-int8"]
        for source, forms in (("bundled", []), ("clip", clips)):
            data_dir = Path(folder) / source
            chosen = models(source, data_dir)
            embedder = load_embedder(**chosen, data_dir=data_dir)
            import_items(read_demo(views=2, seed=1), Gallery(data_dir), LIMITS)
            build_snapshot(Gallery(data_dir), embedder, LIMITS, k=40, keep=1)
            for form in forms:
                export_pair(embedder, data_dir, form, threads=2)
                _publish_more(data_dir, embedder, photos)
                _row(f"`optimized`, {form}", data_dir, GUIDE_EMBEDDER="optimized")
            if not forms:
                _publish_more(data_dir, embedder, photos)
                _row(f"`{source}`", data_dir)
            shutil.rmtree(data_dir)


def _publish_more(data_dir: Path, embedder: Embedder, count: int) -> None:
    """Publish the snapshot with made-up places and photos beside the drawn ones."""
    store = SnapshotStore(data_dir)
    drawn = store.load(embedder)
    if len(drawn.photos) >= count:
        return
    random = np.random.default_rng(1)
    rows = np.arange(count) % len(drawn.photos)
    number = np.arange(count) // len(drawn.photos) % PLACES_OF_ONE
    places = [
        replace(place, place_id=f"{place.place_id}-{n}", name=f"{place.name} {n}")
        for place in drawn.places
        for n in range(PLACES_OF_ONE)
    ]
    made_up = [
        replace(
            drawn.photos[row], photo_id=f"{at:016x}", place_id=f"{drawn.photos[row].place_id}-{n}"
        )
        for at, (row, n) in enumerate(zip(rows, number, strict=True))
    ]

    def aside(embeddings: Embeddings) -> Embeddings:
        noise = random.normal(size=(count, embeddings.shape[1])) / embeddings.shape[1] ** 0.5
        return unit_rows(embeddings[rows] + 0.3 * noise)

    content = SnapshotContent(
        embedder=drawn.manifest.embedder,
        places=places,
        photos=made_up,
        visual=aside(np.asarray(drawn.visual)),
        second=aside(drawn.second.all()),
        joint=aside(np.asarray(drawn.joint)),
        words=embed_places(places, embedder.embed_texts),
        thresholds=drawn.manifest.thresholds,
        fingerprint=f"{count:064x}",
    )
    store.publish(content, keep=1)


def _row(what: str, data_dir: Path, **settings: str) -> None:
    ready_s, ready, asked = asyncio.run(_serve(data_dir, settings))
    typer.echo(
        f"| {what} | {ready_s:.1f} | {ready['VmRSS']:.0f} | {asked['VmRSS']:.0f} | "
        f"{asked['RssAnon']:.0f} |"
    )


async def _serve(
    data_dir: Path, settings: dict[str, str]
) -> tuple[float, dict[str, float], dict[str, float]]:
    """Seconds until the bot was ready, and its memory then and after its queries."""
    async with Sandbox(limits=FloodLimits(), calls=1_000_000) as sandbox:
        start = perf_counter()
        async with bot_process(sandbox, data_dir, **settings) as bot:
            await bot.ready()
            ready_s, ready = perf_counter() - start, _memory_mb(bot)
            crowd = Crowd(sandbox, PEOPLE)
            drawn = [*queries(), _of_nothing()]
            for each in range(PHOTOS_EACH):
                for person in crowd.people:
                    await crowd.send(person, drawn[len(crowd.sent) % len(drawn)] + bytes([each]))
                    await person.say(f"{TEXTS[each % len(TEXTS)]} {len(crowd.sent)}")
            async with asyncio.timeout(120):
                while not all(sent.replies for sent in crowd.look()):
                    await asyncio.sleep(0.1)
            return ready_s, ready, _memory_mb(bot)


def _of_nothing() -> bytes:
    """A photo that leaves doubt, and is looked at by all there is."""
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(small).resize((1280, 960), Image.Resampling.BICUBIC).save(out, "JPEG")
    return out.getvalue()


def _memory_mb(bot: BotProcess) -> dict[str, float]:
    """What is resident, with the files that are mapped (VmRSS) and without (RssAnon)."""
    status = Path(f"/proc/{bot.process.pid}/status").read_text()
    lines = dict(line.split(":", 1) for line in status.splitlines())
    return {name: int(lines[name].split()[0]) / 1000 for name in ("VmRSS", "RssAnon")}


def _seconds(statement: str) -> float:
    """How long a new Python takes for a statement; the best of three."""
    took = []
    for _ in range(3):
        start = perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        took.append(perf_counter() - start)
    return min(took)


if __name__ == "__main__":
    typer.run(main)
