#!/usr/bin/env python
"""Runs management commands, such as `python manage.py serve`, `setup` or `migrate`."""

import os
import signal
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    """Run the command of the command line. Report wrong settings in a sentence, and end quietly in `| head`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
    try:
        try:
            execute_from_command_line(sys.argv)
        finally:
            sys.stdout.flush()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except BrokenPipeError:
        # Python flushes both again at exit.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.dup2(nowhere, sys.stderr.fileno())
        sys.exit(128 + signal.SIGPIPE)


if __name__ == "__main__":
    main()
