"""Who asks, and their queries in the log."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import Request

from core.querylog import QueryLog, QueryRecord, hash_user
from web.limits import client_of
from web.metrics import Metrics

CHAT_TYPE = "web"


def asker(request: Request) -> str:
    """Who asks, as far as limits and the log go."""
    return client_of(request.client.host if request.client else "")


class Journal:
    """Writes queries into the log the bot uses: no addresses, no photos."""

    def __init__(self, log: QueryLog, user_hash_key: bytes, metrics: Metrics) -> None:
        self._log = log
        self._key = user_hash_key
        self._metrics = metrics

    def open(self, request: Request, kind: str, text: str | None = None) -> QueryRecord:
        """The record of a query, "photo" or "text", before it is answered."""
        return QueryRecord(kind, CHAT_TYPE, _language(request), self._hash_of(request), text=text)

    async def answered(
        self,
        record: QueryRecord,
        places: Sequence[tuple[str, float]],
        *,
        timings_ms: Mapping[str, float],
        snapshot: str,
        confident: bool | None = None,
    ) -> None:
        """Log what was found: (place_id, share or score), best first."""
        for stage, ms in timings_ms.items():
            self._metrics.stage_seconds.observe(ms / 1000, record.kind, stage)
        await self._log.append(
            replace(
                record,
                places=places,
                timings_ms=timings_ms,
                snapshot=snapshot,
                confident=confident,
            )
        )

    async def failed(self, record: QueryRecord, error: Exception) -> None:
        """Log a query that was not answered."""
        await self._log.append(replace(record, error=type(error).__name__))

    async def forget(self, request: Request) -> int:
        """Delete what was asked from this address; how many queries that were."""
        return await self._log.forget(self._hash_of(request))

    def _hash_of(self, request: Request) -> str:
        return hash_user(f"web:{asker(request)}", self._key)


def _language(request: Request) -> str:
    wanted = request.headers.get("Accept-Language", "").strip().lower()
    return "ru" if wanted.startswith("ru") else "en"
