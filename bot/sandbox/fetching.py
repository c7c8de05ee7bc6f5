"""Photos that Telegram fetches by itself, from an address a bot names."""

from urllib.parse import urlsplit

import aiohttp

from bot.sandbox.refusals import bad_request

MAX_BYTES = 5 * 1024 * 1024
TIMEOUT_S = 10


def is_web_address(text: str) -> bool:
    """Whether a photo may be at this address."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


async def fetch_photo(url: str) -> bytes:
    """The file at an address.

    Raises:
        Refused: there is none, it does not come in time, or it is too large.
    """
    failure = bad_request("failed to get HTTP URL content")
    try:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            if not response.ok:
                raise failure
            content = await response.content.read(MAX_BYTES + 1)
            while chunk := await response.content.read(MAX_BYTES):
                content += chunk
                if len(content) > MAX_BYTES:
                    break
    except (aiohttp.ClientError, ValueError, TimeoutError) as error:
        raise failure from error
    if len(content) > MAX_BYTES:
        raise failure
    return content
