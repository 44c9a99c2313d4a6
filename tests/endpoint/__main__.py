"""`python -m tests.endpoint --port 8100` serves until interrupted; `base_url` is then `http://127.0.0.1:8100/v1`."""

import argparse
import contextlib

from tests.endpoint.server import Endpoint


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.endpoint", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100, help="0 takes a free one")
    options = parser.parse_args()
    endpoint = Endpoint(options.host, options.port)
    print(f"OpenAI-compatible endpoint: {endpoint.url}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        endpoint.serve_forever()


main()
