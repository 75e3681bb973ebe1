#!/usr/bin/env python
"""The example site's command line; `manage.py demo` is the one to start with."""

from __future__ import annotations

import os
import sys

from bookshop.files import PLACES
from django.core.management import execute_from_command_line
from shop import places

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookshop.settings")
    places.make(PLACES)  # before the settings are read, which name it where it is there
    execute_from_command_line(sys.argv)
