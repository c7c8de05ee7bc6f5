"""``python -m web`` as people start it."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from offline.sources.demo import demo_query

ROOT = Path(__file__).parents[2]


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if "GUIDE" not in name}
    return {**others, "PYTHONPATH": str(ROOT), "GUIDE_DATA_DIR": str(data_dir), **settings}


async def test_it_answers_a_photo_and_stops_on_sigterm(demo_data: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web",
        stderr=asyncio.subprocess.PIPE,
        cwd=tmp_path,
        env=environment(demo_data, GUIDE_WEB_PORT=str(port)),
    )  # fmt: skip
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await ready(client, process)
            photo = demo_query("demo-lighthouse")
            answer = await client.post("/v1/recognize", files={"photo": photo})
        process.send_signal(signal.SIGTERM)
        _, said = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
    assert answer.json()["places"][0]["place"]["name_en"]
    assert process.returncode == 0, said.decode()
    assert b"stopped" in said
    assert b"Traceback" not in said


async def ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    for _ in range(600):
        assert process.returncode is None
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("it never got ready")


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
    assert "nothing is published" in unpublished.stderr
    misconfigured = run(tmp_path, GUIDE_WEB_PORT="many")
    assert misconfigured.returncode == 2
    assert "GUIDE_WEB_PORT" in misconfigured.stderr


def test_a_taken_port_is_one_line(demo_data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(demo_data, GUIDE_WEB_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "cannot listen on" in done.stderr.splitlines()[-1]
