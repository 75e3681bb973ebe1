"""``python -m django_metrics_statsd.hits.grafana FOLDER``: write the dashboards."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import django


def main() -> None:
    """Write the dashboards into the folder that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m django_metrics_statsd.hits.grafana", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the files go")
    folder = parser.parse_args().folder
    # The tables are the same in every project, so none is needed, and none is read.
    os.environ["DJANGO_SETTINGS_MODULE"] = "django_metrics_statsd.hits.grafana.conf"
    django.setup()
    from django_metrics_statsd.hits.grafana.writing import write

    for file in write(folder):
        print(file)  # noqa: T201


if __name__ == "__main__":
    main()
