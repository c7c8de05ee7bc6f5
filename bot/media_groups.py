"""Incoming albums: messages of their own, with one ``media_group_id`` and no mark of the end."""

import asyncio
from collections import OrderedDict

from aiogram.types import Message

QUIET_S = 1.0  # no further message for so long: the album is complete
MAX_ALBUM = 10  # Telegram's bound
RECENT = 1_000


class MediaGroups:
    """Brings the messages of an album together again."""

    def __init__(self, *, quiet_s: float = QUIET_S) -> None:
        self._quiet_s = quiet_s
        self._open: dict[tuple[int, str | None], list[Message]] = {}
        self._news: dict[tuple[int, str | None], asyncio.Event] = {}
        self._complete: OrderedDict[tuple[int, str | None], None] = OrderedDict()  # oldest first

    async def gather(self, message: Message) -> list[Message] | None:
        """Wait for the other messages of the album.

        Returns:
            All of them in the order they were sent, to the one that came first; None to the
            others, and to one that comes when the album has already been handed out.
        """
        group = (message.chat.id, message.media_group_id)
        if group in self._complete:
            return None
        if group in self._open:
            self._open[group].append(message)
            self._news[group].set()
            return None
        self._open[group], self._news[group] = [message], asyncio.Event()
        try:
            await self._until_quiet(group)
        finally:
            album = self._open.pop(group)
            del self._news[group]
            self._complete[group] = None
            if len(self._complete) > RECENT:
                self._complete.popitem(last=False)
        return sorted(album, key=lambda part: part.message_id)

    async def _until_quiet(self, group: tuple[int, str | None]) -> None:
        while len(self._open[group]) < MAX_ALBUM:
            try:
                async with asyncio.timeout(self._quiet_s):
                    await self._news[group].wait()
            except TimeoutError:
                return
            self._news[group].clear()
