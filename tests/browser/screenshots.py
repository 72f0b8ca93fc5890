"""`make screenshots`: start the product with its first faults, take the pictures, stop it."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from kubewise_site.up.programs import FIRST_FAULTS
from tests.browser import screens
from tests.pairs.own import SMALL
from tests.system.product import Product, running, wait_for

SECONDS = 240


def main(directory: Path) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="kubewise-pictures-") as data,
        running(Path(data), SMALL, *FIRST_FAULTS, DWELL_FACTOR="1") as product,
    ):
        password = re.search(r"password (\S+)", product.console.read_text())
        wait_for("plans that wait", lambda: _waiting(product) >= 3, SECONDS)
        made = screens.pictures(product.base, "admin", password[1] if password else "", directory)
    for picture in made:
        sys.stdout.write(f"{picture}\n")
    return 0


def _waiting(product: Product) -> int:
    return sum(event["status"] == "AwaitingApproval" for event in product.events())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
