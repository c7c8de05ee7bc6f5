"""Ask in words and see which photos come."""

from collections.abc import Sequence

from core.answers import PhotoHit
from core.errors import EmptyQuery
from core.guide import CityGuide
from core.metrics import precision_at, rank_of
from offline.evaluating.labels import LabelledText
from offline.evaluating.outcomes import TextOutcome
from offline.progress import Advanced

SHOWN = 5  # photos of an answer
LOOKED_AT = 20  # photos in which the first right one is searched for


async def ask_words(
    guide: CityGuide,
    texts: Sequence[LabelledText],
    *,
    advanced: Advanced = lambda done: None,
) -> list[TextOutcome]:
    """Search for each text as the bot does."""
    outcomes = []
    for text in texts:
        places = [hit.place.place_id for hit in await _search(guide, text.query)]
        outcomes.append(
            TextOutcome(
                query=text.query,
                language=text.language,
                how=text.how,
                relevant=tuple(sorted(text.relevant)),
                rank=rank_of(places, text.relevant),
                precision=precision_at(places, text.relevant, SHOWN),
                answers=tuple(places[:SHOWN]),
            )
        )
        advanced(1)
    return outcomes


async def _search(guide: CityGuide, query: str) -> Sequence[PhotoHit]:
    try:
        return (await guide.search(query, limit=LOOKED_AT)).photos
    except EmptyQuery:  # the bot answers with advice, and with no photos
        return ()
