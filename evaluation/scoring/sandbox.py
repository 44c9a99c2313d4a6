"""Code evaluators: a program runs in a process of its own that can do nothing but compute (`confined.py`; what this
protects against stands in docs/evaluators.md).

A process serves many items of one project, one after the other, because starting one costs more than most programs. It
is thrown away when an item takes too long, when it has served many, and by itself when nobody asks it anything for a
minute. Programs of two projects never meet in one, even where they are the same to the letter.
"""

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from evaluation.definitions import Code
from evaluation.scoring.base import Outcome, ScoringFailed, Subject
from evaluation.scoring.results import outcomes

SECONDS = 10.0  # an item may take, by the clock
ENDING = 0.2  # it may take to end, once it has closed what it answers by
STARTING = 20.0  # the process may take until it is ready, the program's own beginning included
MEMORY = 512 << 20  # bytes of address space
MOST_ITEMS = 500  # that one process serves
MOST_PROCESSES = 4  # at once, in each of PromptLab's own processes
MAX_ITEM = 10 << 20  # bytes of JSON
MAX_ANSWER = 2 << 20
INSIDE = Path(__file__).with_name("confined.py")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program returned, as JSON, and what it printed."""

    result: Any
    printed: str = ""


class ProgramFailed(ScoringFailed):
    """The program broke, or took too much; `printed` is what it said until then."""

    def __init__(self, message: str, printed: str = "", *, retryable: bool = False) -> None:
        super().__init__(message, retryable=retryable)
        self.printed = printed


async def score_by_code(project_id: str, definition: Code, subject: Subject) -> list[Outcome]:
    """The program's scores of the subject. Raises ScoringFailed."""
    return outcomes((await run_beside(project_id, definition, subject)).result)


async def run_beside(project_id: str, definition: Code, subject: Subject) -> Ran:
    """What the program returns, without holding up the event loop. Raises ProgramFailed."""
    threads = _threads(os.getpid())
    return await asyncio.get_running_loop().run_in_executor(threads, _run, project_id, definition, subject)


def run(project_id: str, definition: Code, subject: Subject) -> Ran:
    """What the program returns for the subject, and prints. Raises ProgramFailed."""
    return _threads(os.getpid()).submit(_run, project_id, definition, subject).result()


def _run(project_id: str, definition: Code, subject: Subject) -> Ran:
    """In a thread of the sandbox. Each keeps its last process: who runs the same program again finds it ready."""
    if definition.language != "PYTHON":
        raise ProgramFailed(f"PromptLab runs programs in Python; this one is written in {definition.language}.")
    item = json.dumps(payload(subject)).encode() + b"\n"
    if len(item) > MAX_ITEM:
        raise ProgramFailed(f"The item has {len(item)} bytes of JSON; programs get at most {MAX_ITEM}.")
    kept: _Process | None = getattr(_local, "process", None)
    if kept is not None and kept.serves(project_id, definition.source_code):
        # It may have ended since, of idleness or at the end of its processor time: that is nobody's fault.
        with contextlib.suppress(_Gone):
            return _read(kept.ask(item))
    if kept is not None:
        kept.end()
        _local.process = None
    _local.process = _Process(project_id, definition.source_code)
    try:
        return _read(_local.process.ask(item))
    except _Gone as gone:
        raise ProgramFailed(str(gone)) from None


def payload(subject: Subject) -> dict[str, Any]:
    """The item as programs get it, by the names of `confined.NAMED`."""
    return {
        "input": subject.input,
        "output": subject.output,
        "metadata": subject.metadata,
        "tool_calls": subject.tool_calls,
        "expected_output": subject.expected_output,
        "item_metadata": subject.item_metadata,
        "experiment": subject.expected_output is not None or subject.item_metadata is not None,
    }


class _Gone(Exception):
    """The process ended before it answered; the sentence says why."""


