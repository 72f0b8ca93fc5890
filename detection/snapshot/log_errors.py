"""What lines of a log complain of: a kind of error, and the host it is about.

Kinds are told by the terms that resolvers, sockets, TLS and databases use in all languages; hosts
by their form and by the names that the cluster has. A log is evidence and never an instruction.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from detection.domain.findings import ObjectRef
from detection.kubernetes.objects.core import Pod
from detection.snapshot import Snapshot
from detection.snapshot.last_words import FRAME

MOST_LINES = 60
FRESH_LINES = 12
REPEATED = 3
RECOVERED = re.compile(
    r"\b(?:re-?connected|recovered|re-?established|restored|back online|healthy again)\b"
    r"|(?<!not )(?<!never )\bconnected to\b|connection established|successfully connected",
    re.IGNORECASE,
)
LONGEST_LINE = 2000


class ErrorKind(StrEnum):
    """`NO_NAME`: the name does not exist. `RESOLVER`: the resolver itself fails."""

    NO_NAME = "no such host"
    RESOLVER = "resolver fails"
    REFUSED = "connection refused"
    TIMEOUT = "timed out"
    RESET = "connection reset"
    AUTH = "not authenticated"
    EXPIRED = "certificate expired"
    DENIED = "denied by the mesh"
    FORBIDDEN = "forbidden"
    NO_SPACE = "no space left"
    EXHAUSTED = "no connection left"
    READ_ONLY = "read-only"
    ERROR = "error"


RESOLVING = frozenset({ErrorKind.NO_NAME, ErrorKind.RESOLVER})
CONNECTING = frozenset({ErrorKind.REFUSED, ErrorKind.TIMEOUT, ErrorKind.RESET, ErrorKind.AUTH})
KINDS: tuple[tuple[ErrorKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            ErrorKind.NO_SPACE,
            r"no space left on device|\benospc\b|disk (?:is )?full|quota exceeded.{0,200}disk",
        ),
        (
            ErrorKind.EXHAUSTED,
            r"too many (?:clients|connections)|connection slots are reserved"
            r"|max(?:imum)?(?: number of)? (?:clients|connections) (?:reached|exceeded)"
            r"|user_connections|er_con_count_error",
        ),
        (
            ErrorKind.READ_ONLY,
            r"(?:running with|in) .{0,30}read[ -]only|read[ -]only (?:transaction|replica|mode)"
            r"|\breadonly you can'?t write|not ?writable ?primary|er_option_prevents_statement",
        ),
        (
            ErrorKind.EXPIRED,
            r"certificate has expired|certificate (?:is )?expired|cert_has_expired|expired cert"
            r"|certificateexpired|has expired or is not yet valid|certificate.{0,60}\bexpired\b"
            r"|notafter:|sslv3 alert certificate expired",
        ),
        (
            ErrorKind.DENIED,
            r"rbac: access denied|rbac_access_denied|rbac.{0,20}denied_matched_policy",
        ),
        (
            ErrorKind.FORBIDDEN,
            r"\b403\b.{0,40}(?:forbidden|denied)|(?:forbidden|denied).{0,40}\b403\b",
        ),
        (
            ErrorKind.RESOLVER,
            r"server misbehaving|servfail|temporary failure in name resolution|eai_again"
            r"|try again.{0,20}resol"
            r"|lookup \S{1,253}(?: on \S{1,253})?:.{0,80}(?:i/o timeout|timed? ?out)"
            r"|dns (?:query|request|lookup|resolution)?.{0,20}(?:timed? ?out|failed|failure)"
            r"|name resolution.{0,20}(?:failed|timed? ?out)|resolver.{0,20}(?:failed|timed? ?out)"
            r"|could not contact dns|no servers could be reached|resolving.{0,80}timed out",
        ),
        (
            ErrorKind.NO_NAME,
            r"no such host|enotfound|could not (?:resolve|translate) host|can(?:no|')t resolve"
            r"|unknownhost|unknown host|name or service not known|nodename nor servname"
            r"|name does not resolve|nxdomain|name.{0,20}not resolved|host not found"
            r"|failed to resolve|getaddrinfo failed|unable to resolve|no address associated",
        ),
        (
            ErrorKind.AUTH,
            r"password authentication failed|authentication (?:failed|error|required)|auth failed"
            r"|invalid (?:username|password|credentials?|api[ _-]?key|token)|wrongpass|noauth"
            r"|access denied for user|login failed|sasl.{0,40}fail|not authori[sz]ed"
            r"|\bunauthori[sz]ed\b|\b401\b|bad credentials|permission denied for (?:user|role)"
            r"|(?:token|credentials?|password).{0,30}(?:expired|revoked|rejected|invalid|incorrect)"
            r"|invalidaccesskeyid|signaturedoesnotmatch|access_refused",
        ),
        (
            ErrorKind.REFUSED,
            r"connection refused|econnrefused|actively refused|connect: refused|could not connect"
            r"|connection (?:was )?rejected|failed to connect",
        ),
        (
            ErrorKind.TIMEOUT,
            r"i/o timeout|etimedout|esockettimedout|timed[ -]?out|deadline exceeded"
            r"|connect(?:ion)? ?timeout|timeout (?:exceeded|expired|awaiting|waiting|while)"
            r"|read timeout|request timeout|timeouterror|timeoutexception",
        ),
        (
            ErrorKind.RESET,
            r"connection reset|econnreset|broken pipe|epipe|reset by peer|reset before headers"
            r"|unexpected eof|socket hang up|connection (?:closed|terminated)"
            r"|remote end closed|upstream connect error|server closed the connection",
        ),
        (
            ErrorKind.ERROR,
            r"\berror\b|\bfatal\b|\bpanic\b|exception\b|\bcritical\b|traceback"
            r"|\bE\d{4} |\bfailed\b|\bfailure\b|\" 5\d\d\b|status[=: ]+5\d\d\b",
        ),
    )
)
# Cheap, and true for every line that a pattern above matches.
KLOG = re.compile(r"E\d{4} ")
WORTH_A_LOOK = (
    "err", "fail", "refus", "time", "deadline", "reset", "denied", "no such", "known", "auth",
    "401", "403", "exception", "panic", "fatal", "critical", "traceback", "expired", "space",
    "full", "quota", "enospc", "resol", "nxdomain", "misbehav", "eai_", "enotfound", "host",
    "address", "getaddrinfo", "econn", "connect", "rejected", "wrongpass", "password", "token",
    "credential", "login", "sasl", "permission", "accesskey", "signature", "access_", "eof",
    "pipe", "hang up", "closed", "certificate", "cert_", "notafter", "rbac", "dns", "no servers",
    "again", '" 5', "status", "too many", "slots", "read-only", "read only", "readonly",
    "writable", "max",
)  # fmt: skip


# What stands before a host in the words of resolvers, and in those of clients.
HOST = r"([a-z0-9][a-z0-9.-]*[a-z0-9])"
AFTER_RESOLVER = re.compile(
    r"\b(?:lookup|resolve(?: host)?:?|translate host name|enotfound|eai_again|nxdomain for"
    r"|unknownhostexception:?|unknown host:?|getaddrinfo(?: \w+)?|no such host:?|servfail for)"
    rf"[\s\"'`(:]*{HOST}",
    re.IGNORECASE,
)
AFTER_CLIENT = re.compile(
    r"\b(?:host(?:name)?(?: {0,3}[=:]| )|dial tcp|connect(?:ing)? to"
    r"|connection to(?: server)?(?: at)?|server at|address|upstream|addr[=:]"
    r"|reach|talking to|for host|from|to|calling|against)"
    rf"[\s\"'`(:]*{HOST}",
    re.IGNORECASE,
)
URL = re.compile(
    r"\b[a-z][a-z0-9+.-]{0,20}://(?:[^\s/@\"']{1,200}@)?([a-z0-9][a-z0-9.-]*)(?::(\d+))?", re.I
)
WITH_PORT = re.compile(r"(?<![\w./-])([a-z0-9][a-z0-9.-]*[a-z0-9]):(\d{2,5})\b(?!:\d)", re.I)
QUOTED = re.compile(r"[\"'`(]([a-z0-9][a-z0-9.-]*[a-z0-9])[\"'`)]", re.IGNORECASE)
QUALIFIED = re.compile(r"(?<![\w@/.-])((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+)\b", re.IGNORECASE)
ON_RESOLVER = re.compile(r" on (?:\d{1,3}\.){3}\d{1,3}:53\b| on \[[0-9a-f:]+\]:53\b", re.IGNORECASE)
FROM_OWN = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}:\d{1,5}->")
TIMESTAMP = re.compile(r"\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b|\b\d{4}-\d\d-\d\dT\S+")
HARMLESS = re.compile(
    r"\bno errors?\b|\b0 errors?\b|errors?[=:] ?(?:0|nil|null|none|\"\")|without error"
)
GRAMMAR = frozenset(
    {
        "a", "an", "the", "to", "at", "on", "of", "for", "from", "in", "and", "or", "not", "is",
        "was", "be", "failed", "failure", "error", "timed", "timeout", "refused", "http", "https",
        "tcp", "udp", "localhost", "lookup", "resolve", "reach", "host", "dial", "read", "write",
        "get", "post", "put"
    }
)  # fmt: skip
NO_HOST = frozenset(
    {
        "a", "an", "the", "to", "at", "on", "of", "for", "from", "in", "and", "or", "not", "is",
        "was", "be", "failed", "failure", "error", "timed", "timeout", "refused", "http", "https",
        "tcp", "udp", "localhost", "lookup", "resolve", "reach", "host", "dial", "read", "write",
        "get", "post", "put", "connect", "connecting", "server", "address", "upstream", "port",
        "user", "remote", "name", "service", "database", "backend", "client", "request",
        "default", "null", "none", "true", "false", "find", "contact", "establish", "open",
        "send", "fetch", "query", "call", "load", "perform", "any", "all", "this", "that", "it",
        "with", "connection", "resolver", "dns", "api", "url"
    }
)  # fmt: skip
TOP_LEVEL = frozenset(
    {
        "com", "org", "net", "io", "dev", "app", "cloud", "ai", "co", "edu", "gov", "info", "biz",
        "example", "internal", "local", "lan", "corp", "test", "invalid", "svc", "localdomain",
        "intranet", "private", "home", "tech", "online", "shop", "java", "javax",
    }
)  # fmt: skip
WORD = re.compile(r"(?<![\w.-])[a-zA-Z0-9][a-zA-Z0-9.-]*[a-zA-Z0-9](?![\w])")
MOST_WORDS = 12
NAMELIKE = re.compile(
    r"(?:error|exception|warning)$|^v?\d+(?:\.\d+){0,2}$|^\d+$"
    r"|\.(?:go|py|js|ts|java|rb|rs|c|cc|cpp|php|cs|sh|json|ya?ml|log|conf|sock|so)$"
)


@dataclass(frozen=True)
class Complaint:
    """One line. `hosts`: what it may be about, the likeliest first; `ports` those it names."""

    kind: ErrorKind
    line: str
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


def complaint_of(line: str) -> Complaint | None:
    """What the line complains of; None where it doesn't."""
    line = line[:LONGEST_LINE]
    lower = line.lower()
    if not any(word in lower for word in WORTH_A_LOOK) and not KLOG.match(line):
        return None
    kind = next((kind for kind, pattern in KINDS if pattern.search(line)), None)
    if kind is None or (kind == ErrorKind.ERROR and HARMLESS.search(line)):
        return None
    text = TIMESTAMP.sub(" ", ON_RESOLVER.sub("", FROM_OWN.sub("", line)))
    return Complaint(kind, line.strip(), tuple(hosts_in(text)), tuple(ports_in(text)))


