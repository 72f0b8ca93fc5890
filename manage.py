#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

COULD_NOT_LOOK = 2


def main() -> None:
    """`diagnose` promises 1 for incidents alone: a wrong setting must not look like one."""
    try:
        execute_from_command_line(sys.argv)
    except SystemExit as ended:
        if sys.argv[1:2] == ["diagnose"] and isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
            sys.exit(COULD_NOT_LOOK)
        raise


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kubewise_site.settings")
    main()
