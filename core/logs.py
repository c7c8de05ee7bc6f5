"""Log lines on stderr that never show the bot's token or whom a line is about."""

import json
import logging
import re
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Literal, TextIO

TALKATIVE = ("aiosqlite", "faiss")  # every statement, every attempt to load a library
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# Errors quote what Telegram sent, where people and private chats are long numbers or "id" fields;
# "update 123456789" stays, which leads to nobody and is needed to find one's way in a log.
FIELD = re.compile(r"""(["']?\b(?:\w+_)?id["']?\s*[:=]\s*["']?)-?\d+""")
LONG_NUMBER = re.compile(r"(?<![\w.])-?\d{6,}(?![\w.]*\w)")
# what Telegram sent when it could not be read: names and messages of people, or a proxy's page
CONTENT = re.compile(
    r"\n(Content|Update): .*?(?=\n\n(?:During|The above)|\nTraceback |\Z)", re.DOTALL
)
UPDATE = re.compile(r"(\bupdate (?:id=)?)(\d+)", re.IGNORECASE)


class Redaction:
    """Takes secrets and ids of people out of a text."""

    def __init__(self, secrets: Collection[str]) -> None:
        # the longer first: a secret may contain another
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for secret in self._secrets:
            text = text.replace(secret, "<token>")
        text = CONTENT.sub(r"\n\1: <left out>", text)
        pieces = UPDATE.split(text)  # other text, "update ", its number, other text, ...
        pieces[::3] = map(_without_ids, pieces[::3])
        return "".join(pieces)


def _without_ids(text: str) -> str:
    return LONG_NUMBER.sub("<id>", FIELD.sub(r"\1<id>", text))


class TextFormatter(logging.Formatter):
    """Redacts the finished text of a record: message, traceback and stack alike.

    Errors of HTTP clients quote the address they failed on, and Telegram's addresses hold the
    token. A `logging.Filter` sees a record before its traceback is text, which is too early.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__(FORMAT)
        self._redact = Redaction(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Format as usual, then redact."""
        return self._redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and traceback if there is one."""

    def __init__(self, secrets: Collection[str]) -> None:
        super().__init__()
        self._redact = Redaction(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Redact the parts, then put them together: quotes and line breaks are escaped last."""
        trace = [self.formatException(record.exc_info)] if record.exc_info else []
        trace += [self.formatStack(record.stack_info)] if record.stack_info else []
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redact(record.getMessage()),
        }
        if trace:
            line["traceback"] = self._redact("\n".join(trace))
        return json.dumps(line, ensure_ascii=False)


def token_secrets(token: str) -> tuple[str, ...]:
    """What must not be shown: the token, and its secret part in case the rest is escaped."""
    _, _, secret = token.partition(":")
    return token, secret


def set_up_logging(
    level: str,
    *,
    secrets: Collection[str],
    form: Literal["text", "json"] = "text",
    stream: TextIO | None = None,
) -> None:
    """Send every log record and warning to ``stream`` (stderr), redacted."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter((JsonFormatter if form == "json" else TextFormatter)(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
