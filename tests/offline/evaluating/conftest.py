"""A small published city of colours, and questions about it."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from core.places import Place
from offline.evaluating.running import Asked, Questions, ask_everything
from offline.gallery import Gallery
from offline.importing import import_items
from offline.indexing import build_snapshot
from offline.sources.items import SourcePhoto
from tests.conftest import LIMITS
from tests.doubles import COLOURS, ColourEmbedder, coloured_photo, encoded

K = 5
PHOTOS = 8  # of each place
NAMES = {"red": "Красные ворота", "green": "Зелёный мост", "blue": "Синяя башня"}
KINDS = {"red": ("gates", "historic"), "green": ("bridges",), "blue": ("towers", "historic")}


def publish(data_dir: Path, places: Sequence[Place], photos: Sequence[SourcePhoto]) -> None:
    import_items(iter([*places, *photos]), Gallery(data_dir), LIMITS)
    build_snapshot(Gallery(data_dir), ColourEmbedder(), LIMITS, k=K, keep=2)


def photo(place_id: str, image: Image.Image, source: str) -> SourcePhoto:
    return SourcePhoto(place_id, encoded(image), source)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red, green and blue places with photos of a colour each; one red photo is labelled blue."""
    data_dir = tmp_path_factory.mktemp("city")
    places = [
        Place(colour, NAMES[colour], f"{colour} sight", kinds=KINDS[colour], city="Палитра")
        for colour in COLOURS
    ]
    photos = [
        photo(colour, coloured_photo(colour, seed=100 * number + n), f"{colour}:{n}")
        for number, colour in enumerate(COLOURS)
        for n in range(PHOTOS)
    ]
    mislabelled = photo("blue", coloured_photo("red", seed=99), "blue:wrong")
    publish(data_dir, places, [*photos, mislabelled])
    return data_dir


@pytest.fixture(scope="session")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Questions:
    """Labelled photos by id and by name, photos of no place, and words."""
    folder = tmp_path_factory.mktemp("questions")
    folders = {"red": "red", NAMES["green"]: "green", "blue_sight": "blue"}
    for number, (name, colour) in enumerate(folders.items()):
        (folder / "queries" / name).mkdir(parents=True)
        for n in range(4):
            image = coloured_photo(colour, seed=1000 + 10 * number + n)
            (folder / "queries" / name / f"{n}.jpg").write_bytes(encoded(image))
    (folder / "unknown" / "food").mkdir(parents=True)
    for n in range(4):
        image = coloured_photo((230, 220, 40), seed=2000 + n)
        (folder / "unknown" / "food" / f"{n}.jpg").write_bytes(encoded(image))
    texts = (
        "query,lang,how,relevant\nКрасные ворота,ru,name,red\ngreen sight,en,name,Зелёный мост\n"
    )
    (folder / "texts.csv").write_text(texts, encoding="utf-8")
    return Questions(folder / "queries", folder / "unknown", folder / "texts.csv")


@pytest.fixture(scope="session")
def asked(city: Path, questions: Questions) -> Asked:
    return ask_everything(city, ColourEmbedder(), LIMITS, questions, k=K)
