"""Build the control plane from Go modules into a cache outside the repository: `python -m
tests.controlplane build`.

The versions are those of `go.mod`. A program is built again only when what is cached does not say
the pinned version or was built from other module versions.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MODULE = Path(__file__).resolve().parent
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
}
VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")


class BuildError(RuntimeError):
    """The control plane could not be built; the message says what to do."""


@dataclass(frozen=True)
class Pinned:
    """What `go.mod` pins: versions with their leading `v`, and a digest of every module's version
    and checksum.
    """

    kubernetes: str
    etcd: str
    digest: str

    def of(self, program: str) -> str:
        return self.etcd if program == "etcd" else self.kubernetes


def pinned(module: Path = MODULE) -> Pinned:
    go_mod, go_sum = (module / "go.mod").read_text(), (module / "go.sum").read_bytes()
    return Pinned(
        kubernetes=required(go_mod, "k8s.io/kubernetes"),
        etcd=required(go_mod, "go.etcd.io/etcd/server/v3"),
        digest=hashlib.sha256(go_mod.encode() + go_sum).hexdigest(),
    )


def cache_dir(version: str) -> Path:
    root = os.environ.get("KUBEWISE_CACHE")
    base = (
        Path(root)
        if root
        else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kubewise"
    )
    return base / "controlplane" / version


def find() -> Path | None:
    """The directory of the pinned programs, or None when one of them is missing or another
    version.
    """
    want, directory = pinned(), cache_dir(pinned().kubernetes)
    return directory if all(is_cached(directory, program, want) for program in PACKAGES) else None


def build() -> Path:
    """Build what the cache lacks, printing progress, and return the directory of the four
    programs.
    """
    want = pinned()
    directory = cache_dir(want.kubernetes)
    directory.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with locked(directory / "build.lock"):
        for number, program in enumerate(PACKAGES, 1):
            _build_unless_cached(directory, program, want, f"[{number}/{len(PACKAGES)}]")
    say(f"control plane {want.kubernetes} with etcd {want.etcd} in {directory} ({_since(started)})")
    return directory


def is_cached(directory: Path, program: str, want: Pinned) -> bool:
    stamp = directory / f"{program}.modules"
    if not stamp.is_file() or stamp.read_text().strip() != want.digest:
        return False
    return reported_version(directory / program) == want.of(program)


def reported_version(program: Path) -> str | None:
    """What the program itself says it is, with a leading `v`; None when it is missing or does not
    run.
    """
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"(?:Kubernetes v|etcd Version: )(\S+)", said)
    return f"v{found[1]}" if found else None


def _build_unless_cached(directory: Path, program: str, want: Pinned, step: str) -> None:
    if is_cached(directory, program, want):
        say(f"{step} {program} {want.of(program)}: cached")
        return
    say(f"{step} {program} {want.of(program)}: building; the first build takes minutes …")
    started = time.monotonic()
    _compile(directory / program, PACKAGES[program], want)
    said = reported_version(directory / program)
    if said != want.of(program):
        raise BuildError(f"{program} was built from {want.of(program)} but says it is {said}")
    (directory / f"{program}.modules").write_text(want.digest + "\n")
    size = (directory / program).stat().st_size >> 20
    say(f"{step} {program}: built in {_since(started)}, {size} MB")


def _compile(target: Path, package: str, want: Pinned) -> None:
    compile_package(target, package, ldflags(want.kubernetes), MODULE)


def compile_package(
    target: Path, package: str, flags: str, module: Path, more: Sequence[str] = ()
) -> None:
    """Without cgo, from the versions of `module`; `target` is there when it is whole."""
    unfinished = target.with_suffix(".unfinished")
    options = ["-mod=readonly", "-trimpath", "-ldflags", flags, "-o", str(unfinished)]
    result = subprocess.run(
        [go(), "build", *options, *more, package],
        cwd=module,
        env=os.environ | {"CGO_ENABLED": "0", "GOWORK": "off"},
        check=False,
    )
    if result.returncode:
        raise BuildError(f"`go build {package}` failed; its messages stand above")
    unfinished.replace(target)


def go() -> str:
    """The Go tool from PATH or from where Go's own installation notes put it."""
    found = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if found is None:
        raise BuildError(
            "Go is not installed (https://go.dev/doc/install); "
            "or set KUBEWISE_TEST_KUBECONFIG to a disposable cluster"
        )
    return found


def ldflags(version: str) -> str:
    major, minor, _ = version.removeprefix("v").split(".", 2)
    values = {
        "gitVersion": version,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "archive",
    }
    return " ".join(
        [
            "-s -w",
            *(f"-X {p}.{name}={value}" for p in VERSION_PACKAGES for name, value in values.items()),
        ]
    )


def required(go_mod: str, module: str) -> str:
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", go_mod, re.MULTILINE)
    if found is None:
        raise BuildError(f"go.mod does not require {module}")
    return found[1]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One build at a time: a second one waits, and then finds everything cached."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(message: str) -> None:
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def _since(started: float) -> str:
    return f"{time.monotonic() - started:.0f} s"
