"""The inside of the sandbox: a script of its own that runs one program on item after item. `sandbox.py` starts it as
`python -I -S`; it imports nothing of PromptLab.

Lines of JSON go in and out. First in: `{"source", "memory", "seconds", "unconfined"}`; answered by `{"ready": true}` or
`{"error"}`. Then an item a line, `{input, output, metadata, tool_calls, expected_output, item_metadata, experiment}`,
answered by `{"result", "printed"}` or `{"error", "printed"}`.

Before the program is read, all modules it may use are imported, and the kernel is told to refuse every system call but
those of computing, of reading and writing what is open, and of ending (seccomp, in the mode of a filter). From then on
this process can open no file, no socket and no other process, whatever runs in it.
"""

import ctypes
import dataclasses
import importlib
import inspect
import io
import json
import os
import platform
import resource
import signal
import struct
import sys
from typing import Any

_MODULES = """
abc array ast base64 binascii bisect calendar cmath collections collections.abc contextlib copy csv datetime decimal
difflib enum fnmatch fractions functools hashlib heapq html html.parser itertools json keyword math numbers operator
pprint random re reprlib secrets statistics string struct textwrap time tokenize traceback types typing unicodedata
urllib.parse uuid xml.etree.ElementTree zlib _strptime encodings.ascii encodings.cp1251 encodings.cp866 encodings.idna
encodings.koi8_r encodings.latin_1 encodings.punycode encodings.unicode_escape encodings.utf_16 encodings.utf_32
"""
MODULES = tuple(_MODULES.split())
NAMED = ("input", "output", "metadata", "tool_calls", "expected_output", "item_metadata")
SOURCE = "<evaluator>"
MAX_PRINTED = 10_000
MAX_RESULT = 200_000
IDLE = 60.0  # seconds after which a process that is asked nothing ends by itself
FILES = 16
PROCESSOR = 120  # seconds of a whole process; an item's own time is watched from outside

# System calls that are let through, by the kernel's numbers (x86-64, arm64).
_CALLS = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
}
# machine -> (the kernel's word for it, which of the two numbers)
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 1, 38, 22, 2
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # instructions of BPF: load a word, jump if equal, return
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM


@dataclasses.dataclass
class ToolCall:
    id: str = ""
    name: str = ""
    arguments: Any = None
    type: str = ""
    index: int = 0


@dataclasses.dataclass
class ObservationContext:
    input: Any = None
    output: Any = None
    metadata: Any = None
    tool_calls: Any = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class ExperimentContext:
    item_expected_output: Any = None
    item_metadata: Any = None


@dataclasses.dataclass
class EvaluationContext:
    observation: ObservationContext
    experiment: Any = None


@dataclasses.dataclass
class Score:
    value: Any
    name: str = ""
    data_type: Any = None
    comment: Any = None
    config_id: Any = None
    metadata: Any = None


@dataclasses.dataclass
class EvaluationResult:
    scores: Any = dataclasses.field(default_factory=list)


OFFERED = (ToolCall, ObservationContext, ExperimentContext, EvaluationContext, Score, EvaluationResult)


class Bounded(io.TextIOBase):
    """Keeps the beginning of what a program prints."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        self.text += str(text)[: MAX_PRINTED - len(self.text)]
        return len(text)


class Fault(Exception):
    """What is wrong with a program, for the person who wrote it."""


def limit(memory: int) -> None:
    """What the kernel is to bound; it cannot be widened again."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, PROCESSOR),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_FSIZE, 1 << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # a system that does not know it, or a harder limit is set already
            continue


def confine() -> None:
    """Have all other system calls refused, for good. Raises OSError where the kernel cannot."""
    machine = _MACHINES.get(platform.machine()) if sys.platform == "linux" else None
    if machine is None:
        raise OSError(f"{sys.platform} on {platform.machine()} is not known here")
    architecture, column = machine
    numbers = sorted(call[column] for call in _CALLS.values())
    program = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _REFUSE), (_LOAD, 0, 0, 0)]
    for place, number in enumerate(numbers):
        program.append((_EQUAL, len(numbers) - place, 0, number))
    program += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in program))
    head = struct.pack("@HP", len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong]
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, None, 0, 0)
    for what, value, pointer in ((_PR_SET_NO_NEW_PRIVS, 1, None), (_PR_SET_SECCOMP, _FILTER, head)):
        if libc.prctl(what, value, pointer, 0, 0) != 0:
            raise OSError(os.strerror(ctypes.get_errno()))


