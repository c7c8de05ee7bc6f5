"""The command of evaluation: python -m offline evaluate."""

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from core.assembly import image_limits, make_embedder
from core.files import write_atomic
from offline.evaluating.evaluation import evaluation_of, read_earlier
from offline.evaluating.report import Thumbnails, report_page
from offline.evaluating.running import Questions, ask_everything
from offline.evaluating.summary import summary
from offline.terminal import AsJson, DataDir, load_settings, plain_errors, progress, show, warn

FOLDER = "evaluations"
JSON_FILE, REPORT_FILE = "evaluation.json", "report.html"


def evaluate(
    queries: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Photos to ask about, in folders named by place_id or name.",
        ),
    ] = None,
    unknown: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Photos of no place of the gallery, at any depth."
        ),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="CSV query,lang,how,relevant; relevant: place_ids or names parted by ;, "
            "empty where nothing fits.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            writable=True,
            help=f"Where {JSON_FILE} and {REPORT_FILE} go; by default a new folder in "
            f"the data folder's {FOLDER}.",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help=f"{JSON_FILE} of an earlier run to compare with."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap's draws.")] = 0,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Measure how good the answers are: the gallery asked about itself, and your own queries."""
    with plain_errors():
        settings = load_settings(data_dir)
        limits = image_limits(settings)
        questions = Questions(queries=queries, unknown=unknown, texts=texts)
        # read first: a mistake in it should not show after minutes of work
        earlier = read_earlier(against) if against else None
        if out:
            out.mkdir(parents=True, exist_ok=True)  # now, for the same reason
        with progress("questions") as started:
            asked = ask_everything(
                settings.data_dir,
                make_embedder(settings),
                limits,
                questions,
                k=settings.k,
                started=started,
            )
            measured = started("measuring", asked.outcomes.count)
            evaluation = evaluation_of(asked, seed=seed, against=earlier)
            measured(asked.outcomes.count)
        warn(asked.problems)
        folder = out or settings.data_dir / FOLDER / f"{evaluation.created:%Y%m%dT%H%M%SZ}"
        result = evaluation.as_json()
        text = json_format.dumps(result, ensure_ascii=False, indent=1)
        write_atomic(folder / JSON_FILE, text.encode())
        thumbnails = Thumbnails(settings.data_dir, questions, limits)
        write_atomic(folder / REPORT_FILE, report_page(evaluation, thumbnails).encode())
        del result["outcomes"]
        show(
            {**result, "folder": str(folder)},
            [*summary(evaluation), "", f"{folder / REPORT_FILE} shows more"],
            as_json=json,
        )
