"""What a machine must have for real nodes, and in words what it lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.node.harness import build
from tests.node.harness.runs import GROUPS, RUNS

PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "nft": "nftables",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "unshare": "util-linux",
    "busybox": "busybox-static",
    "docker-registry": "docker-registry",
    "prometheus": "prometheus",
}
HIERARCHIES = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids")
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--mount-proc"]


def lacks() -> list[str]:
    """A sentence for each thing that is missing; none when nodes can be started."""
    return [*_packages(), *_root(), *_hierarchies(), *_disk(), *_programs()]


def _packages() -> list[str]:
    missing = sorted({package for name, package in PACKAGES.items() if not _is_there(name)})
    if not missing:
        return []
    return [f"Debian packages are missing: apt-get install {' '.join(missing)}"]


def _is_there(program: str) -> bool:
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is not None


def _root() -> list[str]:
    if os.geteuid() != 0:
        return ["Only root can make the namespaces, mounts and cgroups of a node."]
    tried = subprocess.run([*NAMESPACES, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        return [f"Namespaces cannot be made here: {tried.stderr.strip()}"]
    return []


def _hierarchies() -> list[str]:
    """Only cgroup v1 was tried: with v2 a node's containers end in another way."""
    missing = [name for name in HIERARCHIES if not (GROUPS / name).is_dir()]
    if missing:
        return [f"cgroup v1 hierarchies are missing below {GROUPS}: {', '.join(missing)}."]
    closed = [name for name in HIERARCHIES if not _takes_groups(GROUPS / name)]
    return [f"No cgroup can be made in: {', '.join(closed)}."] if closed else []


def _takes_groups(hierarchy: Path) -> bool:
    probe = hierarchy / f"kubewise-probe-{os.getpid()}"
    try:
        probe.mkdir()
        probe.rmdir()
    except OSError:
        return False
    return True


def _disk() -> list[str]:
    if file_system(RUNS.parent) == "overlayfs":
        return [f"{RUNS.parent} is an overlay: containerd can't lay its images over another one."]
    return []


def file_system(folder: Path) -> str:
    command = ["stat", "--file-system", "--format=%T", folder]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _programs() -> list[str]:
    if missing := build.missing():
        return [f"Not built: {', '.join(missing)}. `python -m tests.node build` builds them."]
    return []