class _Process:
    """A sandbox with one program in it. Making one raises ProgramFailed."""

    def __init__(self, project_id: str, source: str) -> None:
        self._program = (project_id, source)
        self._served = 0
        self._rest = b""
        self._folder = tempfile.TemporaryDirectory(prefix="promptlab-code-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(  # noqa: S603 - our own script; what it runs it confines first
            [sys.executable, "-I", "-S", "-B", str(INSIDE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd=self._folder.name,
            start_new_session=True,
            bufsize=0,
        )
        self.end = weakref.finalize(self, _end, self._process, self._folder)
        order = {"source": source, "memory": MEMORY, "seconds": SECONDS, "unconfined": settings.UNCONFINED_CODE}
        try:
            answer = self._exchange(json.dumps(order).encode() + b"\n", STARTING)
        except _Gone as gone:
            raise ProgramFailed(str(gone)) from None
        if "error" in answer:
            self.end()
            hint = " Whoever runs it may allow that by PROMPTLAB_UNCONFINED_CODE." if answer.get("unconfined") else ""
            raise ProgramFailed(f"{answer['error']}{hint}", answer.get("printed", ""))

    def serves(self, project_id: str, source: str) -> bool:
        """Whether it is this program's, and still good for an item."""
        return self._program == (project_id, source) and self._served < MOST_ITEMS and self._process.poll() is None

    def ask(self, item: bytes) -> Mapping[str, Any]:
        """The answer to an item. Raises _Gone, and ProgramFailed for one that took too long."""
        self._served += 1
        return self._exchange(item, SECONDS)

    def _exchange(self, line: bytes, seconds: float) -> Mapping[str, Any]:
        deadline = time.monotonic() + seconds
        try:
            self._write(line, deadline)
            answer = self._read_line(deadline)
        except TimeoutError:
            self.end()
            raise ProgramFailed(f"The program took longer than {seconds:g} seconds.") from None
        except OSError:
            answer = b""
        except OverflowError:
            self.end()
            raise ProgramFailed(f"The program's answer has more than {MAX_ANSWER} bytes.") from None
        try:
            told = json.loads(answer) if answer else None
        except ValueError:
            told = None
        if not isinstance(told, dict):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(ENDING)
            why = _why(self._process.returncode)
            self.end()
            raise _Gone(why)
        return told

    def _write(self, line: bytes, deadline: float) -> None:
        assert self._process.stdin is not None
        descriptor = self._process.stdin.fileno()
        os.set_blocking(descriptor, False)
        rest = memoryview(line)
        while rest:
            self._wait(deadline, writing=descriptor)
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(descriptor, rest) :]

    def _read_line(self, deadline: float) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            if len(self._rest) > MAX_ANSWER:
                raise OverflowError
            self._wait(deadline, reading=descriptor)
            piece = os.read(descriptor, 1 << 16)
            if not piece:
                return b""
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _wait(self, deadline: float, *, reading: int | None = None, writing: int | None = None) -> None:
        poll = select.poll()
        if reading is not None:
            poll.register(reading, select.POLLIN)
        if writing is not None:
            poll.register(writing, select.POLLOUT)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError


def _end(process: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    """Kill it with everything it started."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()
    folder.cleanup()


_local = threading.local()


@cache
def _threads(_process_id: int) -> ThreadPoolExecutor:
    """Threads of their own, so that who waits for a program holds up nothing else; anew in a forked process."""
    return ThreadPoolExecutor(MOST_PROCESSES, thread_name_prefix="sandbox")


def _read(answer: Mapping[str, Any]) -> Ran:
    printed = str(answer.get("printed", ""))
    if "error" in answer:
        raise ProgramFailed(f"The program failed. {answer['error']}", printed)
    try:
        return Ran(json.loads(answer["result"]), printed)
    except (KeyError, TypeError, ValueError):
        raise ProgramFailed("The program's answer cannot be read.", printed) from None


def _why(code: int | None) -> str:
    if code is None:
        return "The program closed, or wrote to, what its answers go through."
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "The program was ended: it used too much processor time or memory."
    if code == -signal.SIGALRM:
        return "The program was ended: it took too long."
    return "The program ended its process without an answer."
