"""``python docs/demo.py OUT``: from a folder of photos to answers, as an illustrated page.

Draws an invented city with a few bad photos among the good ones, runs the commands that one would
run for a city of one's own - import, clean, index, evaluate, ask - and writes what they said,
with pictures, into ``OUT/demo.html``.
"""

import argparse
import base64
import csv
import html
import io
import json
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from core.places import Place
from offline.sources.demo import demo_photos, demo_places, demo_query

WORDS = ("мост через реку", "a place to see the stars")
SHOWN = 12
STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
pre { background: #f0f4f3; padding: 0.75rem; border-radius: 0.5rem; white-space: pre-wrap; }
.row { margin-bottom: 1rem; display: flex; flex-wrap: wrap; gap: 0.75rem; }
figure { margin: 0; width: 9rem; font-size: 0.85rem; }
img { width: 100%; aspect-ratio: 4 / 3; object-fit: cover; border-radius: 0.5rem; }
"""


class Tour:
    """Runs commands on a data folder and keeps a page about them."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._parts: list[str] = []

    def tell(self, title: str, text: str) -> None:
        """Begin a chapter."""
        self._parts.append(f"<h2>{html.escape(title)}</h2><p>{html.escape(text)}</p>")

    def run(self, *arguments: str) -> str:
        """Run ``python -m offline ...`` and show it with what it prints, which is returned.

        What is printed for machines is shown as pictures by the caller.
        """
        command = [sys.executable, "-m", "offline", *arguments, "--data-dir", str(self._data_dir)]
        shown = f"python -m offline {shlex.join(a for a in arguments if a != '--json')}"
        print(shown, file=sys.stderr)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            sys.exit(done.returncode)  # it said itself what went wrong
        printed = "" if "--json" in arguments else f"\n{done.stdout}"
        self._parts.append(f"<pre>$ {html.escape(shown + printed)}</pre>")
        return done.stdout

    def show(self, pictures: Iterable[tuple[bytes, str]]) -> None:
        """A row of pictures, each with what it is."""
        figures = (
            f'<figure><img src="{_data_uri(photo)}" alt=""><figcaption>{html.escape(caption)}'
            "</figcaption></figure>"
            for photo, caption in pictures
        )
        self._parts.append(f'<div class="row">{"".join(figures)}</div>')

    def page(self) -> str:
        """All of it as HTML."""
        return (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>The guide, step by step</title><style>{STYLE}</style>"
            f"<h1>The guide, step by step</h1>{''.join(self._parts)}"
        )


def draw_city(folder: Path, views: int) -> dict[str, bytes]:
    """Draw a city as `import folder` takes it; returns the bad photos planted, by what is wrong."""
    folder.mkdir(parents=True)
    places = demo_places()
    for place in places:
        (folder / place.place_id).mkdir()
        for number, photo in enumerate(demo_photos(place.place_id, views=views)):
            (folder / place.place_id / f"{number}.jpg").write_bytes(photo)
    with (folder / "places.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("folder", "name", "name_en", "kinds", "city", "lat", "lon", "description"))
        table.writerows(_row(place) for place in places)
    first, second, third, other = (places[n].place_id for n in (0, 4, 9, 13))
    original = Image.open(folder / first / "0.jpg")
    planted = {
        "black and white": (first, ImageOps.grayscale(original)),
        "of another place": (second, Image.open(io.BytesIO(demo_query(other, seed=7)))),
        "nearly doubled": (third, Image.open(folder / third / "0.jpg").crop((4, 4, 636, 476))),
    }
    bad = {}
    for what, (place_id, image) in planted.items():
        path = folder / place_id / f"{what}.jpg"
        image.save(path, quality=88)
        bad[what] = path.read_bytes()
    return bad


def main() -> None:
    """Draw, run, write."""
    parser = argparse.ArgumentParser(
        prog="python docs/demo.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, help="new folder for everything this makes")
    parser.add_argument("--views", type=int, default=8, help="pictures of each sight")
    options = parser.parse_args()
    city, data_dir = options.out / "city", options.out / "data"
    if city.exists():
        parser.error(f"{city} is there already: name a new folder")
    bad = draw_city(city, options.views)
    tour = Tour(data_dir)

    tour.tell("A folder of photos", "One folder a place. Some photos should not be there:")
    tour.show((photo, what) for what, photo in bad.items())
    tour.tell("Import", "Places and photos go into the gallery; what cannot be used is named.")
    tour.run("import", "folder", str(city))

    tour.tell("Clean", "A scan finds photos that may have to go; copies of them lie in a folder.")
    run = json.loads(tour.run("clean", "scan", "--json"))["run"]
    review = data_dir / "review" / run
    with (review / "candidates.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    tour.show((_photo(data_dir, one["path"]), one["reasons"]) for one in found[:SHOWN])
    tour.tell(
        "Remove",
        "A person looks, and takes out of that folder what may stay: here all but the three from "
        "above. The rest is removed from the gallery, and can be put back.",
    )
    for one in found:
        if Path(one["source"]).stem not in bad:
            for copy in review.glob(f"*/*/{one['photo_id']}*"):
                copy.unlink()
    tour.run("clean", "apply", run)

    tour.tell("Index", "Photos become embeddings; a snapshot is published.")
    tour.run("index")
    tour.tell("Evaluate", "Every photo is asked about, as if the guide did not have it.")
    tour.run("evaluate")

    tour.tell("Ask", "With a photo the guide has never seen, and with words.")
    asked = options.out / "asked.jpg"
    asked.write_bytes(demo_query("demo-lighthouse"))
    lines = tour.run("ask", str(asked), *WORDS, "--json").splitlines()
    for answer in map(json.loads, lines):
        tour.show(_answer(data_dir, asked, answer))
    page = options.out / "demo.html"
    page.write_text(tour.page(), encoding="utf-8")
    print(page)


def _answer(data_dir: Path, asked: Path, answer: dict[str, Any]) -> Iterable[tuple[bytes, str]]:
    """Pictures of an answer, the photo that was asked about first."""
    if answer["places"]:
        yield asked.read_bytes(), "What is this?"
        for one in answer["places"][:1]:
            yield _photo(data_dir, one["photo"]), f"{one['name']}: {one['share']:.0%}"
    else:
        for one in answer["photos"]:
            yield _photo(data_dir, one["path"]), f"{answer['input']}: {one['name']}"


def _row(place: Place) -> tuple[object, ...]:
    assert place.point
    where = (place.city, place.point.lat, place.point.lon)
    kinds = ",".join(place.kinds)
    return (place.place_id, place.name, place.name_en, kinds, *where, place.description)


def _photo(data_dir: Path, path: str) -> bytes:
    return (data_dir / path).read_bytes()


def _data_uri(photo: bytes) -> str:
    """The picture itself as an address, so that the page is one file."""
    small, out = Image.open(io.BytesIO(photo)).convert("RGB"), io.BytesIO()
    small.thumbnail((320, 320))
    small.save(out, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}"


if __name__ == "__main__":
    main()
