"""What a node runs, built from Go modules into the control plane's cache."""

import hashlib
import json
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.controlplane import build as controlplane

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"
STATE_METRICS = "k8s.io/kube-state-metrics/v2"


@dataclass(frozen=True)
class Program:
    """A Go package; `own` is the folder of sources of ours that go into it."""

    name: str
    package: str
    own: str = ""
    with_version: bool = False


KUBE_STATE_METRICS = Program("kube-state-metrics", STATE_METRICS, "store")
COMPILED = (
    Program("kubelet", "k8s.io/kubernetes/cmd/kubelet", with_version=True),
    Program("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy", with_version=True),
    KUBE_STATE_METRICS,
    Program("coredns", "./coredns", "coredns"),
    Program("app", "./app", "app"),
)


def directory() -> Path:
    return controlplane.cache_dir(_version()) / "node"


def missing() -> list[str]:
    """The programs that are not built, or not from what is pinned now."""
    return [one.name for one in COMPILED if not _is_cached(one)]


def build() -> Path:
    """Build what the cache lacks, and return its directory."""
    controlplane.build()
    place = directory()
    place.mkdir(parents=True, exist_ok=True)
    with controlplane.locked(place / "build.lock"):
        for one in COMPILED:
            _build_unless_cached(one)
    return place


def _build_unless_cached(program: Program) -> None:
    if _is_cached(program):
        controlplane.say(f"{program.name}: cached")
        return
    started = time.monotonic()
    _compile_state_metrics() if program is KUBE_STATE_METRICS else _compile(program, [])
    (directory() / f"{program.name}.modules").write_text(_digest(program))
    controlplane.say(f"{program.name}: built in {time.monotonic() - started:.0f} s")


def _is_cached(program: Program) -> bool:
    stamp = directory() / f"{program.name}.modules"
    return (
        (directory() / program.name).is_file()
        and stamp.is_file()
        and stamp.read_text() == _digest(program)
    )


def _digest(program: Program) -> str:
    """Of all modules' versions and of our own sources."""
    own = sorted((PROGRAMS / program.own).glob("*")) if program.own else []
    read = [path.read_bytes() for path in (PROGRAMS / "go.mod", PROGRAMS / "go.sum", *own)]
    return hashlib.sha256(b"\0".join(read)).hexdigest()


def _version() -> str:
    """Of Kubernetes: one version for control plane and nodes, else they could not be compared."""
    ours = controlplane.required((PROGRAMS / "go.mod").read_text(), "k8s.io/kubernetes")
    if ours != (theirs := controlplane.pinned().kubernetes):
        raise controlplane.BuildError(f"nodes are {ours}, the control plane is {theirs}")
    return ours


def _compile(program: Program, more: list[str]) -> None:
    flags = controlplane.ldflags(_version()) if program.with_version else "-s -w"
    controlplane.compile_package(directory() / program.name, program.package, flags, PROGRAMS, more)


def _compile_state_metrics() -> None:
    """From a copy of its sources with two methods added, so that it shares the compiled client-go
    of Kubernetes' own version.
    """
    with tempfile.TemporaryDirectory(prefix="kubewise-sources-") as temporary:
        copy, modules = Path(temporary) / "source", Path(temporary) / "go.mod"
        shutil.copytree(_sources_of(STATE_METRICS), copy, copy_function=shutil.copyfile)
        shutil.copy(PROGRAMS / "go.sum", modules.with_name("go.sum"))
        modules.write_text(_modules_with(copy))
        (copy / "pkg/metrics_store").chmod(0o755)
        shutil.copy(PROGRAMS / "store/methods.txt", copy / "pkg/metrics_store/methods.go")
        _compile(KUBE_STATE_METRICS, ["-modfile", str(modules)])


def _modules_with(copy: Path) -> str:
    """go.mod with the copy in place of kube-state-metrics, whose client_golang may rise again."""
    lines = (PROGRAMS / "go.mod").read_text().splitlines()
    kept = [line for line in lines if "client_golang => " not in line]
    return "\n".join([*kept, f"replace {STATE_METRICS} => {copy}", ""])


def _sources_of(module: str) -> Path:
    said = subprocess.run(
        [controlplane.go(), "mod", "download", "-json", module],
        cwd=PROGRAMS, stdout=subprocess.PIPE, check=True,
    ).stdout  # fmt: skip
    return Path(json.loads(said)["Dir"])
