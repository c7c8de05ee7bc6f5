"""Many people who send photos at once, and what becomes of each photo."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.locales.en import EN
from bot.sandbox.people import Person
from bot.sandbox.server import Sandbox
from bot.sandbox.telegram import Message

APOLOGIES = tuple(text[:30] for text in (*EN.errors.values(), EN.interrupted))


@dataclass
class Sent:
    """A photo and what the bot replied to it."""

    person: Person
    message_id: int
    replies: list[Message] = field(default_factory=list)

    @property
    def answers(self) -> list[str]:
        """Texts that answer it; albums, notices and apologies are none."""
        return [text for text in self._texts if not text.startswith((*APOLOGIES, EN.crowded))]

    @property
    def apologies(self) -> list[str]:
        """Texts that say it did not work."""
        return [text for text in self._texts if text.startswith(APOLOGIES)]

    @property
    def _texts(self) -> list[str]:
        return [reply["text"] for reply in self.replies if "text" in reply]


class Crowd:
    """People in private chats with the bot."""

    def __init__(self, sandbox: Sandbox, people: int) -> None:
        self._sandbox = sandbox
        self.people = [sandbox.person(f"Person {number}") for number in range(people)]
        self.sent: list[Sent] = []

    async def send(self, person: Person, photo: bytes) -> Sent:
        """Let somebody send a photo."""
        [message] = await person.send_photos([photo])
        sent = Sent(person, message["message_id"])
        self.sent.append(sent)
        return sent

    def look(self) -> Sequence[Sent]:
        """What has been replied by now."""
        for sent in self.sent:
            sent.replies = [
                message
                for message in sent.person.room.messages.values()
                if message.get("reply_to_message", {}).get("message_id") == sent.message_id
            ]
        return self.sent

    @property
    def unanswered(self) -> list[Sent]:
        """Photos without answer or apology."""
        return [sent for sent in self.look() if not sent.answers and not sent.apologies]

    async def all_answered(self, within_s: float) -> None:
        """Wait until nobody waits any more.

        Raises:
            TimeoutError: somebody still does.
        """
        async with asyncio.timeout(within_s):
            while self.unanswered:
                await asyncio.sleep(0.1)
