"""Which lines of a log are shown: the reason of a trace, whatever the language."""

from __future__ import annotations

import pytest

from detection.snapshot.last_words import LONGEST_LINE, deciding_lines

FRAMES = "\n".join(f"\tat com.example.Step{n}.run(Step{n}.java:{n})" for n in range(40))
LOGS = {
    "java": (
        "INFO starting\njava.lang.IllegalStateException: could not start\n" + FRAMES
        + "\nCaused by: java.net.UnknownHostException: orders-db\n" + FRAMES + "\n\t... 41 more",
        "Caused by: java.net.UnknownHostException: orders-db",
    ),
    "python": (
        'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\n'
        "    connect()\nKeyError: 'DATABASE_URL'\n",
        "KeyError: 'DATABASE_URL'",
    ),
    "go": (
        "panic: open /etc/app/config.yaml: no such file or directory\n\ngoroutine 1 [running]:\n"
        "main.main()\n\t/src/main.go:14 +0x1d\nexit status 2\n",
        "panic: open /etc/app/config.yaml: no such file or directory",
    ),
    "node": (
        "Error: Cannot find module './routes/new'\n    at Module._resolveFilename (node:1:1)\n"
        "    at node:internal/main\n",
        "Error: Cannot find module './routes/new'",
    ),
    "json": (
        '{"level":"info","msg":"starting"}\n{"level":"error","msg":"dial: connection refused"}\n'
        '{"level":"info","msg":"shutting down"}\n',
        '{"level":"error","msg":"dial: connection refused"}',
    ),
    "the reason before the last line": (
        "E0101 failed to list pods: pods is forbidden\nshutting down, exit code 1\n",
        "E0101 failed to list pods: pods is forbidden",
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", LOGS)
def test_the_reason_is_shown_and_no_frame(language: str) -> None:
    text, reason = LOGS[language]
    shown = deciding_lines(text)
    assert reason in shown
    assert not any(line.startswith(("at ", "File ", "goroutine")) for line in shown)


def test_where_nothing_stands_out_the_last_line_is_quoted() -> None:
    assert deciding_lines("one\ntwo\nthree\n\n") == ("three",)
    assert deciding_lines("\n  \n") == ()


def test_the_same_words_are_shown_once_and_no_more_than_asked() -> None:
    assert deciding_lines("error: x failed\n" * 30) == ("error: x failed",)
    assert len(deciding_lines("\n".join(f"error: {n} failed" for n in range(30)), 2)) == 2


@pytest.mark.parametrize(
    "line", ["a.a." * 4000, "A" * 16000, "at " * 5000, "\t" * 16000, "exit " * 3000, "(" * 16000]
)
def test_a_hostile_log_is_cut(line: str) -> None:
    text = "\n".join([line] * 60)
    shown = deciding_lines(text)
    assert all(len(found) <= LONGEST_LINE for found in shown)
