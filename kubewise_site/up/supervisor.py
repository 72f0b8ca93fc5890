"""The table of programs as a configuration of supervisord, which restarts what dies."""

from __future__ import annotations

import configparser
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from kubewise_site.up.programs import Program
from kubewise_site.up.secrets import withheld

LOG_BYTES = 5_000_000
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}


def configuration(
    table: Sequence[Program], shared: dict[str, str], directory: Path, data_dir: Path
) -> str:
    """The text of supervisord.conf; `shared` is the environment of all programs."""
    config = configparser.RawConfigParser()
    config["supervisord"] = {
        "nodaemon": "true",
        "directory": _escape(str(directory)),
        "logfile": _escape(str(data_dir / "log" / "supervisord.log")),
        "pidfile": _escape(str(data_dir / "supervisord.pid")),
        "silent": "true",
    }
    for program in table:
        config[f"program:{program.name}"] = _section(program, shared, data_dir)
    text = io.StringIO()
    config.write(text)
    return text.getvalue()


def _section(program: Program, shared: dict[str, str], data_dir: Path) -> dict[str, str]:
    log = data_dir / "log" / f"{program.name}.log"
    return {
        "command": _escape(" ".join(_quote(part) for part in program.command)),
        "environment": _environment(
            UNBUFFERED | shared | withheld(program.name) | program.environment
        ),
        "priority": str(program.priority),
        "autorestart": "unexpected" if program.once else "true",
        "startsecs": "0" if program.once else "2",
        "startretries": "1000000",
        "stopwaitsecs": "20",
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": "/dev/stdout" if program.once else _escape(str(log)),
        "stdout_logfile_maxbytes": "0" if program.once else str(LOG_BYTES),
        "stdout_logfile_backups": "2",
    }


def _environment(variables: Mapping[str, str]) -> str:
    return ",".join(f"{name}={_escape(_quote(value))}" for name, value in variables.items())


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escape(text: str) -> str:
    """supervisord expands %(name)s."""
    return text.replace("%", "%%")
