"""What the simulated containers do:

images that exist or crash, memory needs, wedged pods, dead nodes.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from simulator.cluster.fault_rules import Affliction
from simulator.cluster.load import Load

Workload = tuple[str, str, str]
"""(namespace, name of the top controller, container)"""

PUBLIC = re.compile(
    r"^(docker\.io/|registry\.k8s\.io/|quay\.io/|gcr\.io/)?(library/)?"
    r"(nginx|busybox|redis|postgres|alpine|python|pause|httpd|debian|ubuntu|memcached|rabbitmq)$"
)
PLAUSIBLE_TAG = re.compile(r"^(latest|stable|v?\d[\w.-]*)$")


def split_image(image: str) -> tuple[str, str]:
    """(repository, tag)"""
    if "@" in image:
        return image.split("@", 1)[0], "latest"
    head, _, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    return (f"{head}/{name}" if head else name), tag or "latest"


def canonical(image: str) -> str:
    """As containerd names it: docker.io/library/nginx:1.25."""
    repository, tag = split_image(image)
    first = repository.split("/", 1)[0]
    if "/" not in repository:
        repository = f"docker.io/library/{repository}"
    elif "." not in first and ":" not in first and first != "localhost":
        repository = f"docker.io/{repository}"
    return f"{repository}:{tag}"


@dataclass
class Image:
    """What a container of this image does. `run_seconds` None: it runs until it is told to end."""

    exit_code: int = 0
    run_seconds: float | None = None
    log: tuple[str, ...] = ()
    pull_error: str = ""
    pull_seconds: float = 2.0
    ready: bool = True


@dataclass
class Memory:
    """Need in bytes of one container: `base`, plus `per_second` times its age.

    `age_offset` shifts.
    """

    base_bytes: float = 60 * 2**20
    per_second_bytes: float = 0.0


@dataclass
class Behaviour:
    images: dict[str, Image] = field(default_factory=dict)
    registry_errors: dict[str, str] = field(default_factory=dict)
    memory: dict[Workload, Memory] = field(default_factory=dict)
    cpu_cores: dict[Workload, float] = field(default_factory=dict)
    load: Load | None = None
    hung_pods: set[str] = field(default_factory=set)
    hung_workloads: set[tuple[str, str]] = field(default_factory=set)
    flapping: dict[tuple[str, str], float] = field(default_factory=dict)
    dead_nodes: set[str] = field(default_factory=set)
    slow_termination: set[str] = field(default_factory=set)
    full_nodes: set[str] = field(default_factory=set)
    afflictions: list[Affliction] = field(default_factory=list)

    def add_image(self, image: str, profile: Image | None = None) -> None:
        self.images[canonical(image)] = profile or Image()

    def remove_image(self, image: str) -> None:
        self.images.pop(canonical(image), None)

    def image(self, image: str) -> Image | None:
        """None when no registry has it:

        unknown repositories don't exist, public ones have plausible tags.
        """
        found = self.images.get(canonical(image))
        if found is not None:
            return found
        repository, tag = split_image(image)
        return Image() if PUBLIC.match(repository) and PLAUSIBLE_TAG.match(tag) else None

    def pull_error(self, image: str) -> str:
        """containerd's words, or empty when the pull works."""
        full = canonical(image)
        for prefix, error in self.registry_errors.items():
            if full.startswith(prefix):
                return self._pull_message(full, "Unknown", error)
        profile = self.image(image)
        if profile is None:
            return self._pull_message(full, "NotFound", f"{full}: not found")
        return self._pull_message(full, "Unknown", profile.pull_error) if profile.pull_error else ""

    @staticmethod
    def _pull_message(full: str, code: str, why: str) -> str:
        return (
            f'rpc error: code = {code} desc = failed to pull and unpack image "{full}":'
            f' failed to resolve reference "{full}": {why}'
        )

    def memory_of(self, workload: Workload) -> Memory:
        return self.memory.get(workload) or Memory()

    def cores_of(self, workload: Workload, now: datetime, otherwise: float = 0.0) -> float:
        """What the workload uses now, by its setting and the hour of the day."""
        cores = self.cpu_cores.get(workload, otherwise)
        return cores * self.load.of_day("/".join(workload), now) if self.load else cores
