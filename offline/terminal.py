"""How commands talk: results on stdout, progress and warnings on stderr, errors in one line."""

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from core.errors import GuideError
from core.settings import Settings, misspelt, what_is_wrong
from offline.progress import Advanced, Started
from offline.sources.items import Problem

PROBLEMS_SHOWN = 50

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", help="The guide's data folder; GUIDE_DATA_DIR or data if not given."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]

# emoji=False: `images.csv:100:` is the name of a row, not of a picture
out = Console(highlight=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn what goes wrong into one line on stderr and an exit code."""
    try:
        yield
    except GuideError as error:
        fail(str(error))
    except BrokenPipeError:
        raise  # whoever read the results has had enough, which is no error
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        err.print("stopped; nothing is left half done, and the command can be run again")
        raise typer.Exit(130) from None


def fail(message: str, code: int = 1) -> NoReturn:
    """Say what went wrong in one line and leave."""
    err.print(f"error: {message}", style="red", markup=False)
    raise typer.Exit(code)


def load_settings(data_dir: Path | None) -> Settings:
    """The settings, with the command line's data folder if it names one."""
    try:
        settings = Settings(data_dir=data_dir) if data_dir else Settings()
    except (ValidationError, UnicodeDecodeError) as error:
        fail(f"wrong settings: {what_is_wrong(error)}", code=2)
    for line in misspelt():
        err.print(line, style="yellow", markup=False)
    return settings


def hint(command: str, data_dir: Path | None) -> str:
    """A command to go on with, as it has to be typed for the same data folder."""
    folder = f" --data-dir {shlex.quote(str(data_dir))}" if data_dir else ""
    return f"`python -m offline {command}{folder}`"


def show(result: dict[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
    """Print a result: for machines as one JSON object, for people as lines."""
    if as_json:
        print_json(result)
    else:
        for line in lines:
            out.print(line, markup=False)


def print_json(result: dict[str, Any]) -> None:
    """Print one object on one line, at once, so that a reader can follow."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def warn(problems: Sequence[Problem], *, all_of_them: bool = False) -> None:
    """List what was left out or is doubtful."""
    shown = problems if all_of_them else problems[:PROBLEMS_SHOWN]
    for problem in shown:
        err.print(f"{problem.source}: {problem.reason}", style="yellow", markup=False)
    if len(problems) > len(shown):
        err.print(f"... and {len(problems) - len(shown)} more", style="yellow", markup=False)


def as_record(problem: Problem) -> dict[str, str]:
    """A problem for machines."""
    return {"source": problem.source, "reason": problem.reason}


class RateColumn(ProgressColumn):
    """Photos a second."""

    def render(self, task: Task) -> Text:
        """Draw the column."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f}/s" if speed else "", style="cyan")


@contextmanager
def progress(unit: str) -> Iterator[Started]:
    """Progress bars on stderr with rate and time left, one for each thing that is started."""
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        RateColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=err,
    )

    def started(what: str, total: int | None) -> Advanced:
        if total == 0:
            return lambda done: None  # a bar of nothing would never be full
        bar = bars.add_task(what, total=total)
        bars.start()  # not before: stopping bars that are not there prints an empty line
        return lambda done: bars.advance(bar, done)

    try:
        yield started
    finally:
        if bars.tasks:
            bars.stop()


def counter(unit: str) -> Progress:
    """A running count on stderr with its rate, for work whose size is not known."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description} {task.completed} " + unit),
        RateColumn(),
        TimeElapsedColumn(),
        console=err,
    )
