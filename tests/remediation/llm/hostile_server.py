"""A loopback server that carries out the steps of a hostile mode, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.remediation.llm.hostile_modes import Drip, Flood, Steps


@contextmanager
def hostile(steps: Steps) -> Iterator[str]:
    """Each connection gets the same steps; yields the server's URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, steps, over), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()


def _accept(server: socket.socket, steps: Steps, over: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while True:
            peer, _ = server.accept()
            threading.Thread(target=_serve, args=(peer, steps, over), daemon=True).start()


def _serve(peer: socket.socket, steps: Steps, over: threading.Event) -> None:
    with peer, contextlib.suppress(OSError):
        _read_request(peer)
        for step in steps:
            _carry_out(peer, step, over)


def _read_request(peer: socket.socket) -> None:
    content = b""
    while b"\r\n\r\n" not in content:
        content += peer.recv(1 << 16) or b"\r\n\r\n"
    head, _, body = content.partition(b"\r\n\r\n")
    told = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    left = int(told[0].partition(b":")[2]) - len(body) if told else 0
    while left > 0 and (more := peer.recv(1 << 16)):
        left -= len(more)


def _carry_out(peer: socket.socket, step: bytes | Drip | Flood, over: threading.Event) -> None:
    if isinstance(step, bytes):
        peer.sendall(step)
    elif isinstance(step, Flood):
        for _ in range(step.times):
            peer.sendall(step.content)
    else:
        _drip(peer, step, over)


def _drip(peer: socket.socket, step: Drip, over: threading.Event) -> None:
    for byte in step.content:
        peer.sendall(bytes([byte]))
        if over.wait(step.seconds):
            return
    if not step.content:
        over.wait(step.seconds)
