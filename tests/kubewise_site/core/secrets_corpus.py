"""A corpus for redaction: secrets of many kinds in lines of logs and events, and what stays.

All values are random; none was ever valid. Each sample is (kind, line, what must go or stay).
"""

from __future__ import annotations

import base64
import json
import string
import uuid
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

ALNUM = string.ascii_letters + string.digits
LOWER = string.ascii_lowercase + string.digits
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"


class Sample(NamedTuple):
    kind: str
    line: str
    token: str


def _text(random: Random, alphabet: str, length: int) -> str:
    """With at least one digit, upper and lower case letter where the alphabet has them."""
    while True:
        found = "".join(random.choice(alphabet) for _ in range(length))
        if any(c.isdigit() for c in found) and any(c.isalpha() for c in found):
            return found


def _hex(random: Random, length: int) -> str:
    return _text(random, "0123456789abcdef", length)


def _password(random: Random) -> str:
    return _text(random, ALNUM + "!#$%^*_-+.", random.randint(8, 24))


def _segment(random: Random, value: dict[str, object]) -> str:
    raw = json.dumps({**value, "n": random.randint(1, 10**12)}).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _jwt(random: Random) -> str:
    head = _segment(random, {"alg": "RS256", "typ": "JWT"})
    return f"{head}.{_segment(random, {'sub': 'app'})}.{_text(random, URLSAFE, 86)}"


