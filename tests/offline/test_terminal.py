import io
from pathlib import Path

import pytest
import typer
from rich.console import Console

from offline import terminal
from offline.sources.items import Problem
from offline.terminal import hint, load_settings


def test_what_there_is_none_of_has_no_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=seen, force_terminal=True, width=100))
    with terminal.progress("photos") as started:
        started("embedding", 0)(0)
        started("views", 2)(2)
    assert "views" in seen.getvalue()
    assert "2/2" in seen.getvalue()
    assert "embedding" not in seen.getvalue()


def test_no_bars_leave_no_empty_line(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=seen))
    with terminal.progress("photos") as started:
        started("embedding", 0)(0)
    assert seen.getvalue() == ""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(13, "Permission denied", "/some/file"), "/some/file: Permission denied"),
        (OSError("no space is left"), "no space is left"),
    ],
)
def test_an_error_of_the_system_is_one_clear_line(
    error: OSError, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=seen, soft_wrap=True))
    with pytest.raises(typer.Exit) as ended, terminal.plain_errors():
        raise error
    assert (ended.value.exit_code, seen.getvalue()) == (1, f"error: {told}\n")


def test_names_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.warn([Problem("images.csv:100", "bad [red] row")])
    terminal.show({}, [":star: tower"], as_json=False)
    printed = capsys.readouterr()
    assert printed.err == "images.csv:100: bad [red] row\n"
    assert printed.out == ":star: tower\n"


def test_whoever_reads_no_further_is_no_error() -> None:
    with pytest.raises(BrokenPipeError), terminal.plain_errors():
        raise BrokenPipeError


def test_a_hint_can_be_typed_as_it_stands() -> None:
    assert hint("index", None) == "`python -m offline index`"
    assert hint("index", Path("my city")) == "`python -m offline index --data-dir 'my city'`"


def test_a_name_that_is_no_setting_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GUIDE_KEEP_SNAPSHOT", "3")
    load_settings(None)
    assert "GUIDE_KEEP_SNAPSHOT is no setting" in capsys.readouterr().err
