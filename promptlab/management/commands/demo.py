"""Play the tutorial into the demo project, through the public API of a running server."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from promptlab import demo
from promptlab.demo.wire import Refused
from promptlab.env import flag


class Command(BaseCommand):
    help = "Fill the demo project by playing the tutorial against a running server. Does nothing if PROMPTLAB_DEMO=0."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base-url", default="http://127.0.0.1:3000", help="where the server listens")

    def handle(self, *args: Any, **options: Any) -> None:
        if not flag("PROMPTLAB_DEMO", True):
            self.stdout.write("PROMPTLAB_DEMO turns the demo off.")
            return
        try:
            project_id = demo.run(options["base_url"])
        except Refused as refused:
            raise CommandError(f"The demo project could not be filled: {refused}") from refused
        self.stdout.write(f"The demo project is ready: /project/{project_id}")
