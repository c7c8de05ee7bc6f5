"""The commands that publish the gallery: python -m offline index and train."""

from typing import Annotated

import typer

from core.assembly import image_limits, make_embedder
from core.files import exclusive
from offline.gallery import Gallery
from offline.indexing import IndexReport, build_snapshot
from offline.sources.items import Problem
from offline.terminal import (
    AsJson,
    DataDir,
    as_record,
    hint,
    load_settings,
    plain_errors,
    progress,
    show,
    warn,
)


def index(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Embed new photos and publish the gallery. Safe to stop and to run again."""
    with plain_errors():
        report = _publish(data_dir, "index", train=None)
        _show(report, [], as_json=json)


def train(
    drop: Annotated[bool, typer.Option("--drop", help="Publish without trained heads.")] = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Train heads (small classifiers of photos) and publish; index keeps them up to date."""
    with plain_errors():
        report = _publish(data_dir, "train", train=not drop)
        compared = hint("evaluate --against EARLIER/evaluation.json", data_dir)
        _show(report, [f"{compared} tells what changed"], as_json=json)


def _publish(data_dir: DataDir, job: str, *, train: bool | None) -> IndexReport:
    """Bring the snapshot up to date and warn of what could not be used."""
    settings = load_settings(data_dir)
    with exclusive(settings.data_dir, job), progress("photos") as started:
        report = build_snapshot(
            Gallery(settings.data_dir),
            make_embedder(settings),
            image_limits(settings),
            k=settings.k,
            keep=settings.keep_snapshots,
            train=train,
            started=started,
        )
    warn(report.problems)
    if report.left_out:
        warn([Problem("left out", f"{report.left_out} photos that stand under several places")])
    return report


def _show(report: IndexReport, more: list[str], *, as_json: bool) -> None:
    manifest = report.manifest
    verb = "published" if report.published else "up to date:"
    heads = ", with trained heads" if manifest.trained else ""
    show(
        {
            "snapshot": manifest.version,
            "published": report.published,
            "trained": manifest.trained,
            "embedded": report.embedded,
            "photos": manifest.photos,
            "places": manifest.places,
            "left_out": report.left_out,
            "problems": [as_record(problem) for problem in report.problems],
            "embedding_s": round(report.embedding_s, 2),
            "other_s": round(report.other_s, 2),
        },
        [
            f"{verb} snapshot {manifest.version}: "
            f"{manifest.photos} photos of {manifest.places} places{heads}, "
            f"{report.embedded} newly embedded in {report.embedding_s:.1f} s "
            f"(all else {report.other_s:.1f} s)",
            *more,
        ],
        as_json=as_json,
    )
