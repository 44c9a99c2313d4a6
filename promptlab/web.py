"""The web server: `python -m promptlab.web --host 127.0.0.1 --port 3000`.

granian's workers are forked from a process that has loaded the application already: one import instead of one per
worker, and the memory of what was imported is shared.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from promptlab import shutdown


class Web(MPServer):
    """granian that says it is going before it goes.

    After SIGTERM `/api/public/ready` answers 503; with PROMPTLAB_DRAIN_SECONDS set, requests are served that much
    longer, so that a load balancer can notice before connections are refused.
    """

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        shutdown.begin()
        seconds = float(os.environ.get("PROMPTLAB_DRAIN_SECONDS") or 0)
        timer = threading.Timer(seconds, super().signal_handler_interrupt)
        timer.daemon = True
        timer.start()


def main() -> None:
    parser = ArgumentParser(prog="python -m promptlab.web")
    parser.add_argument("--host", default=os.environ.get("PROMPTLAB_BIND") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 3000))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("PROMPTLAB_WEB_WORKERS") or 2))
    parser.add_argument("--threads", type=int, default=int(os.environ.get("PROMPTLAB_WEB_THREADS") or 16))
    options = parser.parse_args()

    _load_application()
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")  # Python 3.14 has another default, which would import all again
    Web(
        "promptlab.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads,
        respawn_failed_workers=True,
        workers_kill_timeout=4,
        log_level=LogLevels.error,
    ).serve()


def _load_application() -> None:
    """Import everything a request may need; the URL configuration brings in every view."""
    from django.core.exceptions import ImproperlyConfigured

    try:
        from django.urls import get_resolver

        import promptlab.wsgi  # noqa: F401

        get_resolver().url_patterns  # noqa: B018

        from llm import builtin

        builtin.models()  # the price list: half a second that the first call would wait for
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    gc.collect()
    gc.freeze()  # else the first collection in every worker would touch, and so copy, all of it


if __name__ == "__main__":
    main()
