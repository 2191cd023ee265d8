"""What a WSGI server serves."""

from __future__ import annotations

import os
import threading
import time

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "assay.platform.settings")


def _leave_with(parent: int) -> None:
    """End this process once the one that started it is gone, so that nothing keeps the port."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if _parent := os.environ.get("_ASSAY_SERVER"):
    # Ctrl+C reaches the whole group of processes. The server tells its worker to stop; a worker that heard
    # both at once would wait for itself forever.
    os.setpgid(0, 0)
    threading.Thread(target=_leave_with, args=(int(_parent),), daemon=True).start()
application = get_wsgi_application()
