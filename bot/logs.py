"""Log lines on stderr that never show the bot's token."""

import logging
import sys
from collections.abc import Collection
from typing import TextIO

TALKATIVE = ("aiosqlite", "faiss")  # every statement, every attempt to load a library
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class RedactingFormatter(logging.Formatter):
    """Removes secrets from the finished text of a record: message, traceback and stack alike.

    Errors of HTTP clients quote the address they failed on, and Telegram's addresses hold the
    token. A `logging.Filter` sees a record before its traceback is text, which is too early.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__(FORMAT)
        # the longer first: a secret may contain another
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Format as usual, then redact."""
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "<token>")
        return text


def token_secrets(token: str) -> tuple[str, ...]:
    """What must not be shown: the token, and its secret part in case the rest is escaped."""
    _, _, secret = token.partition(":")
    return token, secret


def set_up_logging(level: str, *, secrets: Collection[str], stream: TextIO | None = None) -> None:
    """Send every log record and warning to ``stream`` (stderr), redacted."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
