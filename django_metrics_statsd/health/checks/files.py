"""Whether the default storage gives back the file that it was given."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from django_metrics_statsd.health.checks.base import Check, Fail
from django_metrics_statsd.health.conf import conf


@dataclass(kw_only=True)
class FileStorage(Check):
    """Writes a small file of a name of its own, looks at its size, reads it back, compares, deletes it.

    Attributes:
        alias: which of ``STORAGES``.
        folder: where in it; unset, ``WATCHMAN_STORAGE_PATH``.
    """

    name: str = "storage"
    alias: str = "default"
    folder: str | None = None

    def run(self) -> None:
        """Write, compare, delete."""
        storage = storages[self.alias]
        content = uuid.uuid4().hex.encode()
        path = storage.save(str(self._folder(storage) / f"watchman-{uuid.uuid4()}.txt"), ContentFile(content))
        try:
            _compare(storage, path, content)
        finally:
            with suppress(Exception):  # some storages delete when they see fit, or never
                storage.delete(path)

    def _folder(self, storage: Storage) -> PurePosixPath:
        """Return the folder, within the storage: django-watchman has absolute paths below ``MEDIA_ROOT``."""
        folder = PurePosixPath(self.folder or conf.WATCHMAN_STORAGE_PATH or "")
        if not folder.is_absolute():
            return folder
        root = PurePosixPath(str(getattr(storage, "location", "")))
        return folder.relative_to(root) if folder.is_relative_to(root) else PurePosixPath()


def _compare(storage: Storage, path: str, content: bytes) -> None:
    size = storage.size(path)
    if size != len(content):
        raise Fail(f"A file of {len(content)} bytes was written, and has {size}.")
    with storage.open(path, "rb") as file:
        found = file.read()
    if found != content:
        raise Fail("A file was written, and something else was read back.")