def hosts_in(text: str) -> list[str]:
    """Hosts by their form: after a resolver's or client's word, in a URL, before a port."""
    sure = [m[1] for form in (AFTER_RESOLVER, URL, WITH_PORT) for m in form.finditer(text)]
    maybe = [m[1] for form in (AFTER_CLIENT, QUALIFIED, QUOTED) for m in form.finditer(text)]
    found = [host for host in map(_clean, sure) if host not in GRAMMAR]
    found += [host for host in map(_clean, maybe) if host not in NO_HOST and _is_host(host)]
    known = [host for host in dict.fromkeys(found) if host and not NAMELIKE.search(host)]
    return known or _words(text)


def _is_host(host: str) -> bool:
    """A lone word, an address, or a name that ends as hosts do: no `java.net.Socket`."""
    first, _, last = host.partition(".")[0], "", host.rpartition(".")[2]
    if "." not in host or last.isdigit():
        return True
    return first not in TOP_LEVEL and (len(last) == 2 or last in TOP_LEVEL)


def _words(text: str) -> list[str]:
    """Where nothing has the form of a host: every word that may be one's name."""
    words = [_clean(match[0]) for match in WORD.finditer(text)]
    kept = [w for w in words if w not in NO_HOST and not NAMELIKE.search(w) and _is_host(w)]
    return list(dict.fromkeys(kept))[:MOST_WORDS]


