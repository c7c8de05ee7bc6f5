"""The command line as people and scripts use it: exit codes, one clear line, JSON."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from core.files import exclusive
from offline.__main__ import app
from offline.sources.demo import demo_places, demo_query
from tests.doubles import coloured_photo, encoded

ROOT = Path(__file__).parents[2]


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)


def one_clear_line(result: Result) -> str:
    """The only line on stderr of a command that failed."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("error")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.output
    return lines[0]


def commands(group: typer.core.TyperGroup, path: Sequence[str] = ()) -> list[list[str]]:
    found = []
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            found += commands(command, [*path, name])
        else:
            found.append([*path, name])
    return found


@pytest.fixture
def data(demo_data: Path, tmp_path: Path) -> Path:
    """A copy of the published demo city that a test may change."""
    return Path(shutil.copytree(demo_data, tmp_path / "data"))


def folder_city(folder: Path) -> Path:
    for colour in ("red", "blue"):
        (folder / colour).mkdir(parents=True)
        for n in range(3):
            photo = encoded(coloured_photo(colour, seed=n))
            (folder / colour / f"{n}.jpg").write_bytes(photo)
    return folder


def test_every_command_has_help_a_data_dir_and_json() -> None:
    every = commands(typer.main.get_command(app))  # type: ignore[arg-type]
    assert ["index"] in every
    assert ["import", "nto"] in every
    for command in every:
        result = run(*command, "--help")
        assert result.exit_code == 0
        for needed in ("--data-dir", "--json"):
            assert needed in result.stdout, command
        assert run(*command, "-h").stdout == result.stdout


def test_no_help_is_taken_for_markup() -> None:
    """Rich would leave out what stands in square brackets."""

    def helps(command: Any) -> Iterator[str]:
        yield command.help or ""
        yield from (getattr(parameter, "help", None) or "" for parameter in command.params)
        for each in getattr(command, "commands", {}).values():
            yield from helps(each)

    every = list(helps(typer.main.get_command(app)))
    assert any("Name of a run" in text for text in every)
    assert not [text for text in every if "[" in text]


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["import", "nto", "/nowhere"], ["ask"], ["ask", "x", "--lang", "fr"]],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_import_tells_what_it_did(tmp_path: Path) -> None:
    city = folder_city(tmp_path / "city")
    (city / "red" / "text.jpg").write_bytes(b"this is text")
    result = run("import", "folder", city, "--data-dir", tmp_path / "data", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["places"], told["added"], told["photos"]) == (2, 6, 6)
    assert [problem["source"] for problem in told["problems"]] == ["red/text.jpg"]
    assert "red/text.jpg: not a picture" in result.stderr


def test_import_counts_every_problem_that_it_lists(tmp_path: Path) -> None:
    city = folder_city(tmp_path / "city")
    (city / "red" / "text.jpg").write_bytes(b"this is text")
    result = run("import", "folder", city, "--data-dir", tmp_path / "data")
    assert "1 problem is listed above" in result.stdout
    (city / "red" / "text.jpg").write_bytes((city / "blue" / "0.jpg").read_bytes())
    (city / "empty").mkdir()
    result = run("import", "folder", city, "--data-dir", tmp_path / "data")
    assert "blue/0.jpg: the same picture stands under" in result.stderr
    assert "2 problems are listed above" in result.stdout


@pytest.mark.parametrize("source", ["nto", "folder"])
def test_an_empty_folder_is_one_clear_line(tmp_path: Path, source: str) -> None:
    (tmp_path / "empty").mkdir()
    result = run("import", source, tmp_path / "empty", "--data-dir", tmp_path / "data")
    assert result.exit_code == 1
    assert str(tmp_path / "empty") in one_clear_line(result)


def test_a_broken_csv_is_reported_and_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "X_places.csv").write_bytes(b"\x00\xff\xfe broken\nbroken")
    (tmp_path / "X_images.csv").write_bytes(b'"' * 1001)
    result = run("import", "nto", tmp_path, "--data-dir", tmp_path / "data")
    assert result.exit_code == 1
    assert "nothing could be imported" in one_clear_line(result)
    assert "X_places.csv: the file has no column name" in result.stderr


