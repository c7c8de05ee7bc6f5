"""Connections: how many one may hold, and for how long without asking for anything."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

IDLE_S = 15
SENDING_TICKS = 3  # for so many times that long one who was refused early may go on sending
OF_ONE = 128  # from one address, unless it is a proxy that is believed


class Connection(H11Protocol):
    """uvicorn's, which by itself lets a client that never asks stay for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, unless this address has enough of them."""
        super().connection_made(transport)
        others = [one for one in self.connections if _address(one) == _address(self)]
        if len(others) > OF_ONE and not self.config.forwarded_allow_ips:
            transport.close()
            return
        self.loop.call_later(IDLE_S, self._close_if_idle, None, SENDING_TICKS)

    def _close_if_idle(self, answered: Any, ticks: int) -> None:
        """Close if the last request is still the one that was ``answered`` a while ago.

        Of a photo that was refused before it was here, the rest is taken for some ``ticks``: else
        the sender would never see why.
        """
        if self.transport.is_closing():
            return
        done = self.cycle is None or self.cycle.response_complete
        if self.cycle is not answered:
            ticks = SENDING_TICKS
        elif self.conn.their_state is not h11.SEND_BODY or not ticks:
            self.transport.close()
            return
        last = self.cycle if done else _NONE_YET
        self.loop.call_later(IDLE_S, self._close_if_idle, last, ticks - 1)


_NONE_YET = object()  # while one is being answered


def _address(connection: Any) -> str | None:
    return connection.client[0] if connection.client else None
