"""`python -m simulator`: serves until SIGTERM or SIGINT."""

import argparse
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from simulator import world
from simulator.simulator import CONTEXTS, Simulator


def parse_fault(text: str) -> tuple[str, str | None, float]:
    """ "NAME[:namespace/kind/name][@SECONDS]" → (name, target, seconds)."""
    head, _, seconds = text.partition("@")
    name, _, target = head.partition(":")
    return name, target or None, float(seconds or 0)


def parse_account(text: str) -> tuple[str, Path]:
    """ "USER=PATH"; ValueError for an account that there isn't."""
    user, _, path = text.partition("=")
    if user not in CONTEXTS or not path:
        raise ValueError(text)
    return user, Path(path)


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--pods", type=int, default=0, help="total number of pods; 0: the background alone"
    )
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME[:NAMESPACE/KIND/NAME][@SECONDS]"
    )
    parser.add_argument("--kubeconfig", type=Path, help="written for kubectl, as admin")
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        type=parse_account,
        metavar="USER=PATH",
        help="a kubeconfig whose current context is the account `read` or `act`",
    )
    parser.add_argument("--ready-file", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


def write_ready(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.absolute().parent)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
    os.replace(temporary, path)


def add_faults(simulator: Simulator, faults: list[str]) -> None:
    for text in faults:
        name, target, seconds = parse_fault(text)
        if seconds > 0:
            simulator.schedule_fault(name, target, seconds)
        else:
            simulator.inject(name, target, -seconds)


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    simulator = Simulator(port=options.port, seed=options.seed, host=options.host)
    world.build(simulator, options.pods)
    add_faults(simulator, options.fault)
    with simulator:
        if options.kubeconfig:
            simulator.kubeconfig(options.kubeconfig)
        for user, path in options.account:
            simulator.kubeconfig(path, user)
        if options.ready_file:
            write_ready(options.ready_file, simulator.url)
        print(simulator.url, flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