def test_index_without_photos_is_one_clear_line(tmp_path: Path) -> None:
    result = run("index", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "no usable photos" in one_clear_line(result)


def test_a_data_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file is in the way")
    for arguments in (["import", "folder", folder_city(tmp_path / "city")], ["index"]):
        result = run(*arguments, "--data-dir", tmp_path / "data")
        assert result.exit_code == 1
        assert "cannot write" in one_clear_line(result)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_data_folder_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    city = folder_city(tmp_path / "city")
    result = run("import", "folder", city, "--data-dir", tmp_path / "data")
    assert result.exit_code == 1
    assert "cannot write" in one_clear_line(result)


def test_two_jobs_at_once_are_refused(data: Path, tmp_path: Path) -> None:
    with exclusive(data, "test"):
        result = run("index", "--data-dir", data)
    assert result.exit_code == 1
    assert "another job" in one_clear_line(result)


def test_a_setting_without_meaning_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDE_K", "many")
    result = run("snapshots")
    assert result.exit_code == 2
    assert "GUIDE_K" in one_clear_line(result)


def test_a_file_of_settings_in_another_encoding_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("GUIDE_K=7  # соседей\n", encoding="cp1251")
    result = run("snapshots")
    assert result.exit_code == 2
    assert ".env is not in UTF-8" in one_clear_line(result)


@pytest.mark.parametrize("value", ["collage=0.8", '{"collage": "much"}', '{"foo": 1}'])
def test_thresholds_without_meaning_are_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.setenv("GUIDE_CLEAN_THRESHOLDS", value)
    result = run("clean", "scan", "--data-dir", tmp_path)
    assert result.exit_code == 2
    assert "GUIDE_CLEAN_THRESHOLDS: " in one_clear_line(result)


def test_asking_before_anything_is_published_is_one_clear_line(tmp_path: Path) -> None:
    result = run("ask", "tower", "--data-dir", tmp_path)
    assert result.exit_code == 1
    assert "nothing has been published" in one_clear_line(result)


def test_a_snapshot_of_another_embedder_is_one_clear_line(data: Path) -> None:
    manifest = next((data / "snapshots").glob("*/manifest.json"))
    manifest.write_text(manifest.read_text().replace('"embedder": "', '"embedder": "other-'))
    result = run("ask", "tower", "--data-dir", data)
    assert result.exit_code == 1
    assert "built with embedder other-" in one_clear_line(result)


def test_a_half_written_snapshot_is_one_clear_line(data: Path) -> None:
    index = next((data / "snapshots").glob("*/photos.faiss"))
    index.write_bytes(index.read_bytes()[:5000])
    result = run("ask", "tower", "--data-dir", data)
    assert result.exit_code == 1
    assert "not the file that was published" in one_clear_line(result)


def ask(data: Path, *inputs: object, stdin: str | None = None) -> list[dict[str, Any]]:
    result = run("ask", "--json", "--data-dir", data, *inputs, stdin=stdin)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_ask_answers_photos_and_texts_in_one_object_a_line(demo_data: Path, tmp_path: Path) -> None:
    place = demo_places()[0]
    photo = tmp_path / "query.jpg"
    photo.write_bytes(demo_query(place.place_id))
    seen, found = ask(demo_data, photo, place.name)
    assert list(seen) == [
        "input", "confident", "places", "categories", "photos", "timings_ms", "snapshot",
    ]  # fmt: skip
    assert seen["input"] == str(photo)
    assert seen["places"][0].keys() == {"place_id", "name", "city", "share", "photo"}
    assert seen["places"][0]["place_id"] == place.place_id
    assert seen["categories"][0].keys() == {"category", "label", "share"}
    assert set(seen["photos"][0]) >= {"photo_id", "place_id", "name", "path", "score"}
    assert Path(seen["photos"][0]["path"]).is_file()
    assert [hit["place_id"] for hit in found["photos"]] == [place.place_id] * 5


def test_what_cannot_be_answered_is_an_error_line_and_the_rest_goes_on(
    demo_data: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.jpg").write_bytes(b"I am text")
    inputs = [str(tmp_path / "text.jpg"), str(tmp_path / "missing.heic"), "???", "башня"]
    answers = ask(demo_data, "-", stdin="\n".join(inputs))
    assert [answer["input"] for answer in answers] == inputs
    assert ["error" in answer for answer in answers] == [True, True, True, False]


def test_a_list_may_have_the_line_ends_of_windows(demo_data: Path, tmp_path: Path) -> None:
    (tmp_path / "query.jpg").write_bytes(demo_query(demo_places()[0].place_id))
    done = subprocess.run(
        [sys.executable, "-m", "offline", "ask", "-", "--json", "--data-dir", demo_data],
        input=f"{tmp_path / 'query.jpg'}\r\n\r\nбашня\r\n".encode(),
        capture_output=True, check=True, cwd=ROOT,
    )  # fmt: skip
    seen, found = map(json.loads, done.stdout.splitlines())
    assert (seen["input"], found["input"]) == (str(tmp_path / "query.jpg"), "башня")
    assert seen["categories"]


def test_an_empty_list_is_one_clear_line(demo_data: Path) -> None:
    for stdin in ("", "\n\n"):
        result = run("ask", "-", "--data-dir", demo_data, stdin=stdin)
        assert (result.exit_code, result.stderr) == (1, "-: nothing was given on stdin\n")


def test_a_folder_is_an_error_line_and_no_words(demo_data: Path, tmp_path: Path) -> None:
    [folder, words] = ask(demo_data, tmp_path, "башня")
    assert "it is a folder" in folder["error"]
    assert "photos" in words
    [empty] = ask(demo_data, "")
    assert "no words" in empty["error"]


def test_ask_fails_when_nothing_could_be_answered(demo_data: Path) -> None:
    assert run("ask", "missing.jpg", "--data-dir", demo_data).exit_code == 1


def test_a_text_is_never_taken_for_a_file(demo_data: Path) -> None:
    for text in ("x" * 5000, "a\0b tower", "http://example.com/a/tower"):
        [answer] = ask(demo_data, "-", stdin=text)
        assert "photos" in answer


def test_people_read_names_shares_and_categories(demo_data: Path, tmp_path: Path) -> None:
    place = demo_places()[0]
    (tmp_path / "query.jpg").write_bytes(demo_query(place.place_id))
    result = run("ask", tmp_path / "query.jpg", "--lang", "ru", "--data-dir", demo_data)
    assert place.name in result.stdout
    assert "%" in result.stdout


def test_places_without_categories_get_no_empty_line(tmp_path: Path) -> None:
    city = folder_city(tmp_path / "city")
    run("import", "folder", city, "--data-dir", tmp_path / "data")
    assert run("index", "--data-dir", tmp_path / "data").exit_code == 0
    result = run("ask", city / "red" / "0.jpg", "--data-dir", tmp_path / "data")
    assert "  1." in result.stdout
    assert "categories:" not in result.stdout


def test_snapshots_are_listed_and_rolled_back(data: Path) -> None:
    [first] = json.loads(run("snapshots", "--json", "--data-dir", data).stdout)["snapshots"]
    result = run("rollback", "--data-dir", data)
    assert result.exit_code == 1
    assert "no earlier snapshot" in one_clear_line(result)
    photo = next((data / "gallery" / "photos").rglob("*.jpg"))
    photo.unlink()
    assert json.loads(run("index", "--json", "--data-dir", data).stdout)["published"]
    listed = json.loads(run("snapshots", "--json", "--data-dir", data).stdout)
    assert [row["current"] for row in listed["snapshots"]] == [False, True]
    rolled = json.loads(run("rollback", "--json", "--data-dir", data).stdout)
    assert rolled == {"snapshot": first["version"]}
    assert f"* {first['version']}" in run("snapshots", "--data-dir", data).stdout


def test_without_snapshots_the_folder_looked_in_is_told(tmp_path: Path) -> None:
    result = run("snapshots", "--data-dir", tmp_path / "misspelt")
    assert result.stdout == f"nothing has been published in {tmp_path / 'misspelt'} yet\n"


def test_going_back_in_a_folder_that_is_not_there_makes_none(tmp_path: Path) -> None:
    result = run("rollback", "--data-dir", tmp_path / "misspelt")
    assert result.exit_code == 1
    assert "nothing has been published" in one_clear_line(result)
    assert not (tmp_path / "misspelt").exists()


def earlier_snapshot(data: Path, version: str, **changed: object) -> Path:
    """A copy of the current snapshot as an earlier version, with another manifest; its path."""
    current = data / "snapshots" / (data / "snapshots" / "current").read_text()
    manifest = Path(shutil.copytree(current, current.with_name(version))) / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changed))
    return manifest


