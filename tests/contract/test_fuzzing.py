"""Thousands of requests that nobody would write, made by schemathesis from our own document: none may be a 500.

What is sent is the same in every run; FUZZ_EXAMPLES asks for more. Half of it is as the document says, half breaks it
somewhere; half goes to things that are there, half to ids that nobody has. Every answer, refusals included, has to be
as the document tells it.
"""

import json
import os
import re
import warnings
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, openapi

from promptlab.api_operations import openapi as our_document
from tests.contract import ours
from tests.contract.calls import CALLS, Call
from tests.contract.world import World

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))  # for each operation
PROBES = {"/health", "/ready"}  # asked whether all is well, they may say no: 503
CONTENT = {"application/json"}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def schema() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openapi.from_dict(our_document())


@pytest.mark.parametrize("call", [pytest.param(call, id=call.operation) for call in CALLS])
def test_no_request_breaks_it(world: World, schema: Any, call: Call) -> None:
    operation = schema[f"/api/public{call.path}"][call.method]
    known = {name: world.id_of(call, name) for name in re.findall(r"\{(\w+)\}", call.path)}
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, existing=st.booleans())
    def send(case: Case, existing: bool) -> None:
        if existing and known and call.method != "DELETE":
            case.path_parameters = known
        _check(call, _sent(world, call, case))

    send()


def _sent(world: World, call: Call, case: Case) -> httpx.Response:
    """The request of a case, with a good key; what schemathesis would do to the key itself is tested elsewhere."""
    arguments = case.as_transport_kwargs(base_url=world.stage.url)
    headers = {**arguments["headers"], **world.headers(call.key)}
    headers = {name: value for name, value in headers.items() if value.isascii() and value.isprintable()}
    content = arguments.get("data")
    if "json" in arguments:
        content = json.dumps(arguments["json"]).encode("utf-8", "surrogatepass")
        headers["Content-Type"] = "application/json"
    return world.client.request(
        arguments["method"], arguments["url"], params=arguments.get("params"), headers=headers, content=content
    )


def _check(call: Call, answer: httpx.Response) -> None:
    told = f"{answer.request.method} {answer.request.url}\n{answer.request.content[:2000]!r}"
    assert answer.status_code < 500 or call.path in PROBES, f"{told}\n{answer.status_code} {answer.text[:500]}"
    method = answer.request.method
    if method == call.method and answer.headers.get("Content-Type") in CONTENT:
        try:
            ours.check_answer(call.operation, answer.status_code, answer.json())
        except AssertionError as fault:
            raise AssertionError(f"{told}\n{answer.status_code} {answer.text[:500]}\n{fault}") from None
