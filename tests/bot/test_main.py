import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import main

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("as_a_command")


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_a_missing_token_is_one_clear_line_and_exit_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 1
    assert "GUIDE_BOT_TOKEN" in one_line(capsys)


@pytest.mark.parametrize("token", ["nonsense", "98765", "98765:", ":abc", "12 345:abc", "1:a/../b"])
def test_a_malformed_token_is_one_clear_line_that_does_not_show_it(
    token: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_TOKEN", token)
    assert main([]) == 1
    line = one_line(capsys)
    assert "not a bot token" in line
    assert token not in line


def test_wrong_settings_are_one_clear_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIDE_K", "many")
    monkeypatch.setenv("GUIDE_CONCURRENCY", "0")
    monkeypatch.setenv("GUIDE_CLEAN_THRESHOLDS", "collage=0.8")
    assert main([]) == 2
    line = one_line(capsys)
    assert "GUIDE_K" in line
    assert "GUIDE_CLEAN_THRESHOLDS" in line
    assert "GUIDE_CONCURRENCY" in line


def test_a_name_that_is_no_setting_is_logged_before_what_it_leads_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIDE_BOT_TOKN", "42:secret")
    monkeypatch.setenv("GUIDE_LOG_FORMAT", "json")
    assert main([]) == 1
    logged, wrong = capsys.readouterr().err.splitlines()
    assert json.loads(logged)["message"].startswith("GUIDE_BOT_TOKN is no setting")
    assert "no bot token" in wrong


def test_a_file_of_settings_in_another_encoding_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("GUIDE_K=7  # соседей\n", encoding="cp1251")
    assert main([]) == 2
    assert ".env is not in UTF-8" in one_line(capsys)


@pytest.mark.parametrize("port", ["many", "-1", "65536"])
def test_a_port_that_is_none_is_named(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as wrong:
        main(["--sandbox", f"--sandbox-port={port}"])
    assert wrong.value.code == 2
    assert f"'{port}' is no port" in capsys.readouterr().err


def test_ctrl_c_while_it_starts_is_a_stop_like_any_other() -> None:
    """In a process of its own: what a start sets up stays."""
    starting = (
        "import asyncio, signal, sys\n"
        "from bot.__main__ import _run\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        "async def work():\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    await asyncio.Event().wait()\n"
        "sys.exit(_run(work))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", starting],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_wrong_usage_exits_with_2_and_help_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as wrong:
        main(["--colour"])
    with pytest.raises(SystemExit) as helped:
        main(["--help"])
    assert (wrong.value.code, helped.value.code) == (2, 0)
    assert "--data-dir" in capsys.readouterr().out


def test_what_is_wrong_is_told_before_the_slow_import_of_the_bot_framework() -> None:
    code = "import sys, bot.__main__ as m; m.main([]); print('aiogram' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "False"
