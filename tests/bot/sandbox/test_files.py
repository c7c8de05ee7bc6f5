"""Photos that the local Telegram fetches."""

from bot.sandbox.files import FileStore
from tests.bot.sandbox.conftest import Site


async def test_a_photo_at_an_address_is_fetched_once_while_it_is_kept(site: Site) -> None:
    async with FileStore() as files:
        first = await files.photo_at(f"{site.address}/1.jpg")
        assert await files.photo_at(f"{site.address}/1.jpg") == first
        await files.photo_at(f"{site.address}/2.jpg")
    assert site.asked == ["1", "2"]
