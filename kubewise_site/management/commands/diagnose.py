"""`manage.py diagnose`: what is wrong in a cluster now, and what KubeWise would do about it.

One pass in the foreground: GET requests only, no broker, no key, no database.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand

from detection.clients import prometheus
from detection.domain.causes import Severity
from detection.kubernetes.client import (
    Connection,
    KubernetesError,
    NotConfigured,
    connect,
    has_current_context,
)
from detection.kubernetes.dump import NoDump, open_dump, parsed
from detection.pipeline.inputs import ReadMetrics
from kubewise_site.core import clock
from kubewise_site.core.config.reading import in_cluster
from remediation.actions.parameters import BadValue, label
from remediation.controls.limits import limits
from remediation.diagnose.metrics import read_metrics
from remediation.diagnose.report import escaped, report_table
from remediation.diagnose.run import Report, as_auto, diagnose_cluster

log = structlog.get_logger(__name__)
NOTHING_FOUND, INCIDENTS, BLIND = 0, 1, 2
DEFAULT_KUBECONFIG = "~/.kube/config"


@dataclass(frozen=True)
class ClusterAccess:
    """How the cluster is reached, and what said so."""

    context: str
    kubeconfig: str
    token_file: str
    said_by: str


class Command(BaseCommand):
    help = "Read a cluster once and print its failures, their diagnosis and what KubeWise would do."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--context", default="", help="kubeconfig context to use")
        parser.add_argument("--namespace", "-n", default="", help="only this namespace")
        parser.add_argument(
            "--dump",
            default="",
            metavar="DIR",
            help="read this folder in place of a cluster: cluster-info dump, must-gather, or what "
            "kubectl get -o yaml wrote",
        )
        parser.add_argument(
            "--complete",
            action="store_true",
            help="with --dump: what it does not hold is not there, rather than not seen",
        )
        parser.add_argument(
            "--now",
            default="",
            metavar="TIME",
            help="with --dump: when it was taken (RFC 3339); else its newest stamp",
        )
        parser.add_argument("--output", "-o", choices=("table", "json"), default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = self._run(options)
        except Exception as error:  # a bug of ours is not "incidents": nobody has looked
            log.exception("diagnose broke")
            code = self._could_not_look(f"{type(error).__name__}: {error}", options["output"])
        sys.exit(code)

    def _run(self, options: dict[str, Any]) -> int:
        namespace, output = options["namespace"], options["output"]
        try:
            if namespace:
                label(namespace)
            connection, now = self._source(options)
        except BadValue as error:
            return self._could_not_look(f"namespace {namespace!r}: {error}", output)
        except (KubernetesError, NoDump) as error:
            return self._could_not_look(str(error), output)
        report = diagnose_cluster(
            connection, now, as_auto(limits()), namespace, _metrics(), with_young=True
        )
        self._show(report, output)
        return _exit_code(report)

    def _source(self, options: dict[str, Any]) -> tuple[Connection, datetime]:
        """Where to look, and the time there. Raises NoDump and KubernetesError."""
        if not options["dump"]:
            return self._connect(options["context"]), clock.now()
        dump = open_dump(options["dump"], options["complete"])
        for name, why in sorted(dump.unread.items()):
            self._tell(f"cannot read {name}: {why}")
        now = parsed(options["now"]) if options["now"] else dump.taken_at
        if now is None:
            raise NoDump("when was it taken? --now 2026-12-01T10:00:00Z, with its time zone")
        self._tell(f"Reading {dump.account.server} as it was at {now.isoformat()}")
        return dump, now

    def _connect(self, context: str) -> Connection:
        way = which_way(context)
        connection = connect(way.context, way.kubeconfig, way.token_file)
        account = connection.account
        as_whom = f"context {way.context}" if way.context else account.source
        self._tell(f"Reading {account.server} as {as_whom} (from {way.said_by})")
        return connection

    def _show(self, report: Report, output: str) -> None:
        for name, reason in sorted(report.blind.items()):
            self._tell(f"cannot read {name}: {reason}")
        if output == "json":
            self.stdout.write(json.dumps(report.as_dict(), indent=2, default=str))
        else:
            self.stdout.write(report_table(report))

    def _could_not_look(self, reason: str, output: str) -> int:
        self._tell(f"cannot read the cluster: {reason}")
        if output == "json":
            self.stdout.write(json.dumps({"blind": ["kubernetes"], "incidents": []}, indent=2))
        return BLIND

    def _tell(self, text: str) -> None:
        self.stderr.write(escaped(text))


def which_way(context: str) -> ClusterAccess:
    """--context, KUBE_CONTEXT, the kubeconfig's current context, the in-cluster account.

    Raises NotConfigured where there is none of them.
    """
    path = settings.KUBECONFIG or _default_kubeconfig()
    inside = in_cluster()
    if context:
        return ClusterAccess(context, path, "", "--context")
    if settings.KUBE_CONTEXT:
        return ClusterAccess(
            settings.KUBE_CONTEXT, path, settings.KUBE_READ_TOKEN_FILE, "KUBE_CONTEXT"
        )
    if path and not (inside and not has_current_context(path)):
        said_by = "KUBECONFIG" if settings.KUBECONFIG else DEFAULT_KUBECONFIG
        return ClusterAccess("", path, "", f"the current context of {said_by}")
    if inside:
        return ClusterAccess("", "", settings.KUBE_READ_TOKEN_FILE, "the in-cluster account")
    raise NotConfigured("no --context, KUBE_CONTEXT, kubeconfig or in-cluster account is given")


def _default_kubeconfig() -> str:
    path = Path(DEFAULT_KUBECONFIG).expanduser()
    return str(path) if path.is_file() else ""


def _metrics() -> ReadMetrics | None:
    """None where PROMETHEUS_URL is empty on purpose: scan only."""
    client = prometheus()
    return None if client is None else partial(read_metrics, client)


def _exit_code(report: Report) -> int:
    lasting = (item for item in report.found if not item.young)
    if any(item.finding.severity != Severity.INFO for item in lasting):
        return INCIDENTS
    return BLIND if report.blind else NOTHING_FOUND
