"""The product as its users start it, on a real cluster with the accounts of deploy/k8s/."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kubewise_site.core.config.reading import BASE_DIR
from tests.live.accounts import Accounts
from tests.system.product import Product, wait_for

CONTEXT = "test"


class RealProduct(Product):
    """`manage.py up` with KUBE_CONTEXT: nothing is simulated."""

    def __init__(self, directory: Path, accounts: Accounts, **environment: str) -> None:
        super().__init__(directory, **environment)
        self.environment |= {
            "KUBECONFIG": str(accounts.read),
            "KUBE_CONTEXT": CONTEXT,
            "KUBE_READ_KUBECONFIG": str(accounts.read),
            "KUBE_ACT_KUBECONFIG": str(accounts.act),
            "DRY_RUN": "False",
        }
        self._passes: set[str] = set()

    def start(self, *faults: str) -> RealProduct:
        command = [sys.executable, "manage.py", "up", "--port", str(self.port)]
        with self.console.open("wb") as console:
            self.process = subprocess.Popen(
                command, cwd=BASE_DIR, env=self.environment, stdout=console,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._log_in(wait_for("the admin's password", self._password))
        return self

    def services(self) -> dict[str, dict[str, str]]:
        """Each part's health; an unhealthy whole is no error here."""
        answer = self.session.get(f"{self.base}/api/v1/health/", timeout=10)
        return dict(answer.json()["services"])

    def _was_watched(self) -> bool:
        """Three passes: AUTO asks about what began before, and API times are whole seconds."""
        last_seen = self.services()["kubernetes"].get("last_seen")
        self._passes |= {last_seen} if last_seen else set()
        return len(self._passes) >= 3


@contextmanager
def running(directory: Path, accounts: Accounts, **environment: str) -> Iterator[RealProduct]:
    """A started product that is gone afterwards, whatever happened."""
    product = RealProduct(directory, accounts, **environment)
    try:
        product.start()
        yield product
    finally:
        product.kill_everything()
