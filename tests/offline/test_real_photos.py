"""What the guide reaches on real photos with the bundled embedder, without any cleaning."""

import asyncio
import csv
import subprocess
import sys
from pathlib import Path

import pytest

from core.answers import Recognition
from core.embedders import Embedder
from core.guide import CityGuide
from core.snapshot_store import SnapshotStore
from offline import asking
from offline.gallery import Gallery
from offline.importing import ImportReport, import_items
from offline.indexing import build_snapshot
from offline.sources.nto import read_nto
from tests.conftest import LIMITS

K = 40


@pytest.fixture(scope="module")
def source(real_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Contest files with planted dirt, made from real photos."""
    maker = real_photos.parent / "tools" / "make_nto.py"
    if not maker.is_file():
        pytest.skip(f"no {maker}")
    out = tmp_path_factory.mktemp("nto")
    subprocess.run([sys.executable, maker, real_photos, out], check=True, stdout=subprocess.DEVNULL)
    return out


@pytest.fixture(scope="module")
def imported(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ImportReport]:
    data_dir = tmp_path_factory.mktemp("real")
    items = read_nto(source, max_photo_bytes=LIMITS.max_bytes)
    return data_dir, import_items(items, Gallery(data_dir), LIMITS)


@pytest.fixture(scope="module", params=[False, True], ids=["vote alone", "with trained heads"])
def answers(
    source: Path,
    imported: tuple[Path, ImportReport],
    bundled: Embedder,
    request: pytest.FixtureRequest,
) -> list[tuple[str, Recognition]]:
    """(true slug, answer) of every query photo."""
    data_dir, _ = imported
    build_snapshot(Gallery(data_dir), bundled, LIMITS, k=K, keep=1, train=request.param)
    return ask_photos(data_dir, bundled, source / "queries")


def ask_photos(data_dir: Path, embedder: Embedder, folder: Path) -> list[tuple[str, Recognition]]:
    """(folder's name, answer) of every photo in folders of ``folder``."""
    guide = CityGuide(data_dir, embedder, k=K, limits=LIMITS)
    photos = [str(path) for path in sorted(folder.glob("*/*.jpg"))]

    async def ask_all() -> list[tuple[str, Recognition]]:
        return [
            (Path(asked).parent.name, answer)
            async for asked, answer in asking.ask(guide, photos)
            if isinstance(answer, Recognition)
        ]

    answered = asyncio.run(ask_all())
    guide.close()
    assert len(answered) == len(photos) > 30
    return answered


@pytest.fixture(scope="module")
def catalogue(real_photos: Path) -> dict[str, dict[str, str]]:
    with (real_photos / "places.csv").open(encoding="utf-8") as file:
        return {row["Slug"]: row for row in csv.DictReader(file)}


def test_every_planted_row_is_imported_or_reported(
    source: Path, imported: tuple[Path, ImportReport]
) -> None:
    data_dir, report = imported
    with (source / "truth.csv").open(encoding="utf-8") as file:
        truth = {f"{row['file']}:{row['row']}": row["label"] for row in csv.DictReader(file)}
    kept = {row for photo in Gallery(data_dir).photos for row in photo.sources}
    reported = {problem.source for problem in report.problems}
    assert {row for row, label in truth.items() if label == "corrupt"} == reported
    assert kept == set(truth) - reported


def test_names_are_right(
    answers: list[tuple[str, Recognition]], catalogue: dict[str, dict[str, str]]
) -> None:
    ranks = [
        [place.place.name for place in answer.places].index(name) if name in named else None
        for slug, answer in answers
        for name in [catalogue[slug]["NameRu"]]
        for named in [{place.place.name for place in answer.places}]
    ]
    assert sum(rank == 0 for rank in ranks) / len(ranks) >= 0.94
    assert sum(rank is not None for rank in ranks) / len(ranks) >= 0.98


def test_categories_are_right(
    answers: list[tuple[str, Recognition]], catalogue: dict[str, dict[str, str]]
) -> None:
    right = [
        bool({c.kind for c in answer.categories} & set(catalogue[slug]["Kind"].split(",")))
        for slug, answer in answers
    ]
    assert sum(right) / len(right) >= 0.98


def test_a_claimed_name_is_nearly_always_right(
    answers: list[tuple[str, Recognition]], catalogue: dict[str, dict[str, str]]
) -> None:
    claimed = [
        answer.places[0].place.name == catalogue[slug]["NameRu"]
        for slug, answer in answers
        if answer.confident
    ]
    assert len(claimed) / len(answers) >= 0.85
    assert sum(claimed) / len(claimed) >= 0.95


@pytest.mark.usefixtures("answers")  # they publish it
def test_photos_of_places_that_nobody_has_are_rarely_claimed(
    source: Path, imported: tuple[Path, ImportReport], bundled: Embedder
) -> None:
    answered = ask_photos(imported[0], bundled, source / "queries_unknown")
    claimed = [answer.confident for _, answer in answered]
    # Over several seeds the vote alone claims .165 of them, with heads .06, and .12 at worst.
    bound = 0.13 if SnapshotStore(imported[0]).trained() else 0.2
    assert sum(claimed) / len(claimed) <= bound


@pytest.mark.usefixtures("answers")  # they publish it
@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("Ajanta Caves", "Ellora Caves"),
        ("Brihadisvara Temple", "Khajuraho Temples"),
        ("Taj Mahal", "Humayun's Tomb"),
    ],
)
async def test_similar_places_are_of_the_same_make(
    name: str,
    alike: str,
    imported: tuple[Path, ImportReport],
    bundled: Embedder,
    catalogue: dict[str, dict[str, str]],
) -> None:
    russian = {row["Name"]: row["NameRu"] for row in catalogue.values()}
    guide = CityGuide(imported[0], bundled, k=K, limits=LIMITS)
    by_name = {place.name: place for place in guide.catalogue.places}
    [found] = await guide.similar(by_name[russian[name]], limit=1)
    guide.close()
    assert found.place.name == russian[alike]
