"""What the scripts say, in the reader's language."""

from __future__ import annotations

import json

from django.utils.translation import gettext_lazy as _

_TEXTS = {
    "live": _("live"),
    "polling": _("asking every {seconds} s"),
    "reconnecting": _("reconnecting …"),
    "paused": _("paused"),
    "denied": _("You may no longer see this page. Reload it to log in again."),
    "moved": _("{title}: place {place} of {count}"),
    "sized": _("{title}: {width} wide, {height} high"),
    "saved": _("Saved."),
    "unsaved": _("Could not be saved. Try again, or reload the page."),
    "arranging": _(
        "Arranging. Each tile has a button to move and one to size it; use the arrow keys or drag them."
    ),
    "arranged": _("Done arranging."),
}


def for_scripts() -> str:
    """Return the texts as JSON."""
    return json.dumps({name: str(text) for name, text in _TEXTS.items()})
