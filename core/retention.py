"""What people asked is kept for so long and no longer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from core.errors import DataDirError
from core.querylog import QueryLog

logger = logging.getLogger(__name__)

DAY_S = 24 * 60 * 60


async def keep_for(
    query_log: QueryLog,
    days: int,
    *,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Delete queries older than ``days`` days, now and then daily; never ends."""
    while True:
        try:
            deleted = await query_log.prune(days)
            if deleted:
                logger.info("%d queries older than %d days were deleted", deleted, days)
        except DataDirError as error:
            logger.error("%s", error)
        await sleep(DAY_S)