def _clean(host: str) -> str:
    return host.strip(".").lower()


def ports_in(text: str) -> list[int]:
    found = [match[2] for match in URL.finditer(text) if match[2]]
    found += [match[2] for match in WITH_PORT.finditer(text)]
    found += re.findall(r"\bport[\s\"':=]+(\d{2,5})\b", text, re.IGNORECASE)
    found += re.findall(r"(?:\d{1,3}\.){3}\d{1,3}:(\d{2,5})\b", text)
    return list(dict.fromkeys(int(port) for port in found))


def complaints_of(text: str) -> list[Complaint]:
    """Of the last lines, the newest last; without what was over before the log ended.

    It is over where a later line says so, or where much else was written since and it never came
    again. Frames of a stack trace are nothing else: they belong to the error above them.
    """
    every = [line[:LONGEST_LINE] for line in text.splitlines()[-MOST_LINES:]]
    lines = [line for line in every if not FRAME.match(line.strip())]
    found = [(n, one) for n, line in enumerate(lines) if (one := complaint_of(line)) is not None]
    counts = Counter(one.kind for _, one in found)
    recovered = max((n for n, line in enumerate(lines) if RECOVERED.search(line)), default=-1)
    return [
        one
        for n, one in found
        if n > recovered and (len(lines) - n <= FRESH_LINES or counts[one.kind] >= REPEATED)
    ]


