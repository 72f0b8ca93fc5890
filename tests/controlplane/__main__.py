"""`python -m tests.controlplane build` and `python -m tests.controlplane up`."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from tests.controlplane.build import BuildError, build, say
from tests.controlplane.processes import ControlPlaneError
from tests.controlplane.up import ControlPlane, cluster
from tests.install import helm


def main() -> int:
    wanted = _arguments().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        build_all() if wanted.command == "build" else up(wanted)
    except (BuildError, ControlPlaneError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        say("stopped")
    return 0


def build_all() -> None:
    """The control plane, and Helm for the tests of the chart."""
    build()
    say(f"helm {helm.VERSION} in {helm.program().parent}")


def up(wanted: argparse.Namespace) -> None:
    if not (wanted.binaries or os.environ.get("KUBEWISE_TEST_KUBECONFIG")):
        build()
    plan = ControlPlane(
        node_count=wanted.nodes,
        pace_ratio=wanted.pace_ratio,
        node_monitor_grace_seconds=wanted.node_monitor_grace_seconds,
        binaries=wanted.binaries,
    )
    started = time.monotonic()
    with cluster(plan) as running:
        say(f"{running.version}, ready in {time.monotonic() - started:.1f} s; Ctrl-C ends it")
        say(f"export KUBECONFIG={running.kubeconfig}")
        signal.pause()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.controlplane", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build the pinned version into the cache")
    starts = commands.add_parser(
        "up", help="start it, or stand-in nodes in the cluster of KUBEWISE_TEST_KUBECONFIG"
    )
    starts.add_argument("--nodes", type=int, default=3)
    starts.add_argument(
        "--pace-ratio", type=float, default=0.1, help="1 waits as long as a real kubelet"
    )
    starts.add_argument("--node-monitor-grace-seconds", type=float, default=40)
    starts.add_argument(
        "--binaries", type=Path, help="a directory with another version's programs, etcd among them"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
