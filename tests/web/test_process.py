"""``python -m web`` as people start it."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from offline.sources.demo import demo_query
from tests.web.web_process import environment, web_process
from web.__main__ import main


async def test_it_answers_a_photo_and_stops_on_sigterm(data_dir: Path) -> None:
    async with web_process(data_dir) as web:
        await web.ready()
        async with httpx.AsyncClient(base_url=web.url, timeout=30) as client:
            photo = demo_query("demo-lighthouse")
            answer = await client.post("/v1/recognize", files={"photo": photo})
        web.stop()
        assert await web.ended() == 0, web.log
    assert answer.json()["places"][0]["place"]["name_en"]
    assert "stopped" in web.log
    assert "Traceback" not in web.log


def run(data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web"],
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        cwd=data_dir,
        check=False,
    )


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    unpublished = run(tmp_path)
    assert (unpublished.returncode, unpublished.stderr.count("\n")) == (1, 1)
    assert f"nothing has been published in {tmp_path} yet" in unpublished.stderr
    assert "python -m offline index" in unpublished.stderr
    for name in ("GUIDE_WEB_PORT", "GUIDE_CLEAN_THRESHOLDS"):
        misconfigured = run(tmp_path, **{name: "many"})
        assert (misconfigured.returncode, misconfigured.stderr.count("\n")) == (2, 1)
        assert name in misconfigured.stderr
    (tmp_path / ".env").write_text("GUIDE_K=7  # соседей\n", encoding="cp1251")
    unreadable = run(tmp_path)
    assert (unreadable.returncode, unreadable.stderr.count("\n")) == (2, 1)
    assert ".env is not in UTF-8" in unreadable.stderr


def test_a_name_that_is_no_setting_is_logged_as_all_else(tmp_path: Path) -> None:
    logged = run(tmp_path, GUIDE_COLOURS="many", GUIDE_LOG_FORMAT="json").stderr.splitlines()[0]
    assert json.loads(logged)["message"] == "GUIDE_COLOURS is no setting"


def test_without_its_packages_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("web.__main__.find_spec", lambda name: None)
    assert main([]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "electronic-city-guide[web]" in line


def test_a_taken_port_is_one_line(demo_data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(demo_data, GUIDE_WEB_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "cannot listen on" in done.stderr.splitlines()[-1]
