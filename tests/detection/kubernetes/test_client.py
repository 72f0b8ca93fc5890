"""One connection to an API server: a token that changes, an answer that drips or floods."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detection.kubernetes import client
from detection.kubernetes.client import Connection, NotConfigured, TooLarge, Unreachable, connect
from tests.scripted_http import Reply, ScriptedServer, serving


def connected(directory: Path, server: ScriptedServer, token_file: str = "") -> Connection:
    path = directory / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": server.url}}],
        "users": [{"name": "u", "user": {"token": "first"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    path.write_text(json.dumps(content))
    return connect(kubeconfig=str(path), token_file=token_file)


def test_a_token_file_is_read_again_for_every_call(tmp_path: Path) -> None:
    """A projected token is replaced by the kubelet long before the worker ends."""
    token = tmp_path / "token"
    token.write_text("one\n")
    with serving(Reply(b"{}")) as server:
        connection = connected(tmp_path, server, str(token))
        connection.get("/version")
        token.write_text("two\n")
        connection.get("/version")
        token.unlink()
        with pytest.raises(NotConfigured, match="can't be read"):
            connection.get("/version")
    sent = [{k.lower(): v for k, v in one.headers.items()} for one in server.requests]
    assert [headers["authorization"] for headers in sent] == ["Bearer one", "Bearer two"]


def test_an_answer_that_drips_ends_with_the_time_of_the_call(tmp_path: Path) -> None:
    with serving(Reply(b"x" * 500, drip_seconds=0.05)) as server:
        connection = connected(tmp_path, server).within(0.5)
        with pytest.raises(Unreachable, match="still coming"):
            connection.get("/api/v1/pods")


def test_an_answer_over_the_limit_is_named_and_the_next_call_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ANSWER_LIMIT_BYTES", 1000)
    with serving(Reply(b"x" * 5000), Reply(b"{}")) as server:
        connection = connected(tmp_path, server)
        with pytest.raises(TooLarge, match="1000 B"):
            connection.get("/api/v1/pods")
        assert connection.get("/version") == b"{}"
