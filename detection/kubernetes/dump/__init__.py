"""A dump in the place of a cluster: it answers the GET requests of a look from files.

What the dump says nothing about is blind, with the reason, unless it is called complete: then what
it does not hold is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from detection.kubernetes.client import Account, Connection, KubernetesError, NotFound
from detection.kubernetes.dump.files import Content, NoDump, read_dump
from detection.kubernetes.dump.logs import find_logs, read_log
from detection.kubernetes.dump.stamps import newest, parsed
from detection.kubernetes.resources import BESIDE_THE_SCAN, RESOURCES, ListedResource

__all__ = ["DumpConnection", "NoDump", "open_dump", "parsed"]

PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+/[^/]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+))?/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?P<log>/log)?"
)
# Groups that every API server has; others are served where the dump holds an object of them.
BUILT_IN = re.compile(
    r"v1|(apps|batch|policy|autoscaling)/.*|(discovery|networking|storage|admissionregistration"
    r"|apiregistration)\.k8s\.io/.*"
)


def open_dump(folder: str, is_complete: bool = False) -> DumpConnection:
    """Raises NoDump, whose message says what to do."""
    path = Path(folder)
    return DumpConnection(path, read_dump(path), is_complete)


class DumpConnection(Connection):
    """Answers as the API server would have, at the time of the dump. It can't write."""

    def __init__(self, folder: Path, content: Content, is_complete: bool = False) -> None:
        super().__init__(None, Account(f"dump {folder}", "", "files"))
        self._content, self._is_complete = content, is_complete
        self._logs = find_logs(content.logs)

    @property
    def taken_at(self) -> datetime | None:
        """The newest stamp of its objects."""
        return newest(item for items in self._content.objects.values() for item in items)

    @property
    def unread(self) -> Mapping[str, str]:
        """File → why it could not be read."""
        return self._content.unread

    def within(self, seconds: float) -> Connection:
        return self

    def get(self, path: str, params: dict[str, str] | None = None, accept: str = "") -> bytes:
        return self.request("GET", path, params)

    def request(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
        accept: str = "",
    ) -> bytes:
        if method != "GET":
            raise KubernetesError(f"{method} {path}: a dump can't be changed", 405)
        if path == "/apis":
            return _json({"groups": [{"versions": [{"groupVersion": v} for v in self._served()]}]})
        if (version := path.removeprefix("/apis/").removeprefix("/api/")) in self._served():
            return _json({"resources": [{"name": one.plural} for one in _of(version)]})
        found = PATH.fullmatch(path)
        if found is None:
            raise NotFound(f"GET {path}: not in the dump", 404)
        return self._answer(path, {k: unquote(v or "") for k, v in found.groupdict().items()},
                            params or {})  # fmt: skip

    def _served(self) -> set[str]:
        every = {v for r in _every() for v in (r.group_version, r.or_else) if v}
        held = {str(item.get("apiVersion")) for items in self._content.objects.values()
                for item in items}  # fmt: skip
        return {version for version in every if BUILT_IN.fullmatch(version) or version in held}

    def _answer(self, path: str, asked: Mapping[str, str], params: Mapping[str, str]) -> bytes:
        if asked["log"]:
            return self._log(path, asked, params)
        kind, items = self._listed(asked)
        if not asked["name"]:
            return _json({"kind": f"{kind}List", "items": items})
        named = [item for item in items if item["metadata"].get("name") == asked["name"]]
        if not named:
            raise NotFound(f"GET {path}: not in the dump", 404)
        return _json(named[0])

    def _listed(self, asked: Mapping[str, str]) -> tuple[str, list[Mapping[str, Any]]]:
        """Kind and items of a list. Raises KubernetesError where the dump says nothing of it."""
        kind = next((r.kind_name for r in _every() if r.plural == asked["plural"]), "")
        if kind not in self._content.objects and not self._is_complete:
            raise KubernetesError(f"the dump holds no list of {asked['plural']}")
        version = asked["core"] or asked["group"]
        found = self._content.objects.get(kind, ())
        return kind, [item for item in found if _is_of(item, version, asked)]

    def _log(self, path: str, asked: Mapping[str, str], params: Mapping[str, str]) -> bytes:
        previous = params.get("previous") == "true"
        container = params.get("container", "")
        text = read_log(self._logs, asked["namespace"], asked["name"], container, previous)
        if text is None:
            raise KubernetesError(f"GET {path}: the dump holds no log of it", 400)
        lines = text.splitlines()[-int(params.get("tailLines", "1000")) :]
        return "\n".join(lines).encode()


def _every() -> Iterable[ListedResource]:
    return (*RESOURCES, *BESIDE_THE_SCAN)


def _of(version: str) -> list[ListedResource]:
    return [one for one in _every() if version in (one.group_version, one.or_else)]


def _is_of(item: Mapping[str, Any], version: str, asked: Mapping[str, str]) -> bool:
    meta = item.get("metadata")
    if not isinstance(meta, dict) or item.get("apiVersion") not in (version, "", None):
        return False
    return asked["namespace"] in ("", meta.get("namespace"))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
