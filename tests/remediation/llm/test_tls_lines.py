"""A peer under TLS that shakes hands and then says nothing: its connection ends as well."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from remediation.llm.failures import FailureKind, LlmFailure
from tests.remediation.llm.hostile_modes import ENVELOPES
from tests.remediation.llm.test_bounded_resources import ask, threads, wait_until
from tests.remediation.llm.test_hostile_answers import point_at

LONG_SECONDS = 60


def self_signed(path: Path) -> Path:
    """Certificate and key of 127.0.0.1 in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now, address = datetime.now(UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(made.public_bytes(pem) + private)
    return path


@contextmanager
def silent(certificate: Path, met: threading.Event) -> Iterator[str]:
    """Sets `met` once it has read a request, and never answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            peer, _ = server.accept()
            with context.wrap_socket(peer, server_side=True) as secured:
                secured.recv(1 << 16)
                met.set()
                while secured.recv(1 << 16):
                    """What else belongs to the request, until the client hangs up."""

    with socket.create_server(("127.0.0.1", 0)) as server:
        serving = threading.Thread(target=serve, args=(server,), daemon=True)
        serving.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        serving.join(10)
    assert not serving.is_alive(), "the client never hung up"


@pytest.mark.parametrize("name", ENVELOPES)
def test_silence_under_tls_ends_with_its_question(
    name: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, met = self_signed(tmp_path / "peer.pem"), threading.Event()
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(variable, str(certificate))
    with silent(certificate, met) as url:
        point_at(settings, name, url)
        settings.LLM_TIMEOUT_SECONDS = LONG_SECONDS
        answer = ask(3)
        assert isinstance(answer, LlmFailure)
        assert (answer.kind, met.is_set()) == (FailureKind.TIME_OUT, True), answer
        assert wait_until(lambda: threads() == 0)
