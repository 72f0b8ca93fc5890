"""`python -m tests.node build`, `up` and `run COMMAND…`: real nodes on this machine."""

from __future__ import annotations

import argparse
import signal
import sys
import time

from tests.controlplane.build import BuildError, say
from tests.controlplane.processes import ControlPlaneError
from tests.node.harness.build import build
from tests.node.harness.cluster import RealNodes
from tests.node.harness.enter import inside


def main() -> int:
    wanted = _arguments().parse_args()
    try:
        if wanted.command == "up-inside":
            return _up()
        build()
    except (BuildError, ControlPlaneError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if wanted.command == "build":
        return 0
    own = [sys.executable, "-m", "tests.node", "up-inside"]
    return inside(own if wanted.command == "up" else wanted.words)


def _up() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    started = time.monotonic()
    with RealNodes() as cluster:
        say(f"{cluster.version}, nodes ready in {time.monotonic() - started:.1f} s")
        say(f"KUBECONFIG={cluster.kubeconfig}")
        signal.pause()
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.node", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build what nodes run into the cache")
    commands.add_parser("up", help="start two nodes and wait until interrupted")
    commands.add_parser("up-inside", help="the same, in the namespaces of `up`")
    run = commands.add_parser("run", help="run a command in namespaces of its own")
    run.add_argument("words", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(main())
