"""Source files reach hundreds of megabytes; an import must not hold them in memory."""

import base64
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tests.doubles import encoded

ROOT = Path(__file__).parents[2]
FILE_MB = 400
PROGRAM = """
import re, sys
from pathlib import Path
from offline.__main__ import app
try:
    app(sys.argv[1:])
finally:  # ru_maxrss would count the parent's memory at the fork as well
    peak_kb = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
    print(int(peak_kb) // 1024, file=sys.stderr)
"""


def write_source(folder: Path) -> int:
    """Contest files with one images file of ``FILE_MB``; return how many photos it has."""
    places = "XID,Name,Kind,City,OSM,WikiData,Rate,Lon,Lat\nN1,Башня,towers,Киров,,,1,49.6,58.6\n"
    (folder / "KIR_places.csv").write_text(places, encoding="utf-8")
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3)).astype(np.uint8)
    photo = encoded(Image.fromarray(noise), quality=95)
    count = 0
    with (folder / "KIR_images.csv").open("w", encoding="utf-8") as file:
        file.write("name,image\n")
        while file.tell() < FILE_MB * 1_000_000:
            # what follows the end of a JPEG is ignored: another content, the same picture
            different = photo + count.to_bytes(4, "big")
            file.write(f"Башня,{base64.b64encode(different).decode()}\n")
            count += 1
    return count


def test_a_file_of_400_mb_is_imported_in_less_than_300_mb_of_memory(tmp_path: Path) -> None:
    count = write_source(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "import", "nto", tmp_path, "--data-dir", tmp_path / "d"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert f"{count} new photos" in done.stdout
    assert int(done.stderr.split()[-1]) < 300, "peak memory in MB"
