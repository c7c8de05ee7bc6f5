"""Claims about the whole: which room may know which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "core": {"bot", "offline", "web", "aiogram", "fastapi", "typer", "rich"},
    "offline": {"bot", "web", "aiogram", "fastapi"},
    "bot": {"offline", "web", "fastapi", "typer"},
    "web": {"bot", "offline", "aiogram", "typer"},
}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_dependencies_point_inward(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] not in FORBIDDEN[room], f"{path} imports {name}"


def loaded_modules(program: str) -> set[str]:
    """Top-level modules loaded after running ``program`` in a fresh interpreter."""
    ending = "; import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", program + ending]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_importing_core_loads_neither_telegram_nor_a_terminal_nor_torch() -> None:
    modules = loaded_modules("import core.guide, core.querylog, core.settings, core.embedders")
    assert not modules & {"aiogram", "typer", "rich", "torch", "transformers", "onnx"}
    assert "faiss" in modules


def test_commands_begin_without_what_only_some_of_them_need() -> None:
    """Each costs up to three seconds, which `ask` would wait for."""
    modules = loaded_modules("import offline.__main__")
    assert not modules & {"sklearn", "scipy", "aiogram", "torch", "transformers", "onnx"}


def test_importing_reads_no_environment() -> None:
    for module in ("core.settings", "core.guide", "bot.app", "offline.__main__", "web.app"):
        subprocess.run(
            [sys.executable, "-c", f"import {module}"],
            env={"GUIDE_K": "nonsense", "PATH": "/usr/bin:/bin"},
            check=True,
            cwd=ROOT,
        )
