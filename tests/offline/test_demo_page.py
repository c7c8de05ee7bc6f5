"""``docs/demo.py``, the tour through all jobs, works as the README says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(out: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    others = {name: value for name, value in os.environ.items() if "GUIDE" not in name}
    return subprocess.run(
        [sys.executable, ROOT / "docs" / "demo.py", out, *arguments],
        env={**others, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


def test_the_tour_finds_what_is_bad_and_answers(demo_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "my tour"
    shutil.copytree(demo_data / "cache", out / "data" / "cache")  # else it takes much longer
    done = run(out, "--views", "4", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (out / "demo.html").read_text(encoding="utf-8")
    chapters = re.findall("<h2>(.*?)</h2>", page)
    assert chapters == [
        "A folder of photos",
        "Import",
        "Clean",
        "Remove",
        "Index",
        "Evaluate",
        "Ask",
    ]
    assert "<pre>$ python -m offline clean scan</pre>" in page
    assert "my tour/asked.jpg&#x27; &#x27;мост через реку&#x27;" in page  # as a shell takes it
    assert "the gallery now has 99" in page  # 24 sights, 4 views each, and 3 bad photos
    assert "<figcaption>black_and_white" in page
    assert re.search(r"removed [1-3] photos", page)
    assert "name hit 1" in page
    assert "<figcaption>Gull Rock Lighthouse: " in page
    assert re.search("мост через реку: (Cable|Stone) Bridge", page)
    assert page.count('src="data:image/jpeg') > 12
    assert "http" not in page


def test_the_tour_leaves_an_earlier_one_alone(tmp_path: Path) -> None:
    (tmp_path / "tour" / "city").mkdir(parents=True)
    done = run(tmp_path / "tour", cwd=tmp_path)
    assert done.returncode == 2
    assert "name a new folder" in done.stderr
    assert "Traceback" not in done.stderr
