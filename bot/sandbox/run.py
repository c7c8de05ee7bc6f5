"""``python -m bot --sandbox``: the bot on a Telegram of its own."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from bot.sandbox.page import Spot
from bot.sandbox.server import Sandbox
from bot.service import serve
from core.logs import set_up_logging, token_secrets
from core.places import Place
from core.settings import Settings
from core.snapshot_store import SnapshotStore

MAX_SPOTS = 5
NOWHERE = Path(":memory:")  # file_ids of a bot that is gone after this run are of no use


async def serve_sandbox(settings: Settings, *, host: str, port: int) -> None:
    """Open a local Telegram, print its page's address, and answer there until told to stop.

    Raises:
        PortTaken: the address cannot be bound.
        GuideError: see `bot.service.serve`.
    """
    places = SnapshotStore(settings.data_dir).places()  # none published: told before a page opens
    async with Sandbox(host=host, port=port, spots=_spots(places)) as sandbox:
        secrets = token_secrets(sandbox.token)
        set_up_logging(settings.log_level, secrets=secrets, form=settings.log_format)
        print(f"Chat with the guide at {sandbox.url} (Ctrl+C stops it)", flush=True)
        if not sandbox.local:
            print("Others in the network can do so at this computer's address.", flush=True)
        await serve(settings_for(sandbox, settings), sandbox.token, file_ids=NOWHERE)


def _spots(places: Sequence[Place]) -> list[Spot]:
    """Some positions where it is worth being."""
    known = ((place.name, place.point) for place in places if place.point)
    return [Spot(name, point.lat, point.lon) for name, point in islice(known, MAX_SPOTS)]


def settings_for(sandbox: Sandbox, settings: Settings) -> Settings:
    """The same settings without what belongs to the real Telegram."""
    return settings.model_copy(
        update={
            "telegram_api": sandbox.url,
            "storage_chat_id": sandbox.telegram.channel.chat_id,
            "admin_ids": (sandbox.you.user["id"],),
            "webhook_url": None,
            "public_url": None,
        }
    )
