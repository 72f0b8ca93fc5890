"""The one body that kubectl sends as protobuf and that people need: access reviews.

Other protobuf bodies are refused with 415, as by a server that does not speak it.
"""

from simulator.apimachinery.errors import unsupported_media_type
from simulator.apimachinery.objects import Obj

MAGIC = b"k8s\x00"
ATTRIBUTES = ("namespace", "verb", "group", "version", "resource", "subresource", "name")
ACCEPTED = ["application/json", "application/yaml"]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message, the last one of each number."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value, at = _varint(data, at)
        if tag & 7 == 2:
            found[tag >> 3] = data[at : at + value]
            at += value
    return found


def access_review(body: bytes) -> Obj:
    """A SelfSubjectAccessReview or SelfSubjectRulesReview as JSON has it.

    ApiError 415 for anything else.
    """
    envelope = fields(body.removeprefix(MAGIC))
    kind = fields(envelope.get(1, b"")).get(2, b"").decode()
    if kind not in ("SelfSubjectAccessReview", "SelfSubjectRulesReview"):
        raise unsupported_media_type(ACCEPTED)
    spec = fields(fields(envelope[2]).get(2, b""))
    if kind == "SelfSubjectRulesReview":
        return {"kind": kind, "spec": {"namespace": spec.get(1, b"").decode()}}
    told = fields(spec.get(1, b""))
    attributes = {name: told[i].decode() for i, name in enumerate(ATTRIBUTES, 1) if told.get(i)}
    return {"kind": kind, "spec": {"resourceAttributes": attributes} if attributes else {}}
