"""Patches time something without being asked, and can be undone.

Each module here has one object, ``patch``, with ``install()``, ``uninstall()`` and ``installed``.
``STATSD_PATCHES`` names the modules; they are installed once, when Django starts.
"""
