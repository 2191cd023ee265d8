"""Optional parts: imported on first use, and named with the command that installs them when missing."""

from __future__ import annotations

import importlib
import importlib.util
from types import MappingProxyType, ModuleType

from assay.errors import MissingExtraError

EXTRAS = MappingProxyType(
    {
        "local": ("xllamacpp",),
        "train": ("torch", "transformers", "trl"),
        "ray": ("ray",),
        "worlds": ("apsw",),
        "browser": ("playwright",),
    }
)
"""Extra → the modules that show that it is installed."""


def missing(extra: str) -> tuple[str, ...]:
    """Return the modules of an extra that cannot be found, without importing any of them."""
    return tuple(module for module in EXTRAS[extra] if importlib.util.find_spec(module) is None)


def need(module: str, *, extra: str) -> ModuleType:
    """Import `module`, or say which extra brings it.

    Raises
    ------
    MissingExtraError
        Where the module is not installed.

    >>> need("a_module_nobody_has", extra="train")
    Traceback (most recent call last):
    assay.errors.MissingExtraError: a_module_nobody_has is not installed; run: pip install 'assay[train]'
    """
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        raise MissingExtraError(f"{module} is not installed; run: pip install 'assay[{extra}]'")
    return importlib.import_module(module)
