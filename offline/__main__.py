"""The jobs a person starts: python -m offline ..."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from core.assembly import image_limits, make_guide
from core.files import exclusive, write_atomic
from core.guide import CityGuide
from core.settings import Settings
from offline import asking
from offline.cleaning.commands import clean_app
from offline.evaluating.commands import evaluate
from offline.exporting.commands import export
from offline.gallery import Gallery
from offline.importing import ImportReport, import_items
from offline.publishing import index, train
from offline.snapshots import rollback, snapshots
from offline.sources.demo import demo_places, demo_query, read_demo
from offline.sources.folder import read_folder
from offline.sources.items import Problem, SourceItems
from offline.sources.nto import read_nto
from offline.terminal import (
    AsJson,
    DataDir,
    as_record,
    counter,
    fail,
    load_settings,
    plain_errors,
    print_json,
    show,
    warn,
)

app = typer.Typer(
    help="Jobs of the electronic city guide: fill the gallery, publish it, ask it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},  # as the bot and the web guide have
)
import_app = typer.Typer(help="Take places and photos into the gallery.", no_args_is_help=True)
app.add_typer(import_app, name="import")
app.add_typer(clean_app, name="clean")
app.command()(index)
app.command()(train)
app.command()(evaluate)
app.command()(export)
app.command()(snapshots)
app.command()(rollback)

SourceFolder = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, help="Folder with the source data.")
]


@import_app.command("nto")
def import_nto(folder: SourceFolder, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Import contest files: <CODE>_places.csv beside <CODE>_images.csv with base64 photos."""
    with plain_errors():
        settings = load_settings(data_dir)
        max_bytes = image_limits(settings).max_bytes
        _import(read_nto(folder, max_photo_bytes=max_bytes), settings, as_json=json)


@import_app.command("folder")
def import_folder(folder: SourceFolder, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Import folders of photos, one folder a place, with an optional places.csv beside them."""
    with plain_errors():
        settings = load_settings(data_dir)
        max_bytes = image_limits(settings).max_bytes
        _import(read_folder(folder, max_photo_bytes=max_bytes), settings, as_json=json)


@import_app.command("demo")
def import_demo(
    views: Annotated[int, typer.Option(min=1, max=100, help="Pictures of each sight.")] = 14,
    seed: Annotated[int, typer.Option(help="Other seeds draw other views.")] = 1,
    queries: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Draw one more view of each sight there, to ask about."),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Draw an invented city and import it: something to try the guide on."""
    with plain_errors():
        settings = load_settings(data_dir)
        _import(read_demo(views=views, seed=seed), settings, as_json=json)
        if queries:
            for place in demo_places():
                photo = demo_query(place.place_id, seed=seed)
                write_atomic(queries / f"{place.place_id}.jpg", photo, durable=False)


@app.command()
def ask(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...", help="Photos (paths) or texts; - reads one input a line from stdin."
        ),
    ],
    language: Annotated[str, typer.Option("--lang", help="Language of labels: en or ru.")] = "en",
    data_dir: DataDir = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object an input.")] = False,
) -> None:
    """Ask about photos and texts without Telegram. Fails only if no input could be answered."""
    if language not in ("en", "ru"):
        fail("--lang is en or ru", code=2)
    with plain_errors():
        settings = load_settings(data_dir)
        guide = make_guide(settings)
        answered = asyncio.run(_ask(guide, _inputs(inputs), language, as_json=json))
        if not answered:
            raise typer.Exit(1)


async def _ask(guide: CityGuide, inputs: Iterator[str], language: str, *, as_json: bool) -> bool:
    """Print the answers; return whether any input was answered."""
    answered = False
    async for asked, answer in asking.ask(guide, inputs):
        failed = isinstance(answer, Exception)
        answered |= not failed
        if as_json:
            print_json(asking.as_json(guide, asked, answer, language))
        elif failed:
            warn([Problem(asked, str(answer))])
        else:
            show({}, asking.as_lines(guide, asked, answer, language), as_json=False)
    return answered


def _inputs(arguments: list[str]) -> Iterator[str]:
    """The inputs one by one; - stands for the lines of stdin."""
    for argument in arguments:
        if argument != "-":
            yield argument
            continue
        given = False
        for line in filter(None, (line.rstrip("\r\n") for line in sys.stdin)):
            given = True
            yield line
        if not given:
            warn([Problem("-", "nothing was given on stdin")])


def _import(items: SourceItems, settings: Settings, *, as_json: bool) -> None:
    """Run an import and tell what it did."""
    with exclusive(settings.data_dir, "import"), counter("photos") as bar:
        task = bar.add_task("importing", total=None)
        gallery = Gallery(settings.data_dir)
        limits = image_limits(settings)
        report = import_items(items, gallery, limits, seen=lambda: bar.advance(task))
    problems = [*report.problems, *_shared_pictures(report)]
    warn(problems, all_of_them=True)
    if not report.added and not report.known:
        fail("nothing could be imported")
    lines = [
        f"imported {report.places} places: {report.added} new photos, {report.known} known "
        f"already; the gallery now has {len(gallery.photos)}"
    ]
    if report.removed:
        lines.append(f"{report.removed} of the known ones were removed by cleaning and stay out")
    if problems:
        count = "1 problem is" if len(problems) == 1 else f"{len(problems)} problems are"
        lines.append(f"{count} listed above")
    show(
        {
            "places": report.places,
            "added": report.added,
            "known": report.known,
            "removed": report.removed,
            "photos": len(gallery.photos),
            "problems": [as_record(problem) for problem in report.problems],
            "shared": {
                photo_id: [photo.place_id for photo in photos]
                for photo_id, photos in report.shared.items()
            },
        },
        lines,
        as_json=as_json,
    )


def _shared_pictures(report: ImportReport) -> list[Problem]:
    return [
        Problem(
            photos[0].sources[0],
            "the same picture stands under "
            + " and ".join(f"{photo.place_id} ({photo.sources[0]})" for photo in photos)
            + "; it will not vote",
        )
        for photos in report.shared.values()
    ]


if __name__ == "__main__":
    app()
