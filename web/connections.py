"""Connections: how many one may hold, and for how long without asking for anything."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

IDLE_S = 15
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
        self.loop.call_later(IDLE_S, self._close_if_idle, None)

    def _close_if_idle(self, request: Any) -> None:
        """Close if nothing has been asked since ``request``, and that is answered."""
        if self.transport.is_closing():
            return
        answered = self.cycle is None or self.cycle.response_complete
        if answered and self.cycle is request:
            self.transport.close()
        else:
            self.loop.call_later(IDLE_S, self._close_if_idle, self.cycle)


def _address(connection: Any) -> str | None:
    return connection.client[0] if connection.client else None
