"""Every write that arrives, also refused ones; reads are counted per resource."""

import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from simulator.apimachinery.objects import Obj


@dataclass(frozen=True)
class Write:
    verb: str
    method: str
    path: str
    resource: str
    namespace: str
    name: str
    user: str
    dry_run: bool
    code: int
    field_manager: str
    time: str
    content_type: str
    body: Any

    def as_json(self) -> Obj:
        return asdict(self)


@dataclass
class Recorder:
    writes: list[Write] = field(default_factory=list)
    reads: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wrote(self, write: Write) -> None:
        with self.lock:
            self.writes.append(write)

    def read(self, verb: str, resource: str) -> None:
        with self.lock:
            self.reads[f"{verb} {resource}"] += 1

    def reset(self) -> None:
        with self.lock:
            self.writes.clear()
            self.reads.clear()
