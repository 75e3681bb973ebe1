"""Where the demo keeps what it makes: all in one folder, beside the shop's database."""

from __future__ import annotations

import os
from pathlib import Path

DATABASE = Path(os.environ.get("DEMO_DATABASE", Path(__file__).resolve().parent.parent / "bookshop.sqlite3"))
HITS = DATABASE.with_stem(f"{DATABASE.stem}_hits")
PLACES = DATABASE.with_name("places.mmdb")
MEDIA = DATABASE.with_name("media")
