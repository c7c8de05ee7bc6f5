"""Inline queries: asked by a person, answered by the bot, remembered as Telegram does."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from bot.sandbox.refusals import bad_request

ANSWER_WITHIN_S = 10
MAX_REMEMBERED = 200
DEFAULT_CACHE_S = 300


@dataclass(frozen=True, slots=True)
class Offer:
    """One result, ready to become a message when picked.

    Telegram looks at the address of a photo only when somebody sees it or picks it, so that an
    answer with fifty of them is taken at once.
    """

    result_id: str
    view: Mapping[str, Any]  # what the person sees while choosing
    message: Mapping[str, Any]  # what is posted
    thumbnail_url: str = ""  # of the photo the person sees, if it is not in ``view``
    photo_url: str = ""  # of the photo that is posted, if it is not in ``message``


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot offered for a query."""

    offers: tuple[Offer, ...] = ()
    next_offset: str = ""
    button: Mapping[str, Any] | None = None
    cache_s: float = 0
    personal: bool = False


@dataclass(slots=True)
class _Asked:
    query: str
    user_id: int
    answer: "asyncio.Future[Answer]"


class InlineQueries:
    """Queries on their way, and answers that may serve again."""

    def __init__(self, *, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self.answer_within_s = answer_within_s
        self._numbers = count(700_001)
        self._asked: OrderedDict[str, _Asked] = OrderedDict()
        self._cache: OrderedDict[tuple[str, str, int], tuple[float, Answer]] = OrderedDict()

    def open(self, query: str, user_id: int) -> str:
        """Begin a query; returns its id."""
        query_id = str(next(self._numbers))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[query_id] = _Asked(query, user_id, answer)
        if len(self._asked) > MAX_REMEMBERED:
            self._asked.popitem(last=False)
        return query_id

    async def answered(self, query_id: str, offset: str) -> Answer | None:
        """The bot's answer; None when it comes too late, and from then on it is refused."""
        asked = self._asked[query_id]
        await asyncio.wait({asked.answer}, timeout=self.answer_within_s)
        if not asked.answer.done():
            self._asked.pop(query_id, None)
            return None
        answer = asked.answer.result()
        if answer.cache_s > 0:
            reader = asked.user_id if answer.personal else 0
            self._cache[asked.query, offset, reader] = (time.monotonic() + answer.cache_s, answer)
            if len(self._cache) > MAX_REMEMBERED:
                self._cache.popitem(last=False)
        return answer

    def cached(self, query: str, offset: str, user_id: int) -> Answer | None:
        """An answer that the bot allowed to be given again, to anybody or to this person."""
        for reader in (0, user_id):
            until, answer = self._cache.get((query, offset, reader), (0.0, None))
            if until > time.monotonic():
                return answer
        return None

    def answer(self, query_id: str, answer: Answer) -> None:
        """Take the bot's answer.

        Raises:
            Refused: nobody waits for it any more.
        """
        asked = self._asked.get(query_id)
        if asked is None or asked.answer.done():
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        asked.answer.set_result(answer)

    def reopen(self, query_id: str, answer: Answer) -> None:
        """Let an answer from the cache serve a new query."""
        self._asked[query_id].answer.set_result(answer)

    def picked(self, query_id: str, result_id: str) -> tuple[str, Offer]:
        """The words of a query and the offer that was chosen.

        Raises:
            Refused: there is no such offer.
        """
        asked = self._asked.get(query_id)
        offers = asked.answer.result().offers if asked and asked.answer.done() else ()
        for offer in offers:
            if asked and offer.result_id == result_id:
                return asked.query, offer
        raise bad_request("RESULT_ID_INVALID")
