"""What every fault is, and how a target is written."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from simulator.apimachinery.object_selectors import selects
from simulator.apimachinery.objects import Obj, labels_of, name_of
from simulator.apiserver import registry
from simulator.apiserver.context import WriteContext

if TYPE_CHECKING:
    from simulator.simulator import Simulator

TABLES = {
    "deployment": "deployments.apps",
    "statefulset": "statefulsets.apps",
    "daemonset": "daemonsets.apps",
    "pod": "pods",
    "node": "nodes",
    "job": "jobs.batch",
    "cronjob": "cronjobs.batch",
    "horizontalpodautoscaler": "horizontalpodautoscalers.autoscaling",
}


@dataclass(frozen=True)
class FaultTarget:
    namespace: str
    kind: str
    name: str

    @property
    def table(self) -> str:
        return TABLES[self.kind.lower()]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"


def parse_target(text: str | None) -> FaultTarget | None:
    """ "namespace/kind/name"; the namespace is empty for nodes: "/node/node-1"."""
    if text is None:
        return None
    parts = text.split("/")
    if len(parts) != 3 or parts[1].lower() not in TABLES:
        raise ValueError(f"target must be namespace/kind/name: {text}")
    return FaultTarget(*parts)


class Fault:
    """`code` is the failures.md row, `cause` its cause code (empty for controls).

    `ends_by` the right actions.
    """

    name: ClassVar[str] = ""
    code: ClassVar[str] = ""
    cause: ClassVar[str] = ""
    ends_by: ClassVar[tuple[str, ...]] = ()
    default: ClassVar[str] = "shop/deployment/checkout"

    def __init__(self, simulator: "Simulator", target: FaultTarget | None = None) -> None:
        self.simulator, self.cluster = simulator, simulator.cluster
        found = target or parse_target(self.default)
        if found is None:
            raise ValueError(f"{self.name} needs a target")
        self.target = found
        self.before: Obj | None = None

    def inject(self, now: datetime) -> None:
        """Changes the cluster as of `now`; the controllers do the rest."""
        raise NotImplementedError

    def clear(self, now: datetime) -> None:
        """Takes the change back, by default the object's former spec."""
        if self.before is not None:
            spec = self.before["spec"]
            self.update(lambda obj: {**obj, "spec": deepcopy(spec)}, now, manager="simulator-clear")

    # -- helpers ---------------------------------------------------------------------------

    def obj(self) -> Obj:
        resource = self.cluster.resource(self.target.table)
        return registry.get(self.cluster, resource, self.target.namespace, self.target.name)

    def update(self, mutate: registry.Mutate, now: datetime, manager: str = "kubectl") -> Obj:
        resource = self.cluster.resource(self.target.table)
        context = WriteContext(now, manager)
        return registry.update(
            self.cluster, resource, self.target.namespace, self.target.name, mutate, context
        )

    def release(self, now: datetime, **container: object) -> Obj:
        """A new revision: fields of the first container change."""
        self.before = self.before or self.obj()

        def mutate(obj: Obj) -> Obj:
            obj["spec"]["template"]["spec"]["containers"][0].update(deepcopy(container))
            return obj

        return self.update(mutate, now)

    def container(self) -> Obj:
        found: Obj = self.obj()["spec"]["template"]["spec"]["containers"][0]
        return found

    def pods(self) -> list[Obj]:
        selector = self.obj()["spec"].get("selector")
        every = self.cluster.store.items("pods", self.target.namespace)
        return sorted((p for p in every if selects(selector, labels_of(p))), key=name_of)

    def image(self, tag: str) -> str:
        """The container's image with another tag."""
        head, _, last = str(self.container()["image"]).rpartition("/")
        name = last.split(":")[0]
        return f"{head}/{name}:{tag}" if head else f"{name}:{tag}"

    def workload(self) -> tuple[str, str, str]:
        return self.target.namespace, self.target.name, str(self.container()["name"])

    def as_json(self) -> Obj:
        return {
            "name": self.name,
            "code": self.code,
            "cause": self.cause,
            "target": str(self.target),
            "ends_by": list(self.ends_by),
        }


FAULTS: dict[str, type[Fault]] = {}


def fault(cls: type[Fault]) -> type[Fault]:
    """List it under its name. ValueError where it has none, or one that is taken."""
    if not cls.name:
        raise ValueError(f"{cls.__name__} lacks name: by which it is injected")
    if cls.name in FAULTS:
        raise ValueError(f"two faults are called {cls.name}")
    FAULTS[cls.name] = cls
    return cls


def make_fault(name: str) -> type[Fault]:
    if name not in FAULTS:
        raise ValueError(f"no fault {name!r}; there are {', '.join(sorted(FAULTS))}")
    return FAULTS[name]


def catalogue() -> list[Obj]:
    return [
        {
            "name": f.name,
            "code": f.code,
            "cause": f.cause,
            "default": f.default,
            "ends_by": list(f.ends_by),
        }
        for f in FAULTS.values()
    ]
