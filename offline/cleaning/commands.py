"""The commands of cleaning: python -m offline clean ..."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from core.assembly import image_limits, make_embedder
from core.errors import DataDirError
from core.files import exclusive
from core.kinds import parse_kinds
from core.settings import Settings
from offline.cleaning.apply import apply_run, read_keep_list, restore_run
from offline.cleaning.findings import Reason
from offline.cleaning.journal import removed_photos
from offline.cleaning.review import FOLDER, by_reason, read_review, runs, write_review
from offline.cleaning.scanning import ScanSettings, scan_gallery
from offline.cleaning.topics import INDOOR_KINDS
from offline.cleaning.truth import Evaluation, Score, evaluate, read_truth
from offline.gallery import Gallery
from offline.terminal import (
    AsJson,
    DataDir,
    as_record,
    fail,
    hint,
    load_settings,
    plain_errors,
    progress,
    show,
    warn,
)

clean_app = typer.Typer(
    help="Find bad photos, let a person look, remove them so that they can be put back.",
    no_args_is_help=True,
)

Run = Annotated[str, typer.Argument(metavar="RUN", help="Name of a run, as `clean scan` tells it.")]


def _scan_settings(settings: Settings) -> ScanSettings:
    """What the settings tell a scan; the command ends if they name a reason there is not."""
    try:
        thresholds = {Reason(name): value for name, value in settings.clean_thresholds.items()}
    except ValueError:
        known = ", ".join(reason.value for reason in Reason)
        fail(f"wrong settings: GUIDE_CLEAN_THRESHOLDS: its keys are reasons: {known}", code=2)
    kinds = parse_kinds(settings.clean_indoor_kinds)
    return ScanSettings(
        thresholds=thresholds,
        indoor_kinds=kinds or INDOOR_KINDS,
        interiors=settings.clean_interiors,
    )


@clean_app.command()
def scan(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Find photos that may have to go and lay out copies of them to look through."""
    with plain_errors():
        settings = load_settings(data_dir)
        wanted = _scan_settings(settings)
        with exclusive(settings.data_dir, "scan"), progress("photos") as started:
            gallery = Gallery(settings.data_dir)
            if not gallery.photos:
                raise DataDirError(
                    f"the gallery in {gallery.folder} holds no photos: "
                    "run `python -m offline import` first"
                )
            found = scan_gallery(
                gallery,
                make_embedder(settings),
                image_limits(settings),
                wanted,
                started=started,
            )
            run = write_review(found, gallery, settings.data_dir)
        counts = by_reason(found.candidates)
        show(
            {"run": run, "candidates": len(found.candidates), "by_reason": counts},
            [
                *(f"{count:6d}  {reason}" for reason, count in counts.items()),
                f"run {run}: {len(found.candidates)} of {len(gallery.photos)} photos may have "
                f"to go; nothing was removed. Look at {settings.data_dir / FOLDER / run}"
                f"/report.html, then {hint(f'clean apply {run}', data_dir)}",
            ],
            as_json=json,
        )


@clean_app.command()
def apply(
    run: Run,
    keep: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Keep-list that the report page downloads."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Go on though the gallery has changed since the scan.")
    ] = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Move the photos still in a run's review folder out of the gallery, into removed/RUN."""
    with plain_errors():
        settings = load_settings(data_dir)
        keeping = read_keep_list(keep) if keep else []
        with exclusive(settings.data_dir, "apply"):
            removal = apply_run(settings.data_dir, run, keep=keeping, force=force)
        warn(removal.problems)
        told = f"removed {len(removal.removed)} photos, {removal.kept} candidates stay"
        if removal.before:
            told = f"run {run} is applied already: {len(removal.removed)} photos are removed"
        show(
            {
                "run": run,
                "removed": len(removal.removed),
                "kept": removal.kept,
                "before": removal.before,
                "photos": [photo.path for photo in removal.removed],
                "problems": [as_record(p) for p in removal.problems],
            },
            [
                told,
                f"run {hint('index', data_dir)} to publish the gallery as it is now; "
                f"{hint(f'clean restore {run}', data_dir)} puts the photos back",
            ],
            as_json=json,
        )


@clean_app.command()
def restore(run: Run, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Put back what applying a run removed, to the byte and in its order."""
    with plain_errors():
        settings = load_settings(data_dir)
        with exclusive(settings.data_dir, "restore"):
            restoration = restore_run(settings.data_dir, run)
        warn(restoration.problems)
        count = len(restoration.restored)
        show(
            {
                "run": run,
                "restored": count,
                "before": restoration.before,
                "photos": [photo.path for photo in restoration.restored],
                "problems": [as_record(p) for p in restoration.problems],
            },
            [
                f"run {run} was restored already"
                if restoration.before
                else f"put back {count} photos; run {hint('index', data_dir)} to publish them"
            ],
            as_json=json,
        )


@clean_app.command("evaluate")
def evaluate_run(
    truth: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="CSV with file,row,label: what is wrong with a row."
        ),
    ],
    run: Annotated[
        str | None, typer.Argument(help="Name of a run; the latest if not given.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Compare what a run found with known labels: precision, recall, F1, good photos hit."""
    with plain_errors():
        settings = load_settings(data_dir)
        labels = read_truth(truth)
        if run is None:
            run = next(reversed(runs(settings.data_dir)), None)
            if run is None:
                raise DataDirError(f"there is no run yet: {hint('clean scan', data_dir)} makes one")
        review = read_review(settings.data_dir, run)
        photos = {photo.key: photo for photo in Gallery(settings.data_dir).photos}
        photos |= removed_photos(settings.data_dir)
        evaluation = evaluate(
            labels,
            list(photos.values()),
            {key: list(photo.scores) for key, photo in review.candidates.items()},
        )
        hits = [
            {
                "photo": photos[key].path,
                "source": list(photos[key].sources),
                "reasons": sorted(reasons),
            }
            for key, reasons in evaluation.hits.items()
        ]
        show(
            {
                "run": run,
                "reasons": {name: _score(score) for name, score in evaluation.scores.items()},
                "clean": evaluation.clean,
                "clean_hit": len(hits),
                "unlabelled": evaluation.unlabelled,
                "hits": hits,
            },
            _table(run, evaluation),
            as_json=json,
        )


def _score(score: Score) -> dict[str, float | None]:
    return {
        "planted": score.planted,
        "flagged": score.flagged,
        "right": score.right,
        "found": score.found,
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
    }


def _table(run: str, evaluation: Evaluation) -> Sequence[str]:
    """The evaluation for people."""

    def share(value: float | None) -> str:
        return "-".rjust(9) if value is None else f"{value:9.3f}"

    hit = len(evaluation.hits)
    return [
        f"{'':16}{'planted':>9}{'flagged':>9}{'right':>9}"
        f"{'precision':>11}{'recall':>9}{'F1':>9}   found for any reason",
        *(
            f"{name:16}{score.planted:9}{score.flagged:9}{score.right:9}  "
            f"{share(score.precision)}{share(score.recall)}{share(score.f1)}   {score.found}"
            for name, score in evaluation.scores.items()
        ),
        f"run {run}: {hit} of {evaluation.clean} clean photos hit"
        + (f", {evaluation.unlabelled} photos have no label" if evaluation.unlabelled else ""),
        *(
            f"  clean, but {', '.join(sorted(reasons))}: {place_id}/{photo_id}"
            for (photo_id, place_id), reasons in evaluation.hits.items()
        ),
    ]
