"""Photos of several places or queries, shown in turns; pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from core.answers import PhotoHit


def in_turns(sources: Iterable[Iterable[PhotoHit]]) -> Iterator[PhotoHit]:
    """The first photo of each source, then the second of each, and so on.

    A source is asked for a photo when its turn comes, so that those nobody gets to cost nothing.
    """
    waiting = deque(iter(source) for source in sources)
    while waiting:
        source = waiting.popleft()
        for hit in islice(source, 1):
            yield hit
            waiting.append(source)


def each_once(hits: Iterable[PhotoHit]) -> Iterator[PhotoHit]:
    """The photos without those shown before: a picture of two places comes once."""
    shown: set[str] = set()
    for hit in hits:
        if hit.photo.photo_id not in shown:
            shown.add(hit.photo.photo_id)
            yield hit
