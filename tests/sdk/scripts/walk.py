"""Calls every method of every resource of an SDK's generated API client, with and without async.

STORY_PLAN is a file with arguments by operation: {mode: {operation: {path: […], query: {…}, body: …, key: …}}}. Which
operation a method is, its own source says; the SDK's own models read the answers.
"""

import asyncio
import inspect
import json
import os
import re
import typing
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

try:  # generations 4 and 5
    from langfuse.api.client import AsyncLangfuseAPI as AsyncClient
    from langfuse.api.client import LangfuseAPI as Client
    from langfuse.api.core.pydantic_utilities import parse_obj_as as parsed
except ImportError:  # generations 2 and 3
    from langfuse.api.client import AsyncFernLangfuse as AsyncClient
    from langfuse.api.client import FernLangfuse as Client
    from langfuse.api.core.pydantic_utilities import pydantic_v1

    parsed = pydantic_v1.parse_obj_as

PLAN = json.loads(Path(os.environ["STORY_PLAN"]).read_text(encoding="utf-8"))
ROUTE = re.compile(r'f?"/?api/public([^"]*)"')
# A name kept for earlier code, which only calls another method.
ALIASES = {"legacy.score_v1.create": "scores.create"}
PARAMETER = re.compile(r"\{jsonable_encoder\((\w+)\)\}")


def methods(thing: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any, Any]]:
    """Name, bound method and its source's owner of everything public below a client."""
    kind = type(thing)
    resources = {name for name, member in inspect.getmembers(kind) if isinstance(member, property)}
    resources |= {name for name, value in vars(thing).items() if type(value).__name__.endswith("Client")}
    for name in sorted(resources):
        if not name.startswith("_") and name != "with_raw_response":
            yield from methods(getattr(thing, name), (*path, name))
    for name, member in inspect.getmembers(kind, inspect.isfunction):
        if not name.startswith("_"):
            raw = getattr(thing, "_raw_client", thing)
            yield ".".join((*path, name)), getattr(thing, name), getattr(raw, name, None)


def plain(name: str) -> str:
    return name.replace("_", "").lower()


def arguments(source: str, method: Any, raw: Any, planned: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of the method, read into the types that it asks for."""
    in_path = dict(zip(PARAMETER.findall(ROUTE.search(source)[1]), planned["path"], strict=True))
    body = planned["body"]
    named = {plain(key): value for key, value in planned["query"].items()}
    named |= {plain(key): value for key, value in body.items()} if isinstance(body, dict) else {}
    hints, found = typing.get_type_hints(raw), {}
    for name, parameter in inspect.signature(method).parameters.items():
        if name == "request_options":
            continue
        if name in in_path:
            found[name] = parsed(hints[name], in_path[name])
        elif plain(name) in named:
            found[name] = parsed(hints[name], named[plain(name)])
        elif name == "request" and body is not None:
            # Generation 5 sends scores in lists.
            wanted = [body] if "List[" in str(hints[name]) or "Sequence[" in str(hints[name])[:20] else body
            found[name] = parsed(hints[name], wanted)
        elif parameter.default is inspect.Parameter.empty:
            raise LookupError(f"no value for {name}")
    return found


async def walk(mode: str, clients: dict[str, Any]) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = {}
    found = list(methods(clients["project"]))
    sources = {name: raw for name, _, raw in found}
    for (name, method, _), (_, of_organization, _) in zip(found, methods(clients["organization"]), strict=True):
        raw = sources[name] or sources[ALIASES[name]]
        source = inspect.getsource(raw)
        route, verb = ROUTE.search(source), re.search(r'method="(\w+)"', source)
        operation = f"{verb[1]} {PARAMETER.sub('{}', route[1])}"
        told[name] = {"operation": operation, "outcome": ""}
        planned = PLAN[mode].get(operation)
        if planned is None:
            told[name]["outcome"] = "no such operation in the plan"
            continue
        try:
            chosen = of_organization if planned["key"] == "organization" else method
            answer = chosen(**arguments(source, method, raw, planned))
            answer = await answer if inspect.isawaitable(answer) else answer
            told[name]["answer"] = type(answer).__name__
        except Exception as error:
            told[name]["outcome"] = f"{type(error).__name__}: {error}"[:1500]
    return told


def made(kind: Any, key: str) -> Any:
    public, secret = PLAN["keys"][key]
    return kind(
        base_url=os.environ["LANGFUSE_HOST"],
        username=public,
        password=secret,
        x_langfuse_sdk_name="python",
        x_langfuse_sdk_version=version("langfuse"),
        x_langfuse_public_key=public,
    )


async def tale() -> dict[str, Any]:
    kinds = {"sync": Client, "async": AsyncClient}
    return {mode: await walk(mode, {key: made(kind, key) for key in PLAN["keys"]}) for mode, kind in kinds.items()}


if __name__ == "__main__":
    Path(os.environ["STORY_OUTPUT"]).write_text(json.dumps(asyncio.run(tale())), encoding="utf-8")
