"""A drawn city: invented sights in many pictures each, for a first look and for tests.

The pictures let everything be tried without photographs. They are illustrations: how well they are
recognised says nothing about photographs of real places.
"""

from collections.abc import Iterator

from PIL import Image

from core.places import Place
from offline.sources.demo.catalogue import PLACES
from offline.sources.demo.looks import LOOKS
from offline.sources.demo.picture import jpeg, take
from offline.sources.demo.views import gallery_view, poster_view, query_view
from offline.sources.items import SourceItems, SourcePhoto


def demo_places() -> list[Place]:
    """The sights of the demo city, always in the same order."""
    return list(PLACES)


def demo_photos(place_id: str, *, views: int = 14, seed: int = 1) -> Iterator[bytes]:
    """Draw ``views`` pictures of a sight, one at a time, as JPEG bytes 640 x 480.

    The same seed gives the same pictures, byte for byte with the same libraries; picture ``n``
    does not depend on ``views``. Fourteen in a row show all times of day, seasons and weathers.

    Raises:
        KeyError: the demo city has no such sight.
    """
    look = LOOKS[place_id]
    return (jpeg(take(place_id, look, gallery_view(place_id, n, seed))) for n in range(views))


def demo_query(place_id: str, *, seed: int = 1) -> bytes:
    """Draw one more picture of a sight, never among its `demo_photos`, to ask the guide with.

    Raises:
        KeyError: the demo city has no such sight.
    """
    return jpeg(take(place_id, LOOKS[place_id], query_view(place_id, seed)))


def contact_sheet(columns: int = 6, *, width: int = 240, seed: int = 1) -> Image.Image:
    """Every sight once, each tile ``width`` pixels wide, neighbours in different light."""
    height = width * 3 // 4
    rows = -(-len(PLACES) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height))
    for i, place in enumerate(PLACES):
        picture = take(place.place_id, LOOKS[place.place_id], poster_view(i, seed))
        tile = picture.resize((width, height), Image.Resampling.LANCZOS)
        sheet.paste(tile, (i % columns * width, i // columns * height))
    return sheet


def read_demo(*, views: int = 14, seed: int = 1) -> SourceItems:
    """Yield every sight and ``views`` pictures of it, drawn one at a time."""
    for place in demo_places():
        yield place
        for n, photo in enumerate(demo_photos(place.place_id, views=views, seed=seed)):
            yield SourcePhoto(place.place_id, photo, f"demo/{place.place_id}/{n}")
