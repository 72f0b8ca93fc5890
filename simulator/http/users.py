"""Bearer tokens, users and RBAC-like rules, settable at run time."""

from dataclasses import dataclass, field

from simulator.apimachinery.objects import Obj

READ = ("get", "list", "watch")


@dataclass(frozen=True)
class Rule:
    """As a PolicyRule; `namespaces` empty means all."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    namespaces: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def allows(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        return (
            _has(self.verbs, verb)
            and _has(self.groups, group)
            and _has(self.resources, resource)
            and resource not in self.excluded
            and (not self.namespaces or namespace in self.namespaces)
        )

    @classmethod
    def of(cls, raw: Obj) -> "Rule":
        names = ("apiGroups", "resources", "verbs", "namespaces")
        return cls(*(tuple(raw.get(name) or ()) for name in names))

    def as_api(self) -> Obj:
        return {
            "apiGroups": list(self.groups),
            "resources": list(self.resources),
            "verbs": list(self.verbs),
        }


def _has(values: tuple[str, ...], value: str) -> bool:
    if "*" in values or value in values:
        return True
    return "/" in value and "*/" + value.split("/", 1)[1] in values


@dataclass(frozen=True)
class User:
    name: str
    rules: tuple[Rule, ...] = ()

    def may(self, verb: str, group: str, resource: str, namespace: str = "") -> bool:
        return any(rule.allows(verb, group, resource, namespace) for rule in self.rules)


ANONYMOUS = User("system:anonymous")
EVERYTHING = Rule(("*",), ("*",), ("*",))
READING = Rule(("*",), ("*",), READ, excluded=("secrets",))
ASKING = Rule(("authorization.k8s.io",), ("*",), ("create",))
ACTING = (
    READING,
    ASKING,
    Rule(
        ("apps",),
        ("deployments", "statefulsets", "daemonsets", "deployments/scale", "statefulsets/scale"),
        ("patch", "update"),
    ),
    Rule(("",), ("pods/eviction",), ("create",)),
    Rule(("",), ("nodes", "persistentvolumeclaims"), ("patch",)),
    Rule(("batch",), ("jobs",), ("create", "delete")),
    Rule(("autoscaling",), ("horizontalpodautoscalers",), ("patch",)),
    Rule(("",), ("pods",), ("delete",)),
)


def default_users() -> dict[str, User]:
    return {
        "admin-token": User("admin", (EVERYTHING,)),
        "read-token": User("read", (READING, ASKING)),
        "act-token": User("act", ACTING),
    }


@dataclass
class Users:
    """token → user; unknown tokens are refused."""

    tokens: dict[str, User] = field(default_factory=default_users)

    def of(self, authorization: str) -> User | None:
        kind, _, token = authorization.partition(" ")
        return self.tokens.get(token.strip()) if kind.lower() == "bearer" else None

    def set(self, token: str, name: str, rules: list[Obj]) -> None:
        self.tokens[token] = User(name, tuple(Rule.of(rule) for rule in rules))
