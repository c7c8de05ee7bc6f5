"""Text with formatting: Telegram's HTML, read as strictly as Telegram reads it."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.params import Params
from bot.sandbox.refusals import Refused, bad_request

MAX_TEXT, MAX_CAPTION = 4096, 1024  # after the markup is read

Entity = dict[str, Any]

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline",
    "ins": "underline", "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "code": "code", "pre": "pre", "a": "text_link", "tg-spoiler": "spoiler", "span": "spoiler",
    "blockquote": "blockquote",
}  # fmt: skip
ATTRIBUTE = r"\s+([a-z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'))?"
START_TAG = re.compile(rf"<([a-z0-9-]+)((?:{ATTRIBUTE})*)\s*>", re.IGNORECASE)
END_TAG = re.compile(r"</([a-z0-9-]*)\s*>", re.IGNORECASE)
CHARACTER = re.compile(r"&(?:(lt|gt|amp|quot);?|#(?:[0-9]+|x[0-9a-f]+);)", re.IGNORECASE)
LINK = re.compile(r"(?:https?|tg|mailto|tel):\S+", re.IGNORECASE)

DETECTED = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,:;!?)])"
    r"|(?<![\w/@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/@])"
    r"|(?<![\w/@])(?P<mention>@[A-Za-z0-9_]{3,32})(?!\w)"
    r"|(?<![\w/#])(?P<hashtag>\#\w{1,256})(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Formatted:
    """What a user sees, and where it looks special: offsets in UTF-16 units, as Telegram counts."""

    text: str
    entities: list[Entity] = field(default_factory=list)

    def as_fields(self, name: str) -> dict[str, Any]:
        """The fields of a message: ``text`` and ``entities``, or ``caption`` and its own."""
        if not self.text:
            return {}
        key = "entities" if name == "text" else f"{name}_entities"
        return {name: self.text} | ({key: self.entities} if self.entities else {})


def read_formatted(params: Params, name: str, limit: int) -> Formatted:
    """The formatted text in a parameter, with its mentions, commands and links found.

    Raises:
        Refused: broken markup, or more than ``limit`` characters.
    """
    mode = params.text("parse_mode")
    if mode and mode.upper() != "HTML":
        raise bad_request("unsupported parse_mode")
    source = params.text(name)
    formatted = parse_html(source) if mode else Formatted(source.strip())
    if utf16_length(formatted.text) > limit:
        raise bad_request(
            "message is too long" if name == "text" else f"message {name} is too long"
        )
    return Formatted(formatted.text, with_detected(formatted))


def utf16_length(text: str) -> int:
    """Length as Telegram counts it: a character beyond the basic plane is two."""
    return len(text.encode("utf-16-le")) // 2


def with_detected(formatted: Formatted) -> list[Entity]:
    """All entities: the given ones, and what Telegram finds by itself outside of them."""
    entities = list(formatted.entities)
    taken = [(e["offset"], e["offset"] + e["length"]) for e in entities]
    for found in DETECTED.finditer(formatted.text):
        offset, length = utf16_length(formatted.text[: found.start()]), utf16_length(found.group())
        if not any(start < offset + length and offset < end for start, end in taken):
            entities.append({"type": found.lastgroup, "offset": offset, "length": length})
    return sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def parse_html(markup: str) -> Formatted:
    """The text without its tags, trimmed, and what the tags say.

    Raises:
        Refused: an unknown, unbalanced or broken tag.
    """
    text, at = "", 0
    opened: list[tuple[str, int, Entity]] = []
    closed: list[tuple[int, int, Entity]] = []
    while at < len(markup):
        if markup[at] == "<":
            if end := END_TAG.match(markup, at):
                if not opened or end.group(1).lower() not in {opened[-1][0], ""}:
                    raise _unparsable("Unmatched end tag", markup, at)
                _, start, entity = opened.pop()
                closed.append((start, len(text), entity))
                at = end.end()
                continue
            tag = START_TAG.match(markup, at)
            if tag is None or tag.group(1).lower() not in TAGS:
                raise _unparsable("Unsupported start tag", markup, at)
            opened.append((tag.group(1).lower(), len(text), _entity(tag, markup)))
            at = tag.end()
        elif character := CHARACTER.match(markup, at):
            text += html.unescape(character.group())
            at = character.end()
        else:
            text += markup[at]
            at += 1
    if opened:
        name = opened[-1][0]
        raise bad_request(
            f"can't parse entities: Can't find end tag corresponding to start tag {name}"
        )
    return _trimmed(text, closed)


def _entity(tag: re.Match[str], markup: str) -> Entity:
    name = tag.group(1).lower()
    attributes = {
        found.group(1).lower(): html.unescape(found.group(2) or found.group(3) or "")
        for found in re.finditer(ATTRIBUTE, tag.group(2), re.IGNORECASE)
    }
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise _unparsable('Tag "span" must have class "tg-spoiler"', markup, tag.start())
    if name == "blockquote" and "expandable" in attributes:
        return {"type": "expandable_blockquote"}
    return {"type": TAGS[name]} | ({"url": attributes.get("href", "")} if name == "a" else {})


def _trimmed(text: str, spans: list[tuple[int, int, Entity]]) -> Formatted:
    left, right = len(text) - len(text.lstrip()), len(text.rstrip())
    entities = []
    for start, end, entity in spans:
        start, end = max(start, left), min(end, right)  # noqa: PLW2901
        if entity["type"] == "text_link" and not LINK.fullmatch(entity["url"]):
            continue  # Telegram keeps the text and forgets the link
        if start < end:
            place = {
                "offset": utf16_length(text[left:start]),
                "length": utf16_length(text[start:end]),
            }
            entities.append(entity | place)
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(text.strip(), entities)


def _unparsable(reason: str, markup: str, at: int) -> Refused:
    offset = len(markup[:at].encode())
    return bad_request(
        f"can't parse entities: {reason} at byte offset {offset}: {markup[at : at + 20]}"
    )