def test_snapshots_tell_which_have_trained_heads(tmp_path: Path) -> None:
    where = ("--data-dir", tmp_path / "data")
    run("import", "folder", folder_city(tmp_path / "city"), *where)
    assert run("index", *where).exit_code == 0
    assert run("train", *where).exit_code == 0
    plain, trained = run("snapshots", *where).stdout.splitlines()
    assert "with trained heads" not in plain
    assert "with trained heads" in trained
    listed = json.loads(run("snapshots", "--json", *where).stdout)["snapshots"]
    assert [row["trained"] for row in listed] == [False, True]


def test_snapshots_that_cannot_be_used_are_listed_as_such(data: Path) -> None:
    earlier_snapshot(data, "20200101T000000000Z-older", format=3)
    earlier_snapshot(data, "20200102T000000000Z-cut").write_text('{"format"')
    result = run("snapshots", "--json", "--data-dir", data)
    assert result.exit_code == 0
    older, cut, current = json.loads(result.stdout)["snapshots"]
    assert "has format 3" in older["unusable"]
    assert "not a readable manifest" in cut["unusable"]
    assert (cut["photos"], cut["embedder"], cut["current"]) == (None, None, False)
    assert current["unusable"] is None
    assert current["current"]
    assert list(older) == list(current)
    lines = run("snapshots", "--data-dir", data).stdout.splitlines()
    assert ["unusable: " in line for line in lines] == [True, True, False]


