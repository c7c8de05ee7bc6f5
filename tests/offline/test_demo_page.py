"""``docs/demo.py``, the tour through all jobs, works as the README says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tour_finds_what_is_bad_and_answers(demo_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "tour"
    shutil.copytree(demo_data / "cache", out / "data" / "cache")  # else it takes much longer
    others = {name: value for name, value in os.environ.items() if "GUIDE" not in name}
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "demo.py", out, "--views", "4"],
        env={**others, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
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
    assert "the gallery now has 99" in page  # 24 sights, 4 views each, and 3 bad photos
    assert "<figcaption>black_and_white" in page
    assert re.search(r"removed [1-3] photos", page)
    assert "name hit 1" in page
    assert "<figcaption>Gull Rock Lighthouse: " in page
    assert re.search("мост через реку: (Cable|Stone) Bridge", page)
    assert page.count('src="data:image/jpeg') > 12
    assert "http" not in page
