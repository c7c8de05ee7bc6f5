"""Pictures to try detectors on: views of the drawn city, and what people do to pictures."""

import io
from functools import cache
from itertools import islice

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from offline.cleaning.picture import Pixels, pixels_of
from offline.sources.demo import demo_photos

SIGHTS = ("demo-cathedral", "demo-station", "demo-observatory", "demo-lighthouse")


@cache
def views(place_id: str, count: int = 3) -> tuple[Image.Image, ...]:
    """The first views of a sight of the demo city, 640 x 480."""
    photos = islice(demo_photos(place_id), count)
    return tuple(Image.open(io.BytesIO(photo)).convert("RGB") for photo in photos)


def all_views() -> list[Image.Image]:
    return [view for sight in SIGHTS for view in views(sight)]


def saved(image: Image.Image, quality: int = 80) -> Image.Image:
    """The picture after a trip through a JPEG file."""
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def pixels(image: Image.Image) -> Pixels:
    return pixels_of(saved(image))


def in_grey(image: Image.Image, colour_left: float = 0.0) -> Image.Image:
    return Image.blend(ImageOps.grayscale(image).convert("RGB"), image, colour_left)


def in_sepia(image: Image.Image, colour_left: float = 0.0) -> Image.Image:
    toned = ImageOps.colorize(ImageOps.grayscale(image), (40, 20, 5), (255, 240, 205))
    return Image.blend(toned, image, colour_left)


def in_blue(image: Image.Image) -> Image.Image:
    return ImageOps.colorize(ImageOps.grayscale(image), (5, 15, 45), (215, 230, 250))


def on_one_sheet(
    images: list[Image.Image], columns: int, *, gap: int = 0, sheet: str = "white"
) -> Image.Image:
    """A collage of 480 x 360 pixels and a bit."""
    rows = len(images) // columns
    width, height = 480 // columns, 360 // rows
    whole = (columns * (width + gap) - gap, rows * (height + gap) - gap)
    collage = Image.new("RGB", whole, sheet)
    for n, image in enumerate(images):
        corner = ((n % columns) * (width + gap), (n // columns) * (height + gap))
        collage.paste(ImageOps.fit(image, (width, height)), corner)
    return collage


def page_of_text(size: int = 16, *, paper: str = "#f4f1e8", ink: str = "#202028") -> Image.Image:
    page = Image.new("RGB", (480, 360), paper)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size)
    line = "the old town hall stands by the river since 1903 and has been rebuilt after fire"
    for top in range(12, 350 - size, round(size * 1.5)):
        draw.text((12, top), line[top % 7 :], font=font, fill=ink)
    return page


def snow() -> Image.Image:
    """A white square under a white sky, nearly without colour but for one red house."""
    rng = np.random.default_rng(5)
    grey = rng.normal(225, 6, (360, 480, 1)) + np.linspace(10, -25, 360)[:, None, None]
    scene = Image.fromarray(np.clip(np.repeat(grey, 3, 2), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(scene)
    draw.rectangle((60, 150, 180, 280), fill=(120, 118, 121))
    draw.rectangle((300, 190, 370, 270), fill=(150, 70, 60))
    return scene
