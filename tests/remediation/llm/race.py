"""One racing worker: asks a scripted model as often as it may, in a database shared with others.

python -m tests.remediation.llm.race NAME START   → prints how many of its questions were asked
"""

from __future__ import annotations

import sys
import time

import django
from django.conf import settings

from tests.remediation.attacks.race import APPS

QUESTIONS = 15


def ask_all(name: str, start: float) -> int:
    from tests.remediation.llm.test_calls import Scripted, ask, good

    provider = Scripted(good())
    time.sleep(max(0.0, start - time.time()))
    for number in range(QUESTIONS):
        ask(provider, f"{name} {number}")
    return provider.asked


if __name__ == "__main__":
    settings.MIGRATION_MODULES = dict.fromkeys(APPS)
    django.setup()
    sys.stdout.write(str(ask_all(sys.argv[1], float(sys.argv[2]))))
