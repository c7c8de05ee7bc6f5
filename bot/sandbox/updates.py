"""Updates waiting for the bot: taken by long polling or delivered to its webhook."""

import asyncio
import re
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, islice
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.sandbox.params import Params
from bot.sandbox.refusals import Refused, bad_request

MAX_PENDING = 10_000
MAX_POLL_S = 50
MAX_BATCH = 100
DELIVERY_TIMEOUT_S = 60
MAX_DELIVERY_PAUSE_S = 10
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
KINDS = frozenset(
    {
        "message", "edited_message", "channel_post", "edited_channel_post", "inline_query",
        "chosen_inline_result", "callback_query", "my_chat_member",
    }
)  # fmt: skip
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

Update = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where updates are delivered."""

    url: str
    secret: str
    max_connections: int


class Updates:
    """The queue of one bot. An update stays in it until the bot confirms it."""

    def __init__(self) -> None:
        self.allowed: frozenset[str] = KINDS
        self.webhook: Webhook | None = None
        self._pending: deque[Update] = deque(maxlen=MAX_PENDING)
        self._numbers = count(100_000_001)
        self._news = asyncio.Event()
        self._poll = 0  # number of the latest getUpdates
        self._delivery: asyncio.Task[None] | None = None
        self._last_failure: tuple[int, str] | None = None

    @property
    def pending(self) -> list[int]:
        """Ids of the updates not confirmed yet."""
        return [update["update_id"] for update in self._pending]

    def put(self, kind: str, content: Any) -> None:
        """Add an update, unless the bot does not want this kind."""
        if kind in self.allowed:
            self._pending.append({"update_id": next(self._numbers), kind: content})
            self._news.set()

    async def take(self, params: Params) -> list[Update]:
        """getUpdates: forget what is confirmed, wait for news, give what is there.

        Raises:
            Refused: a webhook is set, or another getUpdates came meanwhile.
        """
        if self.webhook:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poll += 1
        poll = self._poll
        self._news.set()  # ends another getUpdates that may be waiting
        self._allow(params)
        self._confirm(params.integer("offset", 0))
        wait_s = min(max(params.integer("timeout", 0), 0), MAX_POLL_S)
        limit = min(max(params.integer("limit", MAX_BATCH), 1), MAX_BATCH)
        await asyncio.sleep(0)  # lets the one that was waiting see that it is replaced
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._arrival(poll)
        return list(self._pending)[:limit]

    async def _arrival(self, poll: int) -> None:
        while not self._pending:
            self._news.clear()
            await self._news.wait()
            if poll != self._poll:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request; "
                    "make sure that only one bot instance is running",
                )

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            kept = list(self._pending)[offset:]
        else:
            kept = [update for update in self._pending if update["update_id"] >= offset]
        self._pending = deque(kept, maxlen=MAX_PENDING)

    def _allow(self, params: Params) -> None:
        """Telegram remembers the wanted kinds until others are named; an empty list means all."""
        if params.json("allowed_updates") is not None:
            named = frozenset(map(str, params.items("allowed_updates")))
            self.allowed = (named & KINDS) or KINDS

    async def set_webhook(self, params: Params) -> bool:
        """setWebhook; an empty address takes the webhook away.

        Raises:
            Refused: the address is not acceptable, or the secret has foreign characters.
        """
        if not params.text("url"):
            return await self.delete_webhook(params)
        webhook = _read_webhook(params)
        await self.delete_webhook(params)
        self._allow(params)
        self.webhook = webhook
        self._delivery = asyncio.create_task(self._deliver(webhook))
        return True

    async def delete_webhook(self, params: Params) -> bool:
        """deleteWebhook; works without one, too."""
        if params.boolean("drop_pending_updates"):
            self._pending.clear()
        self.webhook = None
        await self.close()
        return True

    def webhook_info(self) -> dict[str, Any]:
        """getWebhookInfo."""
        about: dict[str, Any] = {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._pending),
        }
        if self.webhook:
            about["max_connections"] = self.webhook.max_connections
        if self.allowed != KINDS:
            about["allowed_updates"] = sorted(self.allowed)
        if self.webhook and self._last_failure:
            date, message = self._last_failure
            about |= {"last_error_date": date, "last_error_message": message}
        return about

    async def close(self) -> None:
        """Stop delivering."""
        while delivery := self._delivery:  # another may be begun meanwhile
            delivery.cancel()
            await asyncio.gather(delivery, return_exceptions=True)
            if self._delivery is delivery:
                self._delivery = None
        self._last_failure = None

    async def _deliver(self, webhook: Webhook) -> None:
        """Post updates over so many connections; each goes on with the next, none waits for all."""
        timeout = aiohttp.ClientTimeout(total=DELIVERY_TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=webhook.max_connections)
        underway: set[int] = set()  # update_ids
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            asyncio.TaskGroup() as connections,
        ):
            while True:
                self._news.clear()
                free = webhook.max_connections - len(underway)
                waiting = (u for u in self._pending if u["update_id"] not in underway)
                for update in list(islice(waiting, free)):
                    underway.add(update["update_id"])
                    posting = self._post_until_taken(session, webhook, update, underway)
                    connections.create_task(posting)
                await self._news.wait()

    async def _post_until_taken(
        self,
        session: aiohttp.ClientSession,
        webhook: Webhook,
        update: Update,
        underway: set[int],
    ) -> None:
        """Post an update again and again, ever more rarely, then make room for another."""
        pause_s = 1
        while not await self._post(session, webhook, update):
            pause_s = min(2 * pause_s, MAX_DELIVERY_PAUSE_S)
            await asyncio.sleep(pause_s)
        self._forget(update["update_id"])
        underway.discard(update["update_id"])
        self._news.set()

    def _forget(self, update_id: int) -> None:
        kept = [update for update in self._pending if update["update_id"] != update_id]
        self._pending = deque(kept, maxlen=MAX_PENDING)

    async def _post(self, session: aiohttp.ClientSession, webhook: Webhook, update: Update) -> bool:
        headers = {SECRET_HEADER: webhook.secret} if webhook.secret else {}
        try:
            async with session.post(webhook.url, json=update, headers=headers) as response:
                if response.ok:
                    return True
                failure = f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            failure = f"Connection failed: {type(error).__name__}"
        self._last_failure = int(time.time()), failure
        return False


def _read_webhook(params: Params) -> Webhook:
    url, secret = params.text("url"), params.text("secret_token")
    parts: Sequence[str | None] = (urlsplit(url).scheme, urlsplit(url).hostname)
    scheme, host = parts
    if not host or (scheme != "https" and not (scheme == "http" and host in LOCAL_HOSTS)):
        # a Bot API server of one's own takes plain HTTP as well; here from this machine only
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    connections = params.integer("max_connections", 40)
    if not 1 <= connections <= 100:
        raise bad_request("max_connections must be between 1 and 100")
    return Webhook(url, secret, connections)
