import io

import pytest
from rich.console import Console

from offline import terminal


def test_what_there_is_none_of_has_no_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=seen, force_terminal=True, width=100))
    with terminal.progress("photos") as started:
        started("embedding", 0)(0)
        started("views", 2)(2)
    assert "views" in seen.getvalue()
    assert "2/2" in seen.getvalue()
    assert "embedding" not in seen.getvalue()
