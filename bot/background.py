"""What goes on beside the answering: signs of life, looking for new snapshots."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.health import HEARTBEAT_S, heartbeat_file
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


async def once(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do ``work`` as soon as ``event`` is set."""
    try:
        await event.wait()
        await work
    finally:
        work.close()  # for a stop before it has begun


async def beat(data_dir: Path) -> None:
    """Touch the heartbeat file for `bot.health`; gone after a clean stop."""
    file = heartbeat_file(data_dir)
    try:
        while True:
            try:
                file.touch()
            except OSError as error:
                logger.warning("no heartbeat: %s", error)
            await asyncio.sleep(HEARTBEAT_S)
    finally:
        file.unlink(missing_ok=True)


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
