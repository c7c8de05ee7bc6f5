"""What goes on beside the answering of a process: looking for new snapshots."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from core.errors import GuideError
from core.guide import CityGuide

logger = logging.getLogger(__name__)

REFRESH_S = 10  # how soon a new snapshot is noticed


@asynccontextmanager
async def in_background(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let works go on beside the block; they end with it, and one that fails is logged."""
    tasks = [asyncio.create_task(work) for work in works]
    for task in tasks:
        task.add_done_callback(_report_failure)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("something in the background has ended", exc_info=error)


async def follow_snapshots(guide: CityGuide, *, every_s: float = REFRESH_S) -> None:
    """Serve a newly published snapshot soon; one that cannot be used is reported once."""
    reported = ""
    while True:
        await asyncio.sleep(every_s)
        try:
            if await guide.refresh():
                logger.info("now serving snapshot %s", guide.snapshot)
            reported = ""
        except GuideError as error:
            if str(error) != reported:
                logger.error("still serving snapshot %s: %s", guide.snapshot, error)
            reported = str(error)
