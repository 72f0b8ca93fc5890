"""Names and addresses. The network namespace is the run's own, so they are always the same."""

from __future__ import annotations

import subprocess
from ipaddress import ip_address

GATEWAY, SERVICE, DNS = "10.250.0.1", "10.0.0.1", "10.0.0.10"
PODS = "10.244.0.0/16"
API, ETCD, PROMETHEUS, STATE_METRICS = 6443, 2379, 9090, 8542
OPEN_REGISTRY, PRIVATE_REGISTRY = 8540, 8541
SERVER = f"https://{GATEWAY}:{API}"
ADDRESSES = ip_address(GATEWAY), ip_address(SERVICE)
REGISTRIES = {"registry.test": OPEN_REGISTRY, "private.test": PRIVATE_REGISTRY, "down.test": 8549}


def node_name(number: int) -> str:
    return f"node-{number}"


def node_address(number: int) -> str:
    return f"10.250.0.{10 + number}"


def pods_of(number: int) -> str:
    return f"10.244.{number}.0/24"


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


def make_bridge() -> None:
    """The cluster's own network, with the control plane at its gateway."""
    for command in (
        "link set lo up",
        "link add br0 type bridge",
        f"addr add {GATEWAY}/24 dev br0",
        "link set br0 up",
    ):
        ip(command)
    subprocess.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"], check=True)


def connect(number: int, pid: int) -> None:
    """Give the node of this process its end of a cable, and send its pods' packets to it."""
    ip(f"link add v{number} type veth peer name eth0 netns {pid}")
    ip(f"link set v{number} master br0 up")
    ip(f"route add {pods_of(number)} via {node_address(number)}")
