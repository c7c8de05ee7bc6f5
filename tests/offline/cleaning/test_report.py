"""The contact sheet, as a browser shows it and as a keyboard drives it."""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from core.places import Place
from offline.cleaning.findings import Reason
from offline.cleaning.histogram import histogram
from offline.cleaning.report import report_page
from offline.cleaning.review import copy_path, write_review
from offline.gallery import Gallery
from tests.offline.cleaning.small_city import Found, import_city, scanned

FOUND: Found = {
    1: {Reason.SEPIA: 0.9, Reason.OFF_TOPIC: 0.6},
    3: {Reason.SEPIA: 0.7},
    6: {Reason.COLLAGE: 0.5},
}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HEADLESS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1200,3000", "--virtual-time-budget=5000", "--dump-dom",
)  # fmt: skip
# Loads all pictures, presses keys, and writes down what the page then says.
PROBE = """<script>
const press = (key) => document.body.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
URL.createObjectURL = (blob) => {
  blob.text().then((text) => { document.body.dataset.downloaded = text; });
  return "#";
};
addEventListener("load", () => {
  const pictures = [...document.images];
  document.body.dataset.broken = pictures.filter((picture) => !picture.naturalWidth).length;
  const tally = () => document.querySelector(".tally").textContent;
  const said = [tally()];
  for (const key of ["j", "x"]) press(key);
  said.push(tally());
  for (const key of ["ArrowRight", " ", "k", "x"]) press(key);
  said.push(tally());
  press("n");
  press("x");
  said.push(tally());
  document.body.dataset.said = said.join("; ");
  press("d");
});
</script></body>"""