def _pem(random: Random) -> str:
    kind = random.choice(["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""])
    body = "\n".join(_text(random, BASE64, 64) for _ in range(4))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


# kind → (the secret, the ways in which it is written). `{}` is the secret.
Plant = tuple[Callable[[Random], str], tuple[str, ...]]
PLANTED: dict[str, Plant] = {
    "password": (_password, ("password={}", "Password: {}", "passwd='{}'", 'pwd = "{}"')),
    "password in JSON": (_password, ('{{"user":"app","password":"{}"}}', '"db_password": "{}"')),
    "password flag": (_password, ("mysqld --password={}", "psql --db-password {} -h db")),
    "env value": (_password, ("LICENSE_CODE={}", "export SMTP_PASS_PHRASE={}", "MY_SETTING='{}'")),
    "env in YAML": (
        _password,
        ("- name: LICENSE\n  value: {}", '{{"name": "CODE", "value": "{}"}}'),
    ),
    "postgres URL": (
        lambda r: _text(r, ALNUM, 16),
        ("dial postgres://app:{}@db.shop.svc:5432/app", "DSN postgresql://u:{}@10.0.0.7/x"),
    ),
    "broker URL": (
        lambda r: _text(r, ALNUM, 18),
        ("amqp://guest:{}@mq:5672", "redis://:{}@cache:6379/0", "mongodb+srv://a:{}@m.example"),
    ),
    "MySQL DSN": (lambda r: _text(r, ALNUM, 14), ("open root:{}@tcp(mysql.shop:3306)/orders",)),
    "JDBC": (
        lambda r: _text(r, ALNUM, 14),
        ("jdbc:postgresql://db:5432/shop?user=app&password={}",),
    ),
    "ADO connection string": (
        lambda r: _text(r, ALNUM, 16),
        ("Server=db;Database=shop;User Id=sa;Password={};Encrypt=true",),
    ),
    "bearer token": (
        lambda r: _text(r, URLSAFE, 40),
        (
            "Authorization: Bearer {}",
            '"authorization":"Bearer {}"',
            "sent header bearer {} got 401",
        ),
    ),
    "basic auth": (
        lambda r: base64.b64encode(f"app:{_text(r, ALNUM, 12)}".encode()).decode(),
        ("Authorization: Basic {}", "proxy-authorization: basic {}"),
    ),
    "cookie": (lambda r: _text(r, ALNUM, 26), ("Set-Cookie: session={}; Path=/", "cookie: sid={}")),
    "JWT": (_jwt, ("token {} expired", "verify failed: {}", "GET /x?jwt={} 401")),
    "private key": (_pem, ("loaded key\n{}\ndone", "tls.key: |\n{}")),
    "AWS key id": (
        lambda r: r.choice(["AKIA", "ASIA"]) + _text(r, string.ascii_uppercase + "234567", 16),
        ("using {} in eu-west-1", "InvalidAccessKeyId: {}"),
    ),
    "AWS secret": (
        lambda r: _text(r, BASE64, 40),
        ("aws_secret_access_key = {}", "AWS_SECRET_ACCESS_KEY={}", '"SecretAccessKey": "{}"'),
    ),
    "Google API key": (
        lambda r: "AIza" + _text(r, URLSAFE, 35),
        ("GET /maps?key={} 403", "key {} not valid"),
    ),
    "Google OAuth token": (lambda r: "ya29." + _text(r, URLSAFE, 60), ("refreshing {} failed",)),
    "Azure storage key": (
        lambda r: _text(r, BASE64, 86) + "==",
        ("AccountName=shop;AccountKey={};EndpointSuffix=core.windows.net",),
    ),
    "SAS signature": (
        lambda r: _text(r, ALNUM, 43),
        ("https://shop.blob.example/x?sv=2022-11-02&sig={}&se=2026",),
    ),
    "GitHub token": (
        lambda r: r.choice(["ghp_", "gho_", "ghs_"]) + _text(r, ALNUM, 36),
        ("git clone failed for {}", "remote: {} is not valid"),
    ),
    "GitLab token": (lambda r: "glpat-" + _text(r, URLSAFE, 20), ("PRIVATE {} denied",)),
    "Slack token": (
        lambda r: f"xoxb-{r.randint(10**10, 10**11)}-{_text(r, ALNUM, 24)}",
        ("posting with {}",),
    ),
    "Slack webhook": (
        lambda r: (
            f"https://hooks.slack.com/services/T{_text(r, ALNUM, 8)}/B1/{_text(r, ALNUM, 24)}"
        ),
        ("POST {} 404",),
    ),
    "Stripe key": (
        lambda r: r.choice(["sk_live_", "rk_live_"]) + _text(r, ALNUM, 24),
        ("stripe: {} is revoked",),
    ),
    "model provider key": (
        lambda r: r.choice(["sk-", "sk-ant-", "sk-proj-"]) + _text(r, ALNUM, 48),
        ("Incorrect key provided: {}", "client made with {}"),
    ),
    "npm token": (lambda r: "npm_" + _text(r, ALNUM, 36), ("//registry.example/:_authToken={}",)),
    "PyPI token": (
        lambda r: "pypi-AgEIcHlwaS5vcmc" + _text(r, URLSAFE, 90),
        ("twine upload as __token__ {}",),
    ),
    "SendGrid key": (
        lambda r: f"SG.{_text(r, URLSAFE, 22)}.{_text(r, URLSAFE, 43)}",
        ("mail with {} refused",),
    ),
    "Twilio key": (lambda r: "SK" + _hex(r, 32), ("twilio {} suspended",)),
    "Telegram token": (
        lambda r: f"{r.randint(10**8, 10**10 - 1)}:{_text(r, URLSAFE, 35)}",
        ("bot {} conflict",),
    ),
    "Vault token": (lambda r: "hvs." + _text(r, URLSAFE, 90), ("lookup of {} failed",)),
    "registry token": (lambda r: "dckr_pat_" + _text(r, URLSAFE, 27), ("login with {} failed",)),
    "mail address": (
        lambda r: f"{_text(r, LOWER, 8)}.{_text(r, LOWER, 5)}@corp.example",
        ("no such user {}", "mail to <{}> bounced"),
    ),
    "high entropy": (
        lambda r: _text(r, BASE64, 44),
        ("decrypted with {}", "value {} rejected", "seed: {}"),
    ),
}


def _name(random: Random) -> str:
    words = ["cart", "checkout", "payment", "search", "user-api", "coredns", "node-exporter", "etl"]
    return random.choice(words)


def _pod(random: Random) -> str:
    safe = "bcdfghjklmnpqrstvwxz2456789"
    ends = [
        f"-{_text(random, safe, 10)}-{_text(random, safe, 5)}",
        f"-{random.randint(0, 9)}",
        f"-{_text(random, safe, 5)}",
        f"-{random.randint(27_000_000, 29_999_999)}-{_text(random, safe, 5)}",
    ]
    return _name(random) + random.choice(ends)


def _image(random: Random) -> str:
    hosts = ["registry.example.com:5000/shop/", "ghcr.io/team-a/", "docker.io/library/", ""]
    tags = [
        f":v{random.randint(0, 9)}.{random.randint(0, 40)}.{random.randint(0, 9)}",
        f":{random.randint(2019, 2026)}.1-alpine3.19",
        f"@sha256:{_hex(random, 64)}",
        f":git-{_hex(random, 12)}",
        f":main-{_hex(random, 40)}",
    ]
    return random.choice(hosts) + _name(random) + random.choice(tags)


def _path(random: Random) -> str:
    uid = uuid.UUID(int=random.getrandbits(128))
    return random.choice(
        [
            f"/var/lib/kubelet/pods/{uid}/volumes/kubernetes.io~projected/kube-api-access-x2x9q",
            f"/var/log/pods/shop_{_pod(random)}_{uid}/app/{random.randint(0, 9)}.log",
            f"/usr/local/lib/python3.11/site-packages/{_name(random)}/main.py",
            f"/etc/{_name(random)}/config.d/{random.randint(0, 99)}-db-credentials.yaml",
            f"/opt/app/lib/spring-boot-{random.randint(1, 3)}.4.1.jar!/BOOT-INF/classes",
            f"com/example/shop/AbstractAutowireCapableBeanFactory{random.randint(1, 9)}.java",
        ]
    )


def _number(random: Random) -> str:
    return random.choice(
        [
            str(random.randint(0, 10**12)),
            f"{random.random() * 1000:.3f}",
            f"{random.randint(1, 2048)}Mi",
            f"{random.randint(10, 4000)}m",
            f"10.{random.randint(0, 255)}.{random.randint(0, 255)}.7:{random.randint(80, 65535)}",
            f"2026-03-01T{random.randint(10, 23)}:04:05.{random.randint(0, 10**9 - 1):09d}Z",
        ]
    )


KINDS = ("Pod", "StatefulSet", "PersistentVolumeClaim", "HorizontalPodAutoscaler")
Grow = Callable[[Random], str]
KEPT: dict[str, tuple[Grow, tuple[str, ...]]] = {
    "digest": (
        lambda r: "sha256:" + _hex(r, 64),
        ("pulled {}", "layer {} does not exist", "containerd digest={}"),
    ),
    "container id": (
        lambda r: "containerd://" + _hex(r, 64),
        ("killing {}", '"containerID": "{}"'),
    ),
    "UID": (
        lambda r: str(uuid.UUID(int=r.getrandbits(128))),
        ("pod UID {} not found", 'uid="{}"', "orphaned pod {} found"),
    ),
    "pod name": (_pod, ("pod {} evicted", "Readiness probe failed: {}: 503", 'pod="shop/{}"')),
    "object": (
        lambda r: f"{r.choice(['shop', 'team-a'])}/{r.choice(KINDS)}/{_pod(r)}",
        ("{} is not ready", "container app of {} ended", "Scaled {} to 3"),
    ),
    "image name": (
        _image,
        ('Back-off pulling image "{}"', "image: {}", "Failed to pull image {}: not found"),
    ),
    "path": (_path, ("open {}: no such file or directory", "at {} line 40", 'mount "{}" busy')),
    "number": (_number, ("exit code {}", "took {} of 512", "value={} limit=900")),
}
FRAMES = (
    "{}",
    "2026-03-01T10:20:30Z INFO {}",
    'level=error msg="{}"',
    "E0301 10:20:30.123456       1 reflector.go:138] {}",
    "[main] WARN  c.e.shop.Main - {}",
)


def planted(each: int, seed: int = 1) -> Iterator[Sample]:
    yield from _grown(PLANTED, each, Random(seed))


def kept(each: int, seed: int = 2) -> Iterator[Sample]:
    yield from _grown(KEPT, each, Random(seed))


def _grown(
    kinds: dict[str, tuple[Grow, tuple[str, ...]]], each: int, random: Random
) -> Iterator[Sample]:
    for kind, (grow, ways) in kinds.items():
        for number in range(each):
            token = grow(random)
            line = ways[number % len(ways)].format(token)
            yield Sample(kind, random.choice(FRAMES).format(line), token)
