"""`python -m benchmarks.newcomer` prints the table for CONTRIBUTING.md."""

import sys

from benchmarks.newcomer import table

sys.stdout.write(table())
