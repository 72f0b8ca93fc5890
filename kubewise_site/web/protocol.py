"""uvicorn's HTTP connection, under the ward's eyes: uvicorn itself waits for headers for ever."""

from __future__ import annotations

import asyncio
import socket
import struct

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from kubewise_site.web.limits import Limits, Wait
from kubewise_site.web.open_files import connections_possible
from kubewise_site.web.ward import Ward

RESET = struct.pack("ii", 1, 0)
READING = {h11.IDLE: Wait.HEADERS, h11.SEND_BODY: Wait.BODY}


class GuardedHttp(H11Protocol):
    """One connection. `ward` is shared by all connections of the process."""

    ward = Ward(Limits(connections=connections_possible(Limits.connections)))

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.ward.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ward.forget(self)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self.ward.answered(self)
        super().on_response_complete()

    def address(self) -> str:
        return self.client[0] if self.client else ""

    def waits_for(self) -> Wait:
        if self._reader_is_slow():
            return Wait.READER
        return READING.get(self.conn.their_state, Wait.NOTHING)

    def hang_up(self) -> None:
        """At once: neither this process nor the kernel keeps what the client has not read yet."""
        link = self.transport.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    def _reader_is_slow(self) -> bool:
        """Bytes wait for the client, and nothing but its reading moves this connection on."""
        under_way = self.cycle is not None and not self.cycle.response_complete
        if under_way and not self.transport.is_closing():
            return bool(self.flow.write_paused)
        return self.transport.is_closing() or self.transport.get_write_buffer_size() > 0
