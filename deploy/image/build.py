"""`make image`: the slim image as an OCI layout, without an engine. Needs root and debootstrap.

The same steps as `deploy/Dockerfile`, target slim, on Debian's own Python 3.11: root file system,
locked wheels, our code; one layer each. `python deploy/image/build.py DIRECTORY`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CODE = ("manage.py", "pyproject.toml", "kubewise_site", "detection", "remediation", "models")
PACKAGES = "python3,ca-certificates,python-is-python3,media-types"
SUITE = "bookworm"
SITE = "opt/kubewise/site-packages"
NOT_NEEDED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "var/cache/apt",
    "var/lib/apt/lists",
)
GROUP_WRITES = 0o775
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Layer:
    """A layer's blob: `diff_id` is the digest of its tar, `digest` that of the file."""

    what: str
    digest: str
    diff_id: str
    size: int
    unpacked: int


def main() -> None:
    into = Path(sys.argv[1])
    shutil.rmtree(into, ignore_errors=True)
    blobs = into / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="kubewise-image-") as work:
        base, wheels, code = (Path(work) / name for name in ("base", "wheels", "code"))
        _base(base)
        _wheels(wheels)
        _code(code)
        (code / "app" / "sbom.cdx.json").write_text(json.dumps(bill(base), indent=1) + "\n")
        parts = {"Debian and Python": base, "locked wheels": wheels, "KubeWise": code}
        layers = [_layer(what, tree, blobs) for what, tree in parts.items()]
        shutil.copy(code / "app" / "sbom.cdx.json", into.with_suffix(".cdx.json"))
    _index(into, blobs, layers)
    for one in layers:
        print(f"{one.what:20} {one.size / 2**20:7.1f} MiB packed {one.unpacked / 2**20:7.1f} MiB")


def version() -> str:
    return _said("kubewise_site/version.py", r'VERSION = "(.+)"')


def _said(file: str, pattern: str) -> str:
    """The one thing that a file of the repository says; ValueError where it does not."""
    found = re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} has no {pattern}")
    return found[1]


def slim_requirements() -> list[str]:
    """What the Dockerfile's slim stage installs: all but what only training needs."""
    training = _said("deploy/Dockerfile", r"grep -vE '(.+?)' requirements")
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line and line[0] != "#" and not re.match(training, line)]


def _base(tree: Path) -> None:
    """Debian's packages, from where this machine's apt takes them."""
    ask = ["apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {SUITE}"]
    mirror = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split()[0]
    options = ["--variant=minbase", f"--include={PACKAGES}"]
    _run("debootstrap", *options, SUITE, str(tree), mirror)
    for name in NOT_NEEDED:
        shutil.rmtree(tree / name, ignore_errors=True)
    (tree / "data").mkdir()
    (tree / "data").chmod(0o2775)
    for name in ("dev", "proc", "sys"):
        shutil.rmtree(tree / name, ignore_errors=True)
        (tree / name).mkdir()


def _wheels(tree: Path) -> None:
    site = tree / SITE
    site.mkdir(parents=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write("\n".join(slim_requirements()) + "\n")
        wanted.flush()
        uv = str(Path(sys.executable).with_name("uv"))
        only = ["--no-deps", "--only-binary", ":all:", "--python-version", "3.11"]
        _run(uv, "pip", "install", "-q", *only, "--target", str(site), "-r", wanted.name)


def _code(tree: Path) -> None:
    app = tree / "app"
    app.mkdir(parents=True)
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in CODE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, app / name, ignore=skip)
        else:
            shutil.copy(source, app / name)
    (app / "models").chmod(GROUP_WRITES)


def bill(base: Path) -> dict[str, Any]:
    """CycloneDX: Debian's packages as they are installed, and the wheels by their lock."""
    ask = ["dpkg-query", f"--admindir={base}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n"]
    said = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    debian = (line.split() for line in said.splitlines())
    wheels = (line.partition(";")[0].strip().split("==") for line in slim_requirements())
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _component("application", "kubewise", version(), "pypi")},
        "components": [
            *(_component("library", name, number, "deb/debian") for name, number in debian),
            *(_component("library", name, number, "pypi") for name, number in wheels),
        ],
    }


def _component(kind: str, name: str, number: str, where: str) -> dict[str, str]:
    purl = f"pkg:{where}/{name}@{number}"
    return {"type": kind, "name": name, "version": number, "purl": purl, "bom-ref": purl}


def _layer(what: str, tree: Path, blobs: Path) -> Layer:
    """The same tree gives the same bytes: order, owners and times are fixed."""
    plain = blobs / "unfinished.tar"
    with tarfile.open(plain, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in _in_order(tree):
            archive.add(path, str(path.relative_to(tree)), recursive=False, filter=_settled)
    diff_id, unpacked = _digest(plain), plain.stat().st_size
    _run("gzip", "-n", "-3", str(plain))
    packed = blobs / "unfinished.tar.gz"
    digest, size = _digest(packed), packed.stat().st_size
    packed.rename(blobs / digest)
    return Layer(what, digest, diff_id, size, unpacked)


def _in_order(tree: Path) -> Iterable[Path]:
    return sorted(tree.rglob("*"))


def _settled(one: tarfile.TarInfo) -> tarfile.TarInfo:
    one.uid = one.gid = one.mtime = 0
    one.uname = one.gname = ""
    return one


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def configuration(layers: list[Layer]) -> dict[str, Any]:
    """As the Dockerfile has it: any user, group 0, the web process."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": f"/{SITE}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "KUBEWISE_DATA_DIR": "/data",
        "LOG_FORMAT": "JSON",
    }
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": "10001:0",
            "Env": [f"{name}={value}" for name, value in environment.items()],
            "Cmd": json.loads(_said("deploy/Dockerfile", r"^CMD (\[.+\])")),
            "WorkingDir": "/app",
            "ExposedPorts": {"8000/tcp": {}},
            "Labels": labels(),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one.diff_id}" for one in layers]},
        "history": [{"created_by": one.what} for one in layers],
    }


def labels() -> dict[str, str]:
    title = "org.opencontainers.image"
    return {
        f"{title}.title": "KubeWise",
        f"{title}.version": version(),
        f"{title}.licenses": "Apache-2.0",
        f"{title}.description": "Finds failures in a Kubernetes cluster and mends them safely.",
    }


def _index(into: Path, blobs: Path, layers: list[Layer]) -> None:
    config = _blob(blobs, configuration(layers), "application/vnd.oci.image.config.v1+json")
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": [
            {"mediaType": LAYER, "digest": f"sha256:{one.digest}", "size": one.size}
            for one in layers
        ],
        "annotations": labels(),
    }
    named = _blob(blobs, manifest, manifest["mediaType"])
    named["annotations"] = {"org.opencontainers.image.ref.name": f"kubewise:slim-{version()}"}
    (into / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    (into / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))


def _blob(blobs: Path, body: dict[str, Any], media: Any) -> dict[str, Any]:
    content = json.dumps(body, sort_keys=True).encode()
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(content)}


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
