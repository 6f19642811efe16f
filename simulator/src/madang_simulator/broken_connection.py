"""Breaks a connection the way a crashed peer or a cut line does: with a TCP reset, not a tidy end."""

import asyncio
import socket
import struct

from aiohttp import web

# Written bytes need a moment to leave, as a reset throws away what is still waiting to be sent.
_DEPARTURE_S = 0.01


async def reset_after_sending(request: web.BaseRequest) -> None:
    """Lets what was written leave, then resets the connection."""
    await asyncio.sleep(_DEPARTURE_S)
    reset(request)


def reset(request: web.BaseRequest) -> None:
    """Resets the connection; the peer sees ECONNRESET."""
    transport = request.transport
    if transport is None:
        return
    peer = transport.get_extra_info("socket")
    if peer is not None:
        # Lingering for no time makes the kernel send RST in place of FIN.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
