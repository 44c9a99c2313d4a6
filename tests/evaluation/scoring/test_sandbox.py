"""Programs that score: what they get, what they may return, and what they cannot do to the server they run on."""

import os
import signal
import time
from typing import Any

import pytest

from evaluation.definitions import Code
from evaluation.scoring import sandbox
from evaluation.scoring.base import ScoringFailed, Subject
from evaluation.scoring.results import outcomes

SUBJECT = Subject(
    trace_id="t",
    input={"question": "Столица?"},
    output="Рим",
    metadata={"k": 1},
    tool_calls=[{"id": "1", "name": "search", "arguments": {"q": "x"}}],
    expected_output="Рим",
    item_metadata={"level": 2},
)


def ran(source: str, subject: Subject = SUBJECT, project: str = "p") -> sandbox.Ran:
    return sandbox.run(project, Code(source_code=source, language="PYTHON"), subject)


def inside(expression: str) -> Any:
    """What an expression is in the sandbox."""
    return ran(f"import os, sys\ndef evaluate(ctx):\n    return {expression}").result


def test_a_program_gets_what_it_names_or_one_context_as_in_langfuse() -> None:
    named = ran("def evaluate(output, expected_output, item_metadata, **_):\n    return output == expected_output")
    assert [(one.data_type, one.value) for one in outcomes(named.result)] == [("BOOLEAN", 1.0)]
    contract = """
from dataclasses import dataclass
def evaluate(ctx: EvaluationContext) -> EvaluationResult:
    print("checked", ctx.observation.input["question"])
    name = ctx.observation.tool_calls[0].name
    level = ctx.experiment.item_metadata["level"]
    return EvaluationResult(scores=[
        Score(name="tool", value=name, data_type="CATEGORICAL", comment="called"),
        Score(name="level", value=level, data_type="NUMERIC"),
    ])
"""
    told = ran(contract)
    assert told.printed == "checked Столица?\n"
    assert [(one.name, one.value, one.reasoning) for one in outcomes(told.result)] == [
        ("tool", "search", "called"),
        ("level", 2.0, ""),
    ]
    assert ran("def evaluate(ctx): return ctx.experiment is None", Subject(trace_id="t", output="x")).result is True


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (0.5, [("NUMERIC", 0.5)]),
        (True, [("BOOLEAN", 1.0)]),
        ("good", [("CATEGORICAL", "good")]),
        (None, []),
        ({"value": 1, "data_type": "BOOLEAN"}, [("BOOLEAN", 1.0)]),
        ([1, {"name": "x", "value": "y"}], [("NUMERIC", 1.0), ("CATEGORICAL", "y")]),
    ],
)
def test_what_a_program_may_return(result: Any, told: list[Any]) -> None:
    assert [(one.data_type, one.value) for one in outcomes(result)] == told


@pytest.mark.parametrize(
    "result",
    [float("nan"), 10**400, {"name": "x"}, {"value": [1]}, {"value": "a", "data_type": "NUMERIC"}, [0] * 51,
     {"value": 1, "data_type": "SCALE"}, {"value": 1, "name": "n" * 201}, [[1]]],
)  # fmt: skip
def test_what_is_no_score_is_refused(result: Any) -> None:
    with pytest.raises(ScoringFailed):
        outcomes(result)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def evaluate(output):\n    x = 1\n    return x / 0", "Line 3: ZeroDivisionError: division by zero."),
        ("def evaluate(:\n    return 1", "Line 1: invalid syntax."),
        ("score = 1", "defines no function evaluate"),
        ("async def evaluate(ctx): return 1", "must not be async"),
        ("def evaluate(a, b): return 1", "must take one context"),
        ("def evaluate(ctx): return object()", "returned a object"),
        ("def evaluate(ctx): return 'x' * 300_000", "300002 characters"),
        ("def evaluate(ctx): return 'x' * (1 << 30)", "Line 1: MemoryError."),
        ("import os\ndef evaluate(ctx): os.write(3, b'y' * 3_000_000)", "more than 2097152 bytes"),
        ("import os\ndef evaluate(ctx): os.write(3, b'7\\n'); return 1", "closed, or wrote to"),
        ("import os\ndef evaluate(ctx): os._exit(0)", "without an answer"),
        ("import ctypes\ndef evaluate(ctx): ctypes.string_at(0)", "without an answer"),
        ("import numpy\ndef evaluate(ctx): return 1", "No module named 'numpy'"),
    ],
)
def test_a_program_that_breaks_says_why(source: str, told: str) -> None:
    with pytest.raises(ScoringFailed) as failed:
        ran(source)
    assert told in failed.value.message


