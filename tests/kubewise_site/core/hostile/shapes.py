"""Hostile shapes of foreign text, as data: what is repeated until the text is as long as wanted.

They were written before the mechanism that has to bear them.
"""

# Each is repeated without an end: a form that begins again and again and never comes to its end.
PUMPS = (
    "a", "A", "0", "1", "9", " ", "\n", "\t", "\r\n", "-", "_", ".", "/", ":", "=", "@", "\"",
    "'", "\\", "\\\"", "{", "[", "(", ",", ";", "&", "?", "\x00", "\x1b[", "\u202e", "é", "😀",
    "ab", "a.", "a-", "a_", "a/", "a:", "a=", "a@", "a@a.", "1.", "1:", "1-", "0.0.0.0:", "A_",
    "A=", "a b ", "a1B2", "aA0", "--", "--a", "-a ", "://", "a://", "a+a", "a:a@", "a.a:1",
    "\"a\"", "'a'", "sk-", "sk-a", "sk-aaaaaaaaaaaaaaaaaaaa", "eyJ", "eyJaaaaaaaa-",
    "eyJaaaaaaaa.", "ya29.", "hvs.", "xoxb-1-", "xoxb-", "ghp_", "glpat-", "AKIA", "AKC", ":AKC",
    "SG.", "npm_", "AC", "SK", "-us1", "aws", "aws key '", "AccountKey=",
    "https://hooks.slack.com/services/Ta/Ba/", "-----BEGIN PRIVATE KEY-----", "password",
    "password=", "password: ", "--password ", "password=\"", "token='", "secret\\\"", "bearer ",
    "basic  ", "authorization: basic ", "name: A value: ", "name: A ", "name:", "API_KEY=",
    "?sig=", "[redacted", "[redacted:secret]", "lookup ", "lookup a on ", "dial tcp ",
    "connect to ", "to ", "host=", "port ", "certificate ", "quota exceeded", "dns ", "resolver ",
    "forbidden ", "403 ", "sasl ", "expired", "error", "not found ", "tag ",
    "failed to resolve reference ", "forbidden", "by ", "by a/", "by pod ", "insufficient ",
    "persistentvolumeclaim ", "secret \"", "key a in ", "volume \"", "object \"a",
    "failed  to  call ", "maximum ", "service account", " preemption:", "?, ", "from 1 to ",
    "kubectl ", "$(", "`", "<!--", "12:00:00", "2026-01-01T", "E0101 ", "status=", "\" 5",
)  # fmt: skip

# What may stand before the repetition, and what after it keeps it from matching.
BEFORE = ("", 'password="', "sk-", "https://", "aws ", "lookup ", '"', "'")
AFTER = ("", "!", "\n", "\x00")


def text_of(before: str, pump: str, after: str, size: int) -> str:
    """Exactly `size` characters, the end of the last repetition cut off."""
    room = size - len(before) - len(after)
    return before + (pump * (room // len(pump) + 1))[:room] + after


def every(size: int) -> list[tuple[str, str]]:
    """Name and text of every plain shape."""
    return [(repr(pump), text_of("", pump, "", size)) for pump in PUMPS]
