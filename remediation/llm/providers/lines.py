"""The connections of one question, so that they end when its time is over.

An SDK's thread that reads from a peer cannot be stopped safely: an exception from outside may come
between opening a socket and keeping it. Hanging up can be: what waits for the peer ends with an
error of the SDK's own, and the SDK closes its socket.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading


class Lines:
    """Duplicates of a question's sockets, under TLS too: shutting one down shuts both."""

    def __init__(self) -> None:
        self._lock, self._held = threading.Lock(), list[socket.socket]()
        self._over = False

    def hold(self, fileno: int) -> None:
        """What is opened after the end is hung up at once."""
        with self._lock:
            self._held.append(socket.socket(fileno=os.dup(fileno)))
            if self._over:
                _hang_up(self._held[-1])

    def end(self) -> None:
        with self._lock:
            self._over = True
            for one in self._held:
                _hang_up(one)

    def close(self) -> None:
        """Let go of the duplicates; the sockets themselves are the SDK's."""
        with self._lock:
            while self._held:
                self._held.pop().close()


_asking = threading.local()


def ask_on(lines: Lines) -> None:
    """From now on, connections of this thread are among `lines`."""
    _asking.lines = lines


def hold(sock: socket.socket) -> None:
    """Called by a client of a model for each connection that it is about to wait on."""
    if lines := getattr(_asking, "lines", None):
        lines.hold(sock.fileno())


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the peer was quicker
        sock.shutdown(socket.SHUT_RDWR)
