"""The command as people and scripts use it, on the drawn city with the bundled embedder."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from core.files import write_atomic
from offline.evaluating.commands import evaluate
from offline.sources.demo import demo_places, demo_query

app = typer.Typer()
app.command("evaluate")(evaluate)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new view of each sight of the drawn city, and words."""
    folder = tmp_path_factory.mktemp("questions")
    places = demo_places()
    for place in places:
        photo = demo_query(place.place_id, seed=1)
        write_atomic(folder / "queries" / place.place_id / "1.jpg", photo, durable=False)
    rows = "".join(f"{place.name},ru,name,{place.place_id}\n" for place in places[:3])
    (folder / "texts.csv").write_text(f"query,lang,how,relevant\n{rows}", encoding="utf-8")
    return folder


def test_the_drawn_city_is_measured(demo_data: Path, questions: Path, tmp_path: Path) -> None:
    result = run(
        "--data-dir", demo_data, "--queries", questions / "queries", "--unknown",
        questions / "queries", "--texts", questions / "texts.csv", "--out", tmp_path, "--json",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    written = json.loads((tmp_path / "evaluation.json").read_bytes())
    outcomes = written.pop("outcomes")
    assert printed == {**written, "folder": str(tmp_path)}
    assert printed["queries"]["measures"]["name_hit_1"]["value"] >= 0.9
    # here the "unknown" photos are the known ones, so nothing can tell them apart
    assert printed["unknown"]["measures"]["similarity_auroc"]["value"] == pytest.approx(0.5)
    assert len(outcomes["queries"]) == len(demo_places())
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_without_questions_the_gallery_alone_is_measured(demo_data: Path, tmp_path: Path) -> None:
    data_dir = shutil.copytree(demo_data, tmp_path / "data")
    result = run("--data-dir", data_dir)
    assert result.exit_code == 0, result.output
    assert "name hit 1" in result.stdout
    [folder] = (data_dir / "evaluations").iterdir()
    assert str(folder / "report.html") in result.stdout
    earlier = folder / "evaluation.json"
    again = run("--data-dir", data_dir, "--against", earlier, "--out", tmp_path / "again")
    assert f"changes since {earlier}" in again.stdout
    assert "clear" not in again.stdout


def test_what_cannot_be_evaluated_is_one_clear_line(
    demo_data: Path, questions: Path, tmp_path: Path
) -> None:
    (tmp_path / "nothing.json").write_text("{}")
    for arguments, words in (
        (("--data-dir", tmp_path), "nothing has been published"),
        (("--data-dir", demo_data, "--queries", tmp_path), "holds no photos"),
        (
            ("--data-dir", demo_data, "--out", tmp_path, "--against", tmp_path / "nothing.json"),
            "not a readable evaluation",
        ),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "Traceback" not in result.output
        [line] = [line for line in result.stderr.splitlines() if line.startswith("error")]
        assert words in line
    assert run("--queries", questions / "missing").exit_code == 2


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    result = run("--data-dir", tmp_path, "--out", tmp_path / "file" / "out")
    assert result.exit_code == 1
    assert str(tmp_path / "file" / "out") in result.stderr
    assert "published" not in result.stderr
