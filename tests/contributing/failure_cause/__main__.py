"""Prints what causes lack, a line each; the exit code is 1 where there is such a line."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from detection.domain.causes import Cause  # noqa: E402
from tests.contributing.failure_cause.parts import lacking, parts_of_the_repository  # noqa: E402

parts = parts_of_the_repository()
found = [line for cause in Cause for line in lacking(cause, parts)]
sys.stdout.writelines(f"{line}\n" for line in found)
sys.exit(bool(found))