@pytest.mark.parametrize(
    ("configured", "made_with"), [("bundled", "bundled-lite-224-other"), ("clip", "bundled-lite")]
)
def test_a_snapshot_that_the_embedder_cannot_serve_is_not_gone_back_to(
    data: Path, monkeypatch: pytest.MonkeyPatch, configured: str, made_with: str
) -> None:
    earlier_snapshot(data, "20200101T000000000Z-other", embedder=made_with)
    monkeypatch.setenv("GUIDE_EMBEDDER", configured)
    before = (data / "snapshots" / "current").read_text()
    result = run("rollback", "--data-dir", data)
    assert result.exit_code == 1
    assert f"GUIDE_EMBEDDER={configured} does not serve" in one_clear_line(result)
    assert (data / "snapshots" / "current").read_text() == before


def test_going_back_warns_of_another_embedder_that_only_its_models_could_tell(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIDE_EMBEDDER", "clip")
    for version in ("20200101T000000000Z-clip", "20200102T000000000Z-clip"):
        earlier_snapshot(data, version, embedder="clip-512-same")
    warned = run("rollback", "--data-dir", data)
    assert warned.exit_code == 0
    assert "20200102T000000000Z-clip: built with embedder clip-512-same" in warned.stderr
    assert run("rollback", "--data-dir", data).stderr == ""


def test_results_go_to_stdout_and_the_rest_to_stderr(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "offline", "import", "folder", folder_city(tmp_path / "city"),
         "--data-dir", tmp_path / "data", "--json"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert json.loads(done.stdout)["added"] == 6


def test_importing_the_demo_draws_its_queries_too(tmp_path: Path) -> None:
    result = run(
        "import", "demo", "--views", "1", "--queries", tmp_path / "q", "--data-dir", tmp_path / "d"
    )
    assert result.exit_code == 0
    assert {path.stem for path in (tmp_path / "q").iterdir()} == {
        place.place_id for place in demo_places()
    }
