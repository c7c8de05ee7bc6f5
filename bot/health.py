"""Whether the bot is alive: ``python -m bot.health`` exits with 0 or 1.

The bot touches a file every few seconds; this looks how long ago. It runs every few seconds in a
container, so it imports nothing that is slow to import and takes the data folder from
``GUIDE_DATA_DIR`` without reading ``.env``.
"""

import argparse
import os
import sys
import time
from pathlib import Path

HEARTBEAT_S = 15
STALE_AFTER_S = 4 * HEARTBEAT_S


def heartbeat_file(data_dir: Path) -> Path:
    """The file whose modification time is the bot's last sign of life."""
    return data_dir / "bot.alive"


def is_alive(data_dir: Path, *, now: float | None = None) -> bool:
    """Whether the last heartbeat is recent; ``now`` in seconds since the epoch."""
    try:
        beat = heartbeat_file(data_dir).stat().st_mtime
    except OSError:
        return False
    return (time.time() if now is None else now) - beat < STALE_AFTER_S


def main(arguments: list[str] | None = None) -> int:
    """Check and say so; 0 when alive, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m bot.health", description="Is the bot alive?")
    parser.add_argument("--data-dir", type=Path, help="the guide's data folder")
    data_dir = parser.parse_args(arguments).data_dir
    alive = is_alive(data_dir or Path(os.environ.get("GUIDE_DATA_DIR") or "data"))
    print("alive" if alive else "no recent heartbeat", file=sys.stdout if alive else sys.stderr)
    return 0 if alive else 1


if __name__ == "__main__":
    sys.exit(main())
