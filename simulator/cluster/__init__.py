"""Everything that the server, the controllers and the faults share."""

import uuid
from dataclasses import dataclass, field
from random import Random

from simulator.apimachinery.clock import Clock
from simulator.apimachinery.resources import Catalogue, Resource
from simulator.apimachinery.store import Store
from simulator.apiserver.apply import Applied
from simulator.apiserver.webhooks import Webhook
from simulator.cluster.container_behaviour import Behaviour

LogKey = tuple[str, str, str, bool]
SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


@dataclass
class Cluster:
    clock: Clock = field(default_factory=Clock)
    catalogue: Catalogue = field(default_factory=Catalogue)
    store: Store = field(default_factory=Store)
    behaviour: Behaviour = field(default_factory=Behaviour)
    webhooks: list[Webhook] = field(default_factory=list)
    logs: dict[LogKey, str] = field(default_factory=dict)
    applied: dict[tuple[str, str, str, str], Applied] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(0))
    version: str = "v1.34.4"

    def resource(self, table: str) -> Resource:
        return self.catalogue.of_table(table)

    def new_uid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def suffix(self, length: int = 5) -> str:
        """As rand.String makes the end of a generated name."""
        return "".join(self.random.choice(SUFFIX) for _ in range(length))