@dataclass(frozen=True)
class Complaining:
    """A complaint, and the pod in whose log it stands."""

    owner: ObjectRef
    pod: Pod
    container: str
    complaint: Complaint


class Complaints:
    """All complaints of a pass, by owner."""

    def __init__(self, found: Iterator[Complaining]) -> None:
        self._by_owner: defaultdict[str, list[Complaining]] = defaultdict(list)
        self.owners: dict[str, ObjectRef] = {}
        for one in found:
            key = one.owner.uid or str(one.owner)
            self.owners[key] = one.owner
            self._by_owner[key].append(one)

    def of(self, owner: ObjectRef, *kinds: ErrorKind) -> list[Complaining]:
        """Those of one owner; of these kinds where any are named."""
        found = self._by_owner.get(owner.uid or str(owner), [])
        return [one for one in found if not kinds or one.complaint.kind in kinds]

    def by_owner(self, *kinds: ErrorKind) -> Mapping[str, list[Complaining]]:
        """Owner key → its complaints of these kinds; owners without any are left out."""
        found = {key: self.of(ref, *kinds) for key, ref in self.owners.items()}
        return {key: items for key, items in found.items() if items}


def log_errors_of(snapshot: Snapshot) -> Complaints:
    """What the logs that were read complain of, by owner; they are parsed once."""
    return snapshot.view(_parsed)


def _parsed(snapshot: Snapshot) -> Complaints:
    return Complaints(_all(snapshot))


def _all(snapshot: Snapshot) -> Iterator[Complaining]:
    pods = {(pod.metadata.namespace, pod.metadata.name): pod for pod in snapshot.pods}
    for (namespace, name, container), text in snapshot.logs.items():
        pod = pods.get((namespace, name))
        if pod is None:
            continue
        owner = snapshot.top_owner(pod)
        for complaint in complaints_of(text):
            yield Complaining(owner, pod, container, complaint)
