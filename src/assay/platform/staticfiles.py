"""Which files are sent to browsers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.staticfiles.finders import FileSystemFinder

NOT_FOR_THE_WEB = ("*.py", "*.pyc", "__pycache__")


class WebFinder(FileSystemFinder):
    """Finds the files in a folder of a package, and leaves out its code."""

    def list(self, ignore_patterns: Iterable[str] | None) -> Any:
        """List what may be sent."""
        return super().list([*(ignore_patterns or ()), *NOT_FOR_THE_WEB])
