"""The web server: `python -m promptlab.web --host 127.0.0.1 --port 3000`.

granian's workers are forked from a process that has loaded the application already: one import instead of one per
worker, and the memory of what was imported is shared.
"""

from __future__ import annotations

import gc
import io
import json
import multiprocessing
import os
import sys
import threading
import traceback
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.urls import get_resolver
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from promptlab import shutdown
from promptlab.places import write_private


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
    parser.add_argument("--prepare", type=Path, help="do what `manage.py prepare` does first, and write its JSON there")
    options = parser.parse_args()

    try:
        _load_application()
    except ImproperlyConfigured as error:
        if options.prepare:
            write_private(options.prepare, json.dumps({"refusal": str(error)}))
        sys.exit(str(error))
    if options.prepare and not _prepare(options.prepare):
        sys.exit(1)
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")  # Python 3.14 has another default, which would import all again
    Web(
        "promptlab.wsgi:application",
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        workers=options.workers,
        blocking_threads=options.threads + settings.PLAYGROUND_STREAMS,
        respawn_failed_workers=True,
        workers_kill_timeout=4,
        log_level=LogLevels.error,
    ).serve()


def _load_application() -> None:
    """Import everything a request may need; the URL configuration brings in every view."""
    import promptlab.wsgi  # noqa: F401

    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()  # else the first collection in every worker would touch, and so copy, all of it


def _prepare(answer: Path) -> bool:
    """Whether the database is ready, by a fork: it imports nothing anew, and its connections reach no worker."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    code = 1
    try:
        told = io.StringIO()
        call_command("prepare", json=True, stdout=told)
        write_private(answer, told.getvalue())
        code = 0
    except (CommandError, ImproperlyConfigured) as refusal:
        write_private(answer, json.dumps({"refusal": str(refusal)}))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
