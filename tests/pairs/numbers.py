"""Where this worker's queues and cache are: two databases of the broker that the plugin started.

A process that a test starts has none unless it inherits the variable.
"""

from __future__ import annotations

import os

BROKER = os.environ.get("KUBEWISE_TEST_BROKER", "/nowhere/broker.sock")
QUEUES = 2 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
CACHE = QUEUES + 1
