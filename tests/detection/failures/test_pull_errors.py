"""What failed pulls mean, in the words of several kubelets, runtimes and registries."""

from __future__ import annotations

import pytest

from detection.failures.containers.pull_errors import Pull, host_of, pull_of

MISSING = [
    'rpc error: code = NotFound desc = failed to pull and unpack image "r.io/a:1": '
    'failed to resolve reference "r.io/a:1": r.io/a:1: not found',
    "Error response from daemon: manifest for a:1 not found: manifest unknown: manifest unknown",
    "reading manifest 1 in r.io/a: manifest unknown",
    "unexpected status from HEAD request to https://r.io/v2/a/manifests/1: 404 Not Found",
    "Error: repository r.io/x does not exist",
    "name unknown: The repository with name 'a' does not exist in the registry",
]
REFUSED = [
    "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized",
    "unexpected status from HEAD request to https://r.io/v2/a/manifests/1: 403 Forbidden",
    "no basic auth credentials",
    "unauthorized: authentication required",
    "rpc error: code = Unauthenticated desc = token expired",
    "denied: permission_denied: read_package",
]
HIDDEN = [
    "pull access denied, repository does not exist or may require authorization: "
    "server message: insufficient_scope: authorization failed",
    "Error response from daemon: pull access denied for a, repository does not exist or may "
    "require 'docker login': denied: requested access to the resource is denied",
]
LIMITED = [
    "toomanyrequests: You have reached your pull rate limit",
    "429 Too Many Requests - Server message: toomanyrequests",
]
NO_HOST = [
    'Get "https://r.io/v2/": dial tcp: lookup r.io on 10.0.0.10:53: no such host',
    'Head "https://r.io/v2/a/manifests/1": dial tcp: lookup r.io: server misbehaving',
]
UNTRUSTED = ["tls: failed to verify certificate: x509: certificate signed by unknown authority"]
DOWN = [
    'failed to do request: Head "https://r.io/v2/a/manifests/1": dial tcp 1.2.3.4:443: i/o timeout',
    "net/http: TLS handshake timeout",
    "dial tcp 1.2.3.4:443: connect: connection refused",
    "received unexpected HTTP status: 503 Service Unavailable",
    "failed to fetch anonymous token: Get https://auth.r.io/token: net/http: request canceled "
    "while waiting for connection (Client.Timeout exceeded while awaiting headers)",
    "context deadline exceeded",
]
ARCH = ["no match for platform in manifest: not found", "no matching manifest for linux/arm64"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *[(text, Pull.MISSING) for text in MISSING],
        *[(text, Pull.REFUSED) for text in REFUSED],
        *[(text, Pull.DOWN) for text in DOWN],
        *[(text, Pull.HIDDEN) for text in HIDDEN],
        *[(text, Pull.LIMITED) for text in LIMITED],
        *[(text, Pull.NO_HOST) for text in NO_HOST],
        *[(text, Pull.UNTRUSTED) for text in UNTRUSTED],
        *[(text, Pull.WRONG_ARCH) for text in ARCH],
        ('Back-off pulling image "r.io/a:1"', Pull.UNKNOWN),
        ("", Pull.UNKNOWN),
        ("write /var/lib/containerd/x: no space left on device", Pull.NO_SPACE),
    ],
)
def test_the_texts_that_kubelets_write(text: str, expected: Pull) -> None:
    assert pull_of("ErrImagePull", [text]) == expected


@pytest.mark.parametrize("image", ["r.io/forbidden:404", "not-found/unauthorized@sha256:401"])
def test_an_image_name_says_nothing_about_why_it_is_missing(image: str) -> None:
    assert pull_of("ImagePullBackOff", [f'Back-off pulling image "{image}"']) == Pull.UNKNOWN


def test_a_reason_that_is_clear_needs_no_text() -> None:
    assert pull_of("InvalidImageName", ["401 Unauthorized"]) == Pull.MISSING
    assert pull_of("ErrImageNeverPull", []) == Pull.MISSING


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("nginx", "docker.io"),
        ("library/nginx:1", "docker.io"),
        ("ghcr.io/a/b@sha256:0", "ghcr.io"),
        ("localhost/a", "localhost"),
        ("mirror:5000/a:1", "mirror:5000"),
    ],
)
def test_the_registry_of_an_image(image: str, host: str) -> None:
    assert host_of(image) == host
