import numpy as np
import pytest
from PIL import Image, ImageOps

from offline.cleaning.collage import collage
from offline.cleaning.detectors import DEFAULT_THRESHOLDS
from offline.cleaning.findings import Reason
from tests.offline.cleaning.pictures import on_one_sheet, pixels, views

THRESHOLD = DEFAULT_THRESHOLDS[Reason.COLLAGE]


@pytest.mark.parametrize(("rows", "columns"), [(1, 2), (2, 2), (1, 3), (2, 3)])
@pytest.mark.parametrize(("gap", "sheet"), [(0, "white"), (4, "black"), (10, "white")])
def test_sheets_of_several_pictures_are_found(
    rows: int, columns: int, gap: int, sheet: str
) -> None:
    of_several = [*views("demo-cathedral"), *views("demo-station")][: rows * columns]
    whole = on_one_sheet(of_several, columns, gap=gap, sheet=sheet)
    assert collage(pixels(whole)) >= THRESHOLD


def test_a_sheet_of_one_place_and_its_mirror_image_is_found() -> None:
    view = views("demo-cathedral")[0]
    whole = on_one_sheet([view, ImageOps.mirror(view.crop((200, 0, 640, 480)))], 2)
    assert collage(pixels(whole)) >= THRESHOLD


def test_a_sheet_that_was_scaled_down_is_found() -> None:
    whole = on_one_sheet([*views("demo-cathedral"), views("demo-station")[0]], 2)
    assert collage(pixels(whole.resize((410, 308), Image.Resampling.LANCZOS))) >= THRESHOLD


def test_single_pictures_are_no_collages() -> None:
    for view in (*views("demo-cathedral"), *views("demo-lighthouse")):
        assert collage(pixels(view)) < THRESHOLD


def test_a_frame_is_no_seam() -> None:
    framed = ImageOps.expand(views("demo-cathedral")[0], border=24, fill="white")
    assert collage(pixels(framed)) < THRESHOLD


def test_a_straight_horizon_between_two_even_areas_is_no_seam() -> None:
    rng = np.random.default_rng(1)
    scene = rng.normal(0, 4, (360, 480, 1)) + np.array([150.0, 190.0, 230.0])
    scene[200:] -= np.array([110.0, 120.0, 110.0])
    assert collage(pixels(Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8)))) < THRESHOLD


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 480, 3), (480, 3, 3), (60, 60, 3)])
def test_odd_shapes_and_blank_pictures_score_nothing(shape: tuple[int, int, int]) -> None:
    assert collage(np.full(shape, 128, dtype=np.uint8)) == 0.0
