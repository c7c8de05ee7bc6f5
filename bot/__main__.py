"""``python -m bot``: run the Telegram bot until it is told to stop.

Exits with 0 when stopped by a signal, 1 when it cannot run, 2 when used or configured wrongly; what
is wrong is one line on stderr.
"""

import argparse
import asyncio
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from bot.logs import set_up_logging, token_secrets
from core.errors import GuideError, NoSnapshot
from core.settings import Settings

TOKEN_FORM = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bot; the exit code is returned."""
    parser = argparse.ArgumentParser(
        prog="python -m bot", description="Run the city guide's Telegram bot. See .env.example."
    )
    parser.add_argument(
        "--data-dir", type=Path, help="folder with everything the guide owns (GUIDE_DATA_DIR)"
    )
    data_dir = parser.parse_args(arguments).data_dir
    try:
        settings = Settings(**({"data_dir": data_dir} if data_dir else {}))
    except ValidationError as error:
        return _fail(f"wrong settings: {_describe(error)}", code=2)
    if settings.bot_token is None:
        return _fail("no bot token: set GUIDE_BOT_TOKEN to the one @BotFather gave you")
    token = settings.bot_token.get_secret_value().strip()
    if not TOKEN_FORM.fullmatch(token):
        return _fail("GUIDE_BOT_TOKEN is not a bot token: it should look like 123456:ABC-def")
    set_up_logging(settings.log_level, secrets=token_secrets(token))
    return _run(settings, token)


def _run(settings: Settings, token: str) -> int:
    from bot.service import TokenRejected, serve  # slow to import: wrong usage is told at once

    try:
        asyncio.run(serve(settings, token))
    except TokenRejected:
        return _fail("Telegram rejects GUIDE_BOT_TOKEN: copy it from @BotFather again")
    except NoSnapshot:
        return _fail(
            "nothing is published yet; run: python -m offline import ... and "
            "python -m offline index"
        )
    except GuideError as error:
        return _fail(str(error))
    except Exception:
        logging.getLogger(__name__).exception("the bot stopped for an unknown reason")
        return 1
    return 0


def _describe(error: ValidationError) -> str:
    """What is wrong with which settings; their values may be secret and stay out."""
    return "; ".join(
        f"GUIDE_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
        for problem in error.errors(include_input=False)
    )


def _fail(line: str, *, code: int = 1) -> int:
    print(f"error: {line}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
