"""What a source yields: places, photos of them, and what could not be used."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.places import Place

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class SourcePhoto:
    """The bytes of one photo as the source has them; not yet known to be a picture."""

    place_id: str
    data: bytes
    source: str  # where to find it again: ``file:row`` or a file's name below the source folder


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the source that was left out or is doubtful, and why."""

    source: str
    reason: str


# A place comes before its photos; nothing is held in memory that is not being looked at.
SourceItems = Iterator[Place | SourcePhoto | Problem]


def with_plain_source(item: Place | SourcePhoto | Problem) -> Place | SourcePhoto | Problem:
    """The item with a source that the gallery's lists can hold, join and give back.

    A file's name may have any characters: those that control are spaces in it, ``|`` is ``¦``, and
    a byte that is not UTF-8 is an escape like ``\\udce9``.
    """
    return replace(item, source=_CONTROL.sub(" ", encodable(item.source)).replace("|", "¦"))


def encodable(text: str) -> str:
    """The text with escapes for bytes of a file's name that are not UTF-8."""
    return text.encode(errors="backslashreplace").decode()


def safe_place_id(wanted: str, *described_by: str) -> str:
    """The id a source gives a place if it can name a folder, else one made from its description."""
    if _SAFE_ID.fullmatch(wanted):
        return wanted
    description = "\n".join((wanted, *described_by))
    return f"p{hashlib.sha256(description.encode()).hexdigest()[:12]}"
