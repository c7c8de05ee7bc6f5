"""Cleaning from the command line: scan, look, apply, index, restore."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps
from typer.testing import CliRunner, Result

from offline.cleaning.commands import clean_app
from offline.cleaning.findings import Reason
from offline.cleaning.review import copy_path, write_review
from offline.gallery import Gallery
from offline.importing import import_items
from offline.sources.items import SourcePhoto
from tests.conftest import LIMITS
from tests.doubles import encoded
from tests.offline.cleaning.small_city import Found, contents, import_city, scanned

FOUND: Found = {1: {Reason.SEPIA: 0.9, Reason.OFF_TOPIC: 0.6}, 6: {Reason.COLLAGE: 0.5}}
TRUTH = "file,row,label\na.csv,1,sepia\na.csv,2,collage\n" + "".join(
    f"a.csv,{row},clean\n" for row in (0, 3, 4, 5, 6, 7)
)


def run(data: Path, *arguments: object) -> Result:
    command = [str(argument) for argument in (*arguments, "--data-dir", data)]
    return CliRunner().invoke(clean_app, command)


def told(data: Path, *arguments: object) -> dict[str, Any]:
    result = run(data, *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    [line] = result.stdout.splitlines()
    return dict(json.loads(line))


def one_clear_line(result: Result) -> str:
    assert result.exit_code == 1
    [line] = [line for line in result.stderr.splitlines() if line.startswith("error")]
    assert "Traceback" not in result.output
    return line


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small gallery."""
    import_city(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def reviewed(data: Path) -> str:
    """A run over the small gallery."""
    gallery = Gallery(data)
    return write_review(scanned(gallery, FOUND), gallery, data)


@pytest.fixture
def dirty_city(demo_data: Path, tmp_path: Path) -> Path:
    """The demo city with two photos in black and white and one that lost its file."""
    data = Path(shutil.copytree(demo_data, tmp_path / "city"))
    gallery = Gallery(data)
    photos = gallery.photos[:2]
    greys = [
        ImageOps.grayscale(Image.open(io.BytesIO((data / photo.path).read_bytes())))
        for photo in photos
    ]
    import_items(
        iter(
            SourcePhoto(photo.place_id, encoded(grey), f"grey:{n}")
            for n, (photo, grey) in enumerate(zip(photos, greys, strict=True))
        ),
        gallery,
        LIMITS,
    )
    (data / gallery.photos[5].path).unlink()
    return data


def test_a_scan_finds_bad_photos_and_tells_the_run(dirty_city: Path) -> None:
    before = contents(dirty_city / "gallery")
    answer = told(dirty_city, "scan")
    assert set(answer) == {"run", "candidates", "by_reason"}
    assert answer["by_reason"]["black_and_white"] == 2
    assert answer["by_reason"]["unreadable"] == 1
    folder = dirty_city / "review" / answer["run"]
    lines = (folder / "candidates.csv").read_text(encoding="utf-8").splitlines()
    assert answer["candidates"] == len(lines) - 1
    assert len(list((folder / "black_and_white").glob("*/*.jpg"))) == 2
    assert (folder / "report.html").is_file()
    assert contents(dirty_city / "gallery") == before


def test_a_scan_without_photos_is_one_clear_line(tmp_path: Path) -> None:
    assert "holds no photos" in one_clear_line(run(tmp_path, "scan"))


def test_apply_and_restore_tell_what_they_did(data: Path, reviewed: str) -> None:
    photos = Gallery(data).photos
    answer = told(data, "apply", reviewed)
    assert (answer["run"], answer["removed"], answer["kept"]) == (reviewed, 2, 0)
    assert answer["photos"] == [photos[1].path, photos[6].path]
    assert "applied already: 2 photos" in run(data, "apply", reviewed).stdout
    assert told(data, "restore", reviewed)["restored"] == 2
    assert "restored already" in run(data, "restore", reviewed).stdout
    assert Gallery(data).photos == photos


def test_a_keep_list_file_keeps_photos(data: Path, reviewed: str, tmp_path: Path) -> None:
    keep = tmp_path / "keep.txt"
    keep.write_text(f"# stay\n{Gallery(data).photos[1].path}\n")
    answer = told(data, "apply", reviewed, "--keep", keep)
    assert (answer["removed"], answer["kept"]) == (1, 1)


def test_oddities_of_the_folder_are_warnings(data: Path, reviewed: str) -> None:
    (data / "review" / reviewed / "sepia" / "holiday.jpg").write_bytes(b"x")
    (data / "review" / reviewed / copy_path(Reason.SEPIA, Gallery(data).photos[1].key)).unlink()
    result = run(data, "apply", reviewed)
    assert result.exit_code == 0
    assert "sepia/holiday.jpg: not a candidate of this run, ignored" in result.stderr
    assert "deleted from sepia only" in result.stderr


def test_force_goes_on_though_the_gallery_changed(data: Path, reviewed: str) -> None:
    gallery = Gallery(data)
    gallery.replace_photos(gallery.photos[:5])
    gallery.save()
    assert "has changed since" in one_clear_line(run(data, "apply", reviewed))
    assert told(data, "apply", reviewed, "--force")["removed"] == 1


@pytest.mark.parametrize("command", ["apply", "restore"])
@pytest.mark.parametrize("name", ["nonsense", "../gallery", "/etc"])
def test_a_run_that_does_not_exist_is_one_clear_line(
    data: Path, reviewed: str, command: str, name: str
) -> None:
    assert name in one_clear_line(run(data, command, name))


def test_a_missing_keep_list_or_truth_is_wrong_usage(data: Path, reviewed: str) -> None:
    assert run(data, "apply", reviewed, "--keep", "/nowhere").exit_code == 2
    assert run(data, "evaluate", "/nowhere").exit_code == 2
    assert run(data, "apply").exit_code == 2


def test_evaluate_tells_figures_and_the_good_photos_hit(
    data: Path, reviewed: str, tmp_path: Path
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text(TRUTH)
    answer = told(data, "evaluate", truth)
    assert answer["run"] == reviewed
    sepia, collage = answer["reasons"]["sepia"], answer["reasons"]["collage"]
    assert (sepia["precision"], sepia["recall"], sepia["f1"]) == (1, 1, 1)
    assert (collage["planted"], collage["flagged"], collage["recall"]) == (1, 1, 0)
    assert (answer["clean"], answer["clean_hit"]) == (6, 1)
    [hit] = answer["hits"]
    assert (hit["source"], hit["reasons"]) == (["a.csv:6"], ["collage"])
    text = run(data, "evaluate", truth, reviewed).stdout
    assert "1 of 6 clean photos hit" in text
    told(data, "apply", reviewed)
    assert told(data, "evaluate", truth) == answer


def test_evaluate_without_a_run_is_one_clear_line(data: Path, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH)
    assert "no run yet" in one_clear_line(run(data, "evaluate", tmp_path / "truth.csv"))


def test_every_command_has_help_a_data_dir_and_json() -> None:
    for command in ("scan", "apply", "restore", "evaluate"):
        result = CliRunner().invoke(clean_app, [command, "--help"])
        assert result.exit_code == 0
        assert "--data-dir" in result.stdout
        assert "--json" in result.stdout
