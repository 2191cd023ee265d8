"""Assay, the open human-data engine.

The path: brief → people → work → judgment → quality → dataset → model → evaluation → (people).

Importing the package loads nothing heavy; each station is imported by its own name, for example
``from assay import quality``.
"""

__version__ = "0.1.0"
