import subprocess
import sys
from pathlib import Path

import pytest

from bot.health import STALE_AFTER_S, heartbeat_file, is_alive, main


def test_a_recent_heartbeat_means_alive(tmp_path: Path) -> None:
    heartbeat_file(tmp_path).touch()
    beat = heartbeat_file(tmp_path).stat().st_mtime
    assert is_alive(tmp_path, now=beat + STALE_AFTER_S - 1)
    assert not is_alive(tmp_path, now=beat + STALE_AFTER_S + 1)


def test_no_heartbeat_means_not_alive(tmp_path: Path) -> None:
    assert not is_alive(tmp_path)
    assert not is_alive(tmp_path / "nowhere")


def test_the_exit_code_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["--data-dir", str(tmp_path)]) == 1
    heartbeat_file(tmp_path).touch()
    assert main(["--data-dir", str(tmp_path)]) == 0
    monkeypatch.setenv("GUIDE_DATA_DIR", str(tmp_path))
    assert main([]) == 0


def test_the_check_loads_nothing_but_the_standard_library(tmp_path: Path) -> None:
    heartbeat_file(tmp_path).touch()
    code = (
        "import sys; before = set(sys.modules); import bot.health;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "['bot']"
