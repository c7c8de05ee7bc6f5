import asyncio
import socket

import pytest

from web.service import PortTaken, _listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_answers_are_not_held_back_on_a_connection_that_is_kept(host: str) -> None:
    sends_at_once: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        sends_at_once.set_result(
            bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        )
        writer.close()

    try:
        listener = _listen(host, 0)
    except PortTaken:
        pytest.skip(f"nothing can listen on {host} here")
    async with await asyncio.start_server(accepted, sock=listener):
        _, writer = await asyncio.open_connection(host, listener.getsockname()[1])
        assert await asyncio.wait_for(sends_at_once, timeout=10)
        writer.close()


def test_a_taken_port_is_told() -> None:
    with _listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=f"cannot listen on 127.0.0.1:{port}"):
            _listen("127.0.0.1", port)
