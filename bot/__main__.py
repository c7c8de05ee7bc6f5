"""``python -m bot``: run the Telegram bot until it is told to stop.

Exits with 0 when stopped by a signal, 1 when it cannot run, 2 when used or configured wrongly; what
is wrong is one line on stderr.
"""

import argparse
import asyncio
import logging
import re
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import TokenRejected
from bot.lazy_types import build_when_used
from core.errors import GuideError, NoSnapshot
from core.logs import set_up_logging, token_secrets
from core.process import prepare_to_serve
from core.settings import Settings, misspelt, what_is_wrong

logger = logging.getLogger(__name__)

TOKEN_FORM = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bot; the exit code is returned."""
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Run the city guide's Telegram bot. See .env.example."
    )
    parser.add_argument(
        "--data-dir", type=Path, help="folder with everything the guide owns (GUIDE_DATA_DIR)"
    )
    parser.add_argument(
        "--sandbox",
        action="store_true",
        help="answer on a chat page on this computer instead of Telegram; needs no token",
    )
    parser.add_argument(
        "--sandbox-port", type=_port, default=8081, help="port of that page (8081; 0: any free one)"
    )
    parser.add_argument(
        "--sandbox-host",
        default="127.0.0.1",
        help="address of that page (127.0.0.1: only this computer; 0.0.0.0 lets in a phone nearby)",
    )
    options = parser.parse_args(arguments)
    data_dir = options.data_dir
    try:
        settings = Settings(**({"data_dir": data_dir} if data_dir else {}))
    except (ValidationError, UnicodeDecodeError) as error:
        return _fail(f"wrong settings: {what_is_wrong(error)}", code=2)
    token = settings.bot_token.get_secret_value().strip() if settings.bot_token else ""
    secrets = (*token_secrets(token), settings.webhook_secret.get_secret_value())
    set_up_logging(settings.log_level, secrets=secrets, form=settings.log_format)
    for line in misspelt():
        logger.warning(line)
    if options.sandbox:
        return _run(lambda: _sandbox(settings, options.sandbox_host, options.sandbox_port))
    if not token:
        return _fail("no bot token: set GUIDE_BOT_TOKEN to the one @BotFather gave you")
    if not TOKEN_FORM.fullmatch(token):
        return _fail("GUIDE_BOT_TOKEN is not a bot token: it should look like 123456:ABC-def")
    return _run(lambda: _telegram(settings, token))


async def _telegram(settings: Settings, token: str) -> None:
    from bot.service import serve  # slow to import: wrong usage is told at once

    await serve(settings, token)


async def _sandbox(settings: Settings, host: str, port: int) -> None:
    from bot.sandbox.run import serve_sandbox

    await serve_sandbox(settings, host=host, port=port)


def _run(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    prepare_to_serve()
    build_when_used()  # before the import of aiogram, which is the work's
    try:
        asyncio.run(work())
    except TokenRejected:
        return _fail("Telegram rejects GUIDE_BOT_TOKEN: copy it from @BotFather again")
    except NoSnapshot as error:
        return _fail(f"{error}; run: python -m offline import ... and python -m offline index")
    except GuideError as error:
        return _fail(str(error))
    except KeyboardInterrupt:  # before it listens to signals itself
        return 0
    except Exception:
        logger.exception("the bot stopped for an unknown reason")
        return 1
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: it needs a number up to 65535")
    return int(text)


def _fail(line: str, *, code: int = 1) -> int:
    print(f"error: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
