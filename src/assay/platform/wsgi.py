"""What a WSGI server serves."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from assay.platform import counting

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.platform.settings")


def _leave_with(parent: int) -> None:
    """End this process once the one that started it is gone, so that nothing keeps the port."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def settle_in() -> None:
    """Make this process a worker of the server that started it; nothing where it is none."""
    parent = int(os.environ.get("_ASSAY_SERVER", "0"))
    if not parent or os.getppid() != parent:
        return
    os.setpgid(0, 0)  # away from Ctrl+C, as `service.serve` says
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    if sys.platform == "linux":
        # Each sign-in takes 16 MB for a moment. With this, M_MMAP_THRESHOLD, whatever is larger than 256 KB
        # goes back to the system, where it would otherwise stay with the process.
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(-3, 256 * 1024)


settle_in()
counting.elsewhere()
application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # now, not in the first request
gc.collect()
gc.freeze()  # what is there now stays; the collector need not walk through it again and again
