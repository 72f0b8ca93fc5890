"""`manage.py up`, which is `make run`: the whole of KubeWise on this machine."""

from __future__ import annotations

import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from detection.kubernetes.client import NotConfigured
from kubewise_site.core import broker
from kubewise_site.up.first_start import create_admin
from kubewise_site.up.programs import FIRST_FAULTS, programs
from kubewise_site.up.supervisor import configuration
from kubewise_site.up.watched import Watched, watched_cluster

WELCOME = """
KubeWise watches {title}.

  Admin     http://127.0.0.1:{port}/admin/   {login}
  API       http://127.0.0.1:{port}/api/v1/docs/
  Logs      {logs}
  Stop      Ctrl-C

Starting; the first incidents appear below within a minute.
"""


class Command(BaseCommand):
    help = "Start broker, workers, beat and web under one supervisor. Ctrl-C stops everything."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="port of the web process")
        parser.add_argument("--simulator-port", type=int, help="default: the next port")
        parser.add_argument(
            "--fault",
            action="append",
            help=f"fault of the simulated cluster, NAME[@SECONDS]; default: {FIRST_FAULTS}",
        )

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        watched = self._watched(options["simulator_port"] or port + 1)
        self._check_ports([port, watched.simulator_port])
        call_command("prepare", verbosity=0)
        self._welcome(watched, port)
        faults = FIRST_FAULTS if options["fault"] is None else options["fault"]
        path = self._write_configuration(watched, port, [fault for fault in faults if fault])
        sys.stdout.flush()
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)]
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell wanted

    def _watched(self, simulator_port: int) -> Watched:
        context, kubeconfig = settings.KUBE_CONTEXT, settings.KUBECONFIG
        try:
            return watched_cluster(settings.DATA_DIR, context, kubeconfig, simulator_port)
        except NotConfigured as error:
            raise CommandError(
                f"KUBE_CONTEXT is {settings.KUBE_CONTEXT!r}, but {error}. "
                "Unset it to watch the built-in simulated cluster."
            ) from error

    def _check_ports(self, ports: list[int]) -> None:
        for port in filter(None, ports):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise CommandError(
                        f"Port {port} is in use: is KubeWise running already? "
                        f"Stop it, or take another port: make run PORT={port + 80}."
                    ) from error

    def _welcome(self, watched: Watched, port: int) -> None:
        password = create_admin()
        login = f"user admin, password {password} (shown once)" if password else "log in as before"
        if not watched.simulator_port:
            login += "\n  DRY_RUN   " + watched.environment["DRY_RUN"]
        logs = settings.DATA_DIR / "log"
        self.stdout.write(WELCOME.format(title=watched.title, port=port, login=login, logs=logs))

    def _write_configuration(self, watched: Watched, port: int, faults: list[str]) -> Path:
        data_dir: Path = settings.DATA_DIR
        (data_dir / "log").mkdir(parents=True, exist_ok=True)
        ours = broker.socket_path(data_dir) if settings.OWN_BROKER else None
        table = programs(watched, data_dir, ours, port, faults)
        path = data_dir / "supervisord.conf"
        path.write_text(configuration(table, watched.environment, settings.BASE_DIR, data_dir))
        path.chmod(0o600)
        return path
