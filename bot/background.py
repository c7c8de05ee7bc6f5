"""What goes on beside the bot's answering: signs of life, work that waits for its moment."""

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bot.health import HEARTBEAT_S, heartbeat_file

logger = logging.getLogger(__name__)


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
