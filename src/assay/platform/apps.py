"""What Django needs to know the app by."""

from __future__ import annotations

from django.apps import AppConfig


class PlatformConfig(AppConfig):
    """The one app of the platform."""

    name = "assay.platform"
    label = "platform"
    default_auto_field = "django.db.models.BigAutoField"
