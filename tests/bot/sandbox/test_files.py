"""Photos that the local Telegram fetches."""

from bot.sandbox.files import FileStore
from tests.bot.sandbox.conftest import jpeg


async def test_a_photo_at_an_address_is_fetched_once_while_it_is_kept() -> None:
    fetched: list[str] = []

    async def fetch(url: str) -> bytes:
        fetched.append(url)
        return jpeg()

    async with FileStore() as files:
        first = await files.photo_at("https://a.org/1.jpg", fetch)
        assert await files.photo_at("https://a.org/1.jpg", fetch) == first
        await files.photo_at("https://a.org/2.jpg", fetch)
    assert fetched == ["https://a.org/1.jpg", "https://a.org/2.jpg"]
