"""NOT A MODEL: a local server that answers as a good one would, so that the real SDK is measured.

It reads the document that it is sent and agrees with it: the first decisive observations, an
object, a reason, the rules' first candidate. What it "adds" proves the path, not any insight.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from remediation.llm.providers.openai_compatible import OpenAICompatible

NAME = "scripted (no model)"


def answer(document: dict[str, Any]) -> dict[str, Any]:
    incident, evidence = document["incident"], document["evidence"]
    cited = incident["evidence"] or [evidence[0]["id"]]
    first = next(item for item in evidence if item["id"] == cited[0])
    return {
        "root_cause": f"{cited[0]} ({first['source']}) shows it: {first['text'][:120]}",
        "impact": incident["impact"],
        "confidence": 0.9,
        "cause": incident["cause"],
        "evidence": cited[:3],
        "objects": document["objects"][:1],
        "reasons": [],
        "order": [{"id": one["id"], "reason": "as the rules"} for one in document["candidates"]],
        "escalate": False,
        "escalate_reason": "",
        "recommendations": [],
    }


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["messages"][1]["content"]
        told = answer(json.loads(text.split("\n")[1]))
        self._send(
            {
                "id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                "choices": [{
                    "index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": json.dumps(told)},
                }],
                "usage": {"prompt_tokens": len(text) // 4, "completion_tokens": 100},
            }
        )  # fmt: skip

    def _send(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def good_model() -> Iterator[OpenAICompatible]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    client = OpenAICompatible("", NAME, f"http://127.0.0.1:{server.server_address[1]}/v1")
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        server.server_close()
        thread.join()
