"""Writing to an SQLite file that another process writes to as well."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosqlite


class Transactions:
    """Those of one connection, one after the other: what is rolled back must be one's own."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        self._database = database
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[aiosqlite.Connection]:
        """Commit what is written inside ``async with``, or nothing if it fails or is given up.

        Left open, a transaction would lock out whoever else writes.
        """
        async with self._one:
            try:
                yield self._database
                await self._database.commit()
            except BaseException:
                await self._database.rollback()
                raise
