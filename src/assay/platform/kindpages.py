"""Finds the page of a kind beside the kind's code, also where another package registered it.

`{% include "kinds/pairwise/page.html" %}` reads `page.html` in the folder of the kind named `pairwise`.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.template import Origin, TemplateDoesNotExist
from django.template.loaders.base import Loader as BaseLoader

from assay import registry


def asset(kind: str, name: str) -> str | None:
    """Return the text of a file in a kind's folder, `None` where it has no such file."""
    try:
        file = registry.folder("kinds", kind).joinpath(name)
    except registry.RegistryError:
        return None
    return file.read_text("utf-8") if file.is_file() else None


class Loader(BaseLoader):
    """Loads `kinds/<name>/page.html`."""

    def get_template_sources(self, template_name: str) -> Iterator[Origin]:
        """Offer the one place where such a template can be."""
        if template_name.startswith("kinds/") and template_name.endswith("/page.html"):
            yield Origin(template_name, template_name, self)

    def get_contents(self, origin: Origin) -> str:
        """Read the page of the kind."""
        text = asset(origin.name.split("/")[1], "page.html")
        if text is None:
            raise TemplateDoesNotExist(origin.name)
        return text