# Each must raise, or give what is no success.
ATTEMPTS = (
    "open('/etc/passwd').read()",
    "open('left', 'w')",
    "os.listdir('/')",
    "os.stat('/etc')",
    "open(f'/proc/{os.getppid()}/environ').read()",
    "os.kill(1, 0) is None",
    "os.fork()",
    "os.system('true') == 0",
    "os.execv('/bin/sh', ['sh'])",
    "os.unlink('/tmp/x')",
    "__import__('socket')",
    "__import__('ctypes').CDLL(None).socket(2, 1, 0) >= 0",
    "__import__('ctypes').CDLL(None).open(b'/proc/self/environ', 0) >= 0",
    "__import__('ctypes').CDLL(None).ptrace(16, os.getpid(), 0, 0) >= 0",
    "__import__('ctypes').CDLL(None).syscall(0x40000000 + 2, b'/etc/passwd', 0) >= 0",  # open, by the x32 ABI
    "__import__('signal').signal(15, __import__('signal').SIG_IGN) is not None",
    "__import__('resource').setrlimit(9, (-1, -1)) is None",
    "__import__('threading').Thread(target=print).start() is None",
)


def test_a_program_reaches_neither_files_nor_processes_nor_the_network() -> None:
    program = f"""
import os
def evaluate(ctx):
    done = []
    for attempt in {ATTEMPTS!r}:
        try:
            if eval(attempt):
                done.append(attempt)
        except Exception:
            pass
    return done
"""
    assert ran(program).result == []
    with pytest.raises(ScoringFailed, match="no files and no network"):
        inside("open('/etc/passwd').read()")


def test_a_program_sees_no_environment_and_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hidden-from-programs")
    assert "hidden" not in inside("str(dict(os.environ))")
    ours = inside("[name for name in sys.modules if name.split('.')[0] in ('django', 'evaluation', 'promptlab')]")
    assert ours == []


def test_a_program_that_takes_too_long_is_ended_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 0.3)
    for endless in ("while True: pass", "import time; time.sleep(60)"):
        started = time.monotonic()
        with pytest.raises(ScoringFailed, match="longer than 0"):
            ran(f"def evaluate(ctx):\n    {endless}")
        assert time.monotonic() - started < 5
        assert ran("def evaluate(ctx): return 1").result == 1


def test_one_process_serves_many_items_but_never_two_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MOST_PROCESSES", 1)
    monkeypatch.setattr(sandbox, "_threads", sandbox.cache(sandbox._threads.__wrapped__))
    monkeypatch.setattr(sandbox, "MOST_ITEMS", 3)
    counting = "import os\nseen = []\ndef evaluate(ctx):\n    seen.append(1)\n    return [len(seen), os.getpid()]"
    counts = [ran(counting).result[0] for _ in range(4)]
    assert counts == [1, 2, 3, 1]
    count, process = ran(counting, project="other").result
    assert count == 1
    # A process that ended of itself (of idleness, or of its share of processor time) is replaced unnoticed.
    os.kill(process, signal.SIGALRM)
    assert ran(counting, project="other").result[0] == 1


def test_where_nothing_confines_programs_they_do_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, settings: Any
) -> None:
    elsewhere = tmp_path / "confined.py"
    elsewhere.write_text(sandbox.INSIDE.read_text().replace('"x86_64": (', '"other": (').replace("aarch64", "none"))
    monkeypatch.setattr(sandbox, "INSIDE", elsewhere)
    program = "# elsewhere\ndef evaluate(ctx): return 1"
    with pytest.raises(ScoringFailed, match=r"cannot confine programs.*PROMPTLAB_UNCONFINED_CODE"):
        ran(program)
    settings.UNCONFINED_CODE = True
    assert ran(program).result == 1
