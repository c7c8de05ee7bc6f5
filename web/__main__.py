"""``python -m web``: serve the guide over HTTP until it is told to stop.

Exits with 0 when stopped by a signal, 1 when it cannot run, 2 when used or configured wrongly; what
is wrong is one line on stderr.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from pydantic import ValidationError

from core.errors import GuideError, NoSnapshot
from core.logs import set_up_logging
from core.process import prepare_to_serve
from core.settings import Settings, misspelt, what_is_wrong

logger = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; the exit code is returned."""
    parser = argparse.ArgumentParser(
        prog="python -m web", description="Serve the city guide over HTTP. See .env.example."
    )
    parser.add_argument(
        "--data-dir", type=Path, help="folder with everything the guide owns (GUIDE_DATA_DIR)"
    )
    data_dir = parser.parse_args(arguments).data_dir
    if any(find_spec(package) is None for package in ("fastapi", "uvicorn")):
        return _fail("packages are missing: pip install 'electronic-city-guide[web]'")
    try:
        settings = Settings(**({"data_dir": data_dir} if data_dir else {}))
    except (ValidationError, UnicodeDecodeError) as error:
        return _fail(f"wrong settings: {what_is_wrong(error)}", code=2)
    key = settings.web_api_key
    set_up_logging(
        settings.log_level,
        secrets=[key.get_secret_value()] if key else [],
        form=settings.log_format,
    )
    for line in misspelt():
        logger.warning(line)
    return _run(settings)


def _run(settings: Settings) -> int:
    prepare_to_serve()
    try:
        asyncio.run(_serve(settings))
    except NoSnapshot as error:
        return _fail(f"{error}; run: python -m offline import ... and python -m offline index")
    except GuideError as error:
        return _fail(str(error))
    except KeyboardInterrupt:  # before it listens to signals itself
        return 0
    except Exception:
        logger.exception("the web guide stopped for an unknown reason")
        return 1
    return 0


async def _serve(settings: Settings) -> None:
    from web.service import serve  # slow to import: wrong usage is told at once

    await serve(settings)


def _fail(line: str, *, code: int = 1) -> int:
    print(f"error: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
