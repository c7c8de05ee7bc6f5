"""Telegram's HTML as strictly as Telegram reads it."""

import html
import re

TOKEN = re.compile(r"<(/?)(b|i|code)>|&(?:lt|gt|amp|quot);|([^<>&])", re.DOTALL)


def visible_text(markup: str) -> str:
    """What a user sees of a text in HTML parse mode.

    Raises:
        ValueError: an unknown or unbalanced tag, or an unescaped special character.
    """
    visible, opened, at = [], [], 0
    while at < len(markup):
        token = TOKEN.match(markup, at)
        if token is None:
            raise ValueError(f"can't parse entities: {markup[at : at + 20]!r}")
        closing, tag, _ = token.groups()
        if tag is None:
            visible.append(html.unescape(token.group()))
        elif not closing:
            opened.append(tag)
        elif not opened or opened.pop() != tag:
            raise ValueError(f"unexpected end tag {tag!r}")
        at = token.end()
    if opened:
        raise ValueError(f"no end tag for {opened}")
    return "".join(visible)
