"""Every method of every resource of the generated API clients, called against the running server.

The scripts find the methods by introspection, so that a method which an SDK gains is called, or missed, at once. The
arguments are those of the contract's table of calls; the answers are read by the SDK's own models.
"""

import json
import re
from typing import Any

import httpx
import pytest

from tests.contract.calls import CALLS, Call
from tests.contract.world import World
from tests.sdk.environments import NODES
from tests.sdk.stage import Stage
from tests.sdk.telling import PATIENT, script_of, tell

# How many methods a client has at least: a walk that finds fewer has lost its way.
CLIENTS = {"py2": 51, "py3": 86, "py4": 118, "py5": 109, "js3": 70, "js5": 118}
WALKS = {"js3": "walk_js3"}  # all others share one for their language
READS = ("GET", "POST")


def _plan(stage: Stage, http: httpx.Client, modes: tuple[str, ...]) -> dict[str, Any]:
    """Arguments for every operation, for each client anew: what one changes, the other must find as it was."""
    keys = {"project": stage.projects["contract"], "organization": stage.organization}
    told = {name: [key.public_key, key.secret_key] for name, key in keys.items()}
    return {"keys": told, **{mode: dict(_arranged(stage, http)) for mode in modes}}


def _arranged(stage: Stage, http: httpx.Client) -> Any:
    shared = World(stage, http)
    for call in CALLS:
        world = shared if call.method in READS else World(stage, http)
        for fact in call.needs:
            getattr(world, fact)
        ids = [world.id_of(call, name) for name in re.findall(r"\{(\w+)\}", call.path)]
        arguments = {"path": ids, "query": world.filled(dict(call.query)), "body": world.filled(call.body)}
        yield _operation(call), {**arguments, "key": call.key}


def _operation(call: Call) -> str:
    return re.sub(r"\{\w+\}", "{}", call.operation)


@pytest.mark.sdk
@PATIENT
@pytest.mark.parametrize("sdk", CLIENTS)
def test_every_method_of_the_api_client_works(sdk: str, stage: Stage) -> None:
    modes = ("sync",) if sdk in NODES else ("sync", "async")
    with httpx.Client(base_url=stage.url, timeout=20) as http:
        plan = _plan(stage, http, modes)
    told = tell("contract", sdk, script_of(sdk, WALKS.get(sdk, "walk")), stage, "http://127.0.0.1:9", plan=plan)
    assert set(told) == set(modes)
    for mode, methods in told.items():
        failed = {name: one for name, one in methods.items() if one["outcome"]}
        assert not failed, f"{mode}:\n{json.dumps(failed, indent=1, ensure_ascii=False)}"
        assert len(methods) >= CLIENTS[sdk], (mode, len(methods))