class Page(HTMLParser):
    """Attributes of the elements of a page, by tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def attributes(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.found
            if name == tag
            and all(value in (attributes.get(key) or "") for key, value in wanted.items())
        ]


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    import_city(tmp_path)
    return Gallery(tmp_path)


def report(gallery: Gallery, found: Found = FOUND) -> Path:
    run = write_review(scanned(gallery, found), gallery, gallery.data_dir)
    return gallery.data_dir / "review" / run / "report.html"


def test_each_candidate_stands_beside_three_good_photos_of_its_place(gallery: Gallery) -> None:
    path = report(gallery)
    html = path.read_text(encoding="utf-8")
    cards = html.split('<figure class="card"')[1:]
    assert len(cards) == 4
    for card in cards:
        page = Page(card)
        [suspect] = page.attributes("img", **{"class": "suspect"})
        good = page.attributes("img", alt="good photo")
        place = str(suspect["src"]).split("/")[1]
        assert 2 <= len(good) <= 3
        for picture in (suspect, *good):
            assert (path.parent / str(picture["src"])).resolve().is_file()
            assert picture["loading"] == "lazy"
        assert all(f"/{place}/" in str(picture["src"]) for picture in good)


def test_the_most_typical_good_photos_come_first(gallery: Gallery) -> None:
    scan = scanned(gallery, {1: {Reason.SEPIA: 0.9}})
    typical = (0.3, 0.1, 0.2, 0.0)  # of the tower's four
    for photo, off_topic in zip(gallery.photos, typical, strict=False):
        scan.scores[Reason.OFF_TOPIC][photo.path] = off_topic
    page = Page(report_page("run", datetime.now(UTC), scan, gallery))
    shown = [str(each["src"]) for each in page.attributes("img", alt="good photo")]
    assert [gallery.photos[n].path in shown[at] for at, n in enumerate((3, 2, 0))] == [True] * 3


def test_candidates_stand_by_reason_and_by_score(gallery: Gallery) -> None:
    html = report(gallery).read_text(encoding="utf-8")
    sections = re.findall(r'<section id="(\w+)">(.*?)</section>', html, re.DOTALL)
    scores = {name: re.findall(r"on\">([\d.]+)</span>", body) for name, body in sections}
    assert scores == {"sepia": ["0.900", "0.700"], "collage": ["0.500"], "off_topic": ["0.600"]}
    assert "also off topic" in dict(sections)["sepia"]
    assert "also sepia" not in dict(sections)["sepia"]


def test_a_near_duplicate_stands_beside_what_it_repeats(gallery: Gallery) -> None:
    photos = gallery.photos
    differing = [sum(a != b for a, b in zip(photos[0].phash, p.phash, strict=True)) for p in photos]
    [first, *_] = sorted(range(1, 4), key=differing.__getitem__)
    card = report(gallery, {0: {Reason.NEAR_DUPLICATE: 0.9}}).read_text().split("<figure")[1]
    assert photos[first].path in str(Page(card).attributes("img", alt="good photo")[0]["src"])


def test_text_from_the_data_stays_text(gallery: Gallery) -> None:
    name, city, source = (f'">{n}<script>alert({n})</script>' for n in range(3))
    gallery.places["tower"] = Place("tower", name, city=city)
    gallery.add_photo(replace(gallery.photos[1], sources=(source,)))
    html = report(gallery).read_text(encoding="utf-8")
    for number in range(3):
        assert f"&quot;&gt;{number}&lt;script&gt;alert({number})" in html
    assert len(Page(html).attributes("script")) == 1


def test_a_page_without_candidates_says_so(gallery: Gallery) -> None:
    assert "Nothing was found" in report(gallery, {}).read_text(encoding="utf-8")


def test_nothing_is_fetched_from_elsewhere(gallery: Gallery) -> None:
    html = report(gallery).read_text(encoding="utf-8")
    assert "//" not in "".join(re.findall(r'(?:src|href)="([^"]*)"', html))
    assert "@import" not in html
    assert "url(" not in html


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium")
def test_a_browser_shows_the_pictures_and_the_keyboard_makes_a_keep_list(
    gallery: Gallery, tmp_path: Path
) -> None:
    path = report(gallery)
    (path.parent / copy_path(Reason.OFF_TOPIC, gallery.photos[1].key)).unlink()
    probe = path.with_name("probe.html")
    probe.write_text(path.read_text(encoding="utf-8").replace("</body>", PROBE), encoding="utf-8")
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    shown = subprocess.run(
        [str(CHROMIUM), *HEADLESS, profile, probe.as_uri()],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    page = Page(shown.stdout)
    [body] = page.attributes("body")
    # One of the two sepia photos is off topic too: unticked in one place, unticked in the other.
    assert body["data-said"] == "3 go, 0 stay; 2 go, 1 stay; 2 go, 1 stay; 1 go, 2 stay"
    stays = [card["data-photo"] for card in page.attributes("figure", **{"class": "stays"})]
    photos = gallery.photos
    assert stays == [photos[3].path, photos[6].path]
    assert [line for line in str(body["data-downloaded"]).splitlines() if line[0] != "#"] == sorted(
        str(path) for path in stays
    )
    assert body["data-broken"] == "1"
    [deleted] = page.attributes("img", alt="No picture: its copy was deleted")
    assert str(deleted["src"]).startswith("off_topic/")
    assert f"--keep keep-{path.parent.name}.txt" in shown.stdout


def bars(svg: str, name: str) -> int:
    root = ElementTree.fromstring(svg)
    [path] = [element for element in root if element.get("class") == name]
    return str(path.get("d")).count("z")


def test_a_histogram_tells_candidates_from_the_rest_and_draws_the_threshold() -> None:
    svg = histogram([0.0, 0.1, 0.1, 0.9, 1.0], 0.8)
    assert (bars(svg, "under"), bars(svg, "over")) == (2, 2)
    root = ElementTree.fromstring(svg)
    [line] = [element for element in root if element.get("class") == "threshold"]
    assert float(str(line.get("x1"))) == pytest.approx(0.8 * 240)


@pytest.mark.parametrize("scores", [[0.5], [0.0, 0.0], [0.1, float("nan"), float("inf")], [3]])
def test_a_histogram_of_few_or_odd_scores_is_still_a_picture(scores: list[float]) -> None:
    for threshold in (-1.0, 0.5, 7.0, float("inf")):
        svg = histogram(scores, threshold)
        assert bars(svg, "under") + bars(svg, "over") >= 1
        assert "nan" not in svg


def test_no_scores_make_no_histogram() -> None:
    assert histogram([float("nan")], 0.5) == ""
