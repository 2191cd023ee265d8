"""A process of its own for a large table, beside the server: `python -m assay.platform.aside`.

Reading it would hold up everybody whom the server's process serves. Says in JSON what came in, or what is
wrong with the table.
"""

# ruff: noqa: PLC0415 -- tables can be imported only after Django is set up

from __future__ import annotations

import gc
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import django


def main(project: str, path: str, name: str, language: str) -> dict[str, object]:
    """Bring a file into a project, by its number."""
    from django.utils import translation

    from assay import tables
    from assay.errors import AssayError
    from assay.platform.actions import importing
    from assay.platform.pages.request import problem_of
    from assay.platform.queries import projects

    if language:
        translation.activate(language)
    gc.disable()  # a table is a million objects that all stay; looking them through would take a fifth
    try:
        found = tables.works(tables.read(Path(path).read_bytes(), name))
        report = importing.bring_in_parts(
            project=projects.numbered(int(project)), found=found, considerate=True
        )
    except AssayError as wrong:
        return {"problem": problem_of(wrong)}
    return {"report": asdict(report), "repeated": found.repeated}


if __name__ == "__main__":
    os.nice(5)  # people first
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.platform.settings")
    django.setup()
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
