"""Images without a builder: tar files in OCI layout that `ctr images import` reads."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import subprocess
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

Json = dict[str, Any]
OCI = "application/vnd.oci.image"
MANIFEST = f"{OCI}.manifest.v1+json"
OPEN, PRIVATE = "registry.test", "private.test"
APP, PAUSE, DNS = f"{OPEN}/app:1", f"{OPEN}/pause:1", f"{OPEN}/coredns:1"
LOCKED, UPLOADED = f"{PRIVATE}/app:1", f"{OPEN}/app:2"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass
class Layer:
    """Files by path; `shell` adds busybox with a link for each of its commands."""

    files: dict[str, bytes]
    links: dict[str, str] = field(default_factory=dict)

    def tar(self) -> bytes:
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as tar:
            for name in ("tmp", "etc", "bin"):
                tar.addfile(_entry(name, type=tarfile.DIRTYPE))
            for name, content in self.files.items():
                tar.addfile(_entry(name, size=len(content)), io.BytesIO(content))
            for name, target in self.links.items():
                tar.addfile(_entry(name, type=tarfile.SYMTYPE, linkname=target))
        return raw.getvalue()


@dataclass(frozen=True)
class Image:
    """A manifest with the blobs that it names, as a registry and a node's runtime take them."""

    name: str
    manifest: bytes
    blobs: tuple[bytes, ...]

    def save(self, path: Path) -> None:
        index = {"schemaVersion": 2, "manifests": [self._listed()]}
        with tarfile.open(path, "w") as tar:
            _add(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
            _add(tar, "index.json", json.dumps(index).encode())
            for blob in (self.manifest, *self.blobs):
                _add(tar, f"blobs/sha256/{_digest(blob)[7:]}", blob)

    def _listed(self) -> Json:
        named = {"io.containerd.image.name": self.name}
        place = {"architecture": _architecture(), "os": "linux"}
        return _described(MANIFEST, self.manifest) | {"platform": place, "annotations": named}

    def push(self, registry: str) -> None:
        """As a registry's HTTP interface has it: blobs first, then the manifest."""
        repository, _, tag = self.name.split("/", 1)[1].partition(":")
        base = f"{registry}/v2/{repository}"
        for blob in self.blobs:
            begun = requests.post(f"{base}/blobs/uploads/", timeout=30)
            begun.raise_for_status()
            where = begun.headers["Location"]
            _put(f"{where}&digest={_digest(blob)}", blob, "application/octet-stream")
        _put(f"{base}/manifests/{tag}", self.manifest, MANIFEST)


def image(name: str, layer: Layer, command: list[str]) -> Image:
    """The name goes into the configuration, so that no two names are one image."""
    raw = layer.tar()
    packed = gzip.compress(raw, 6, mtime=0)
    config = json.dumps({
        "architecture": _architecture(), "os": "linux",
        "config": {"Entrypoint": command, "Env": ["PATH=/bin:/", f"IMAGE={name}"]},
        "rootfs": {"type": "layers", "diff_ids": [_digest(raw)]},
    }).encode()  # fmt: skip
    kinds = (
        _described(f"{OCI}.config.v1+json", config),
        _described(f"{OCI}.layer.v1.tar+gzip", packed),
    )
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": kinds[0], "layers": [kinds[1]]}
    return Image(name, json.dumps(manifest).encode(), (config, packed))


def of(name: str, programs: Path) -> Image:
    """One of the images above."""
    if name == DNS:
        return image(name, Layer({"coredns": (programs / "coredns").read_bytes()}), ["/coredns"])
    app = {"app": (programs / "app").read_bytes()}
    if name == PAUSE:
        return image(name, Layer(app), ["/app", "pause"])
    return image(name, _with_shell(app), ["/app"])


def _with_shell(files: dict[str, bytes]) -> Layer:
    busybox = Path("/bin/busybox")
    said = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout
    links = {f"bin/{one}": "busybox" for one in said.split() if one != "busybox"}
    return Layer(files | {"bin/busybox": busybox.read_bytes()}, links)


def _entry(name: str, **fields: Any) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o1777 if name == "tmp" else 0o755
    for key, value in fields.items():
        setattr(entry, key, value)
    return entry


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, size=len(content)), io.BytesIO(content))


def _put(url: str, body: bytes, kind: str) -> None:
    answer = requests.put(url, data=body, headers={"Content-Type": kind}, timeout=60)
    answer.raise_for_status()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _described(kind: str, content: bytes) -> Json:
    return {"mediaType": kind, "digest": _digest(content), "size": len(content)}


def _architecture() -> str:
    return ARCHITECTURES[platform.machine()]
