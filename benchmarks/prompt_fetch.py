"""Prompt fetches per second over 8 kept-alive connections.

    python -m benchmarks.prompt_fetch http://127.0.0.1:3000 pk-lf-… sk-lf-… [--seconds 8]

Makes a prompt `benchmark/fetch` if the project has none.
"""

import argparse
import time
import urllib.error

from benchmarks.connections import Target, drive
from benchmarks.figures import quantiles

NAME = "benchmark/fetch"
CONNECTIONS = 8


def prepare(target: Target) -> bytes:
    """Make the prompt unless it is there; the request that fetches it."""
    path = f"v2/prompts/{NAME.replace('/', '%2F')}"
    try:
        target.call(path)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        body = {
            "name": NAME,
            "type": "chat",
            "labels": ["production"],
            "prompt": [
                {"role": "system", "content": "You are a geographer. " * 40},
                {"role": "user", "content": "Name the capital of {{country}}."},
            ],
            "config": {"model": "gpt-4o-mini", "temperature": 0},
        }
        target.call("v2/prompts", "POST", body)
    return target.request("GET", path, {"Accept": "application/json"})


def measure(target: Target, request: bytes, seconds: float) -> list[float]:
    """Fetch for so long; the duration of every fetch, in seconds."""
    until = time.perf_counter() + seconds
    return drive(target, CONNECTIONS, lambda: request if time.perf_counter() < until else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("public_key")
    parser.add_argument("secret_key")
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    target = Target(options.url, options.public_key, options.secret_key)
    request = prepare(target)
    measure(target, request, min(1.0, options.seconds))
    durations = measure(target, request, options.seconds)
    rate = len(durations) / options.seconds
    print(f"prompt fetch, {CONNECTIONS} connections: {rate:,.0f} requests/s, {quantiles(durations)}")


if __name__ == "__main__":
    main()