def read(source: str) -> Any:
    """The program's function `evaluate`. Raises Fault."""
    space: dict[str, Any] = {"__name__": "evaluator", **{one.__name__: one for one in OFFERED}}
    try:
        exec(compile(source, SOURCE, "exec", dont_inherit=True), space)  # noqa: S102 - this is what the sandbox is for
    except BaseException as error:
        raise Fault(told(error)) from None
    evaluate = space.get("evaluate")
    if not callable(evaluate):
        raise Fault("It defines no function evaluate.")
    if inspect.iscoroutinefunction(evaluate):
        raise Fault("evaluate must not be async: there is nothing to wait for here.")
    return evaluate


def call(evaluate: Any, item: dict[str, Any]) -> Any:
    """What the program says of an item: by keywords where its parameters have the names, otherwise by a context."""
    parameters = inspect.signature(evaluate).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return evaluate(**{name: item.get(name) for name in NAMED})
    names = [one.name for one in parameters]
    if names and set(names) <= set(NAMED):
        return evaluate(**{name: item.get(name) for name in names})
    needed = [one.name for one in parameters if one.default is one.empty]
    if names and len(needed) <= 1:
        return evaluate(context(item))
    raise Fault(
        f"evaluate must take one context, or some of {', '.join(NAMED)}; it takes {', '.join(names) or 'none'}."
    )


def context(item: dict[str, Any]) -> EvaluationContext:
    """An item as Langfuse's code evaluators get it."""
    known = {one.name for one in dataclasses.fields(ToolCall)}
    calls = [
        ToolCall(**{name: value for name, value in one.items() if name in known}) if isinstance(one, dict) else one
        for one in (item.get("tool_calls") or [])
    ]
    observation = ObservationContext(item.get("input"), item.get("output"), item.get("metadata"), calls)
    experiment = ExperimentContext(item.get("expected_output"), item.get("item_metadata"))
    return EvaluationContext(observation, experiment if item.get("experiment") else None)


def plain(value: Any, depth: int = 0) -> Any:
    """A result as JSON can say it. Raises Fault."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth > 20:
        raise Fault("The result is nested too deeply.")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner, depth + 1) for inner in value]
    raise Fault(f"evaluate returned a {type(value).__name__}; return a number, text, true or false, a dict or a list.")


def said(value: Any) -> str:
    """A result as JSON. Raises Fault."""
    result = json.dumps(plain(value))
    if len(result) > MAX_RESULT:
        raise Fault(f"The result has {len(result)} characters; {MAX_RESULT} are allowed.")
    return result


def told(error: BaseException) -> str:
    """An exception in a sentence, with the line of the program where it rose."""
    if isinstance(error, Fault):
        return str(error)
    if isinstance(error, (ImportError, PermissionError)):
        offered = ", ".join(name for name in MODULES if not name.startswith(("_", "encodings")))
        words = f"A program here has no files and no network, and these modules only: {offered}"
        return f"{place(error)}{type(error).__name__}: {error}. {words}."
    if isinstance(error, SyntaxError):
        return f"Line {error.lineno}: {error.msg}."
    return f"{place(error)}{type(error).__name__}: {error}"[:2_000].rstrip(".: ") + "."


def place(error: BaseException) -> str:
    """`Line 3: `, the deepest one of the program."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == SOURCE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"Line {line}: " if line else ""


def main() -> None:
    """Read, confine, answer until nothing more is asked."""
    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    os.close(1)
    order = json.loads(asked.readline())
    for name in MODULES:
        importlib.import_module(name)
    limit(order["memory"])

    def answer(**fields: Any) -> None:
        answers.write(json.dumps(fields).encode() + b"\n")

    try:
        confine()
    except OSError as error:
        if not order["unconfined"]:
            answer(error=f"This server cannot confine programs: {error}.", unconfined=True)
            return
    printed = sys.stdout = sys.stderr = Bounded()
    try:
        evaluate = read(order["source"])
    except Fault as fault:
        answer(error=str(fault), printed=printed.text)
        return
    answer(ready=True)
    while True:
        signal.setitimer(signal.ITIMER_REAL, IDLE)
        line = asked.readline()
        signal.setitimer(signal.ITIMER_REAL, order["seconds"] + 5)
        if not line:
            return
        printed = sys.stdout = sys.stderr = Bounded()
        try:
            result = said(call(evaluate, json.loads(line)))
        except BaseException as error:
            answer(error=told(error), printed=printed.text)
        else:
            answer(result=result, printed=printed.text)


if __name__ == "__main__":
    main()
