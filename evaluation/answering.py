"""Asking models about the jobs of an experiment: the same question once, from the cache what is kept there."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from evaluation import extraction as extracting
from evaluation import response_cache
from evaluation.course import Course
from evaluation.extraction import NotExtracted
from evaluation.preparing import Plan, Task
from evaluation.recording import ENVIRONMENT, Answered, Event, Unasked
from evaluation.scoring.base import Subject
from evaluation.scoring.parts import tool_calls
from llm.calls import Answer, CallFailed, ChatRequest
from llm.client import NoConnection

MOST_ANSWERS_KNOWN = 5_000


class Answering:
    """Asks for an experiment, in one event loop; `tell` takes what is to be recorded."""

    def __init__(self, plan: Plan, course: Course, tell: Callable[[Event], Awaitable[None]]) -> None:
        self._plan = plan
        self._course = course
        self._tell = tell
        self._asked: dict[str, asyncio.Future[Answer | None]] = {}

    async def answer(self, task: Task) -> Subject | None:
        """Ask, and tell what came; what there is to score, None where no answer came."""
        if task.request is None:
            await self._tell(Unasked(job=task.job, kind="unfilled", message=task.job.error))
            return None
        model = self._plan.cells[task.job.cell_id].model_id
        try:
            answer, cached = await self._ask(task, task.request)
        except NoConnection as error:
            await self._course.halt(self._plan.like(task.job.cell_id), error.message)
            return None
        except CallFailed as failed:
            if self._course.strikes.out(model, failed.kind):
                await self._course.halt(self._plan.like(task.job.cell_id), failed.message)
            await self._tell(
                Answered(job=task.job, item=task.item, input=task.values.input, request=task.request, result=failed)
            )
            return None
        self._course.strikes.clear(model)
        output, note = self._extracted(answer)
        await self._tell(
            Answered(
                job=task.job,
                item=task.item,
                input=task.values.input,
                request=task.request,
                result=answer,
                cached=cached,
                key="" if cached else task.key,
                output=None if note else output,
                note=note,
            )
        )
        return self._subject(task, task.request, answer, output)

    async def _ask(self, task: Task, request: ChatRequest) -> tuple[Answer, bool]:
        """The answer, and whether it was paid for before. Raises CallFailed and NoConnection."""
        if task.kept is not None:
            return response_cache.revived(task.kept, datetime.now(UTC)), True
        if task.key in self._asked and (same := await asyncio.shield(self._asked[task.key])) is not None:
            return response_cache.revived(response_cache.told(same), datetime.now(UTC)), True
        client = self._plan.clients.named(self._plan.cells[task.job.cell_id].model.provider)
        asked: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        if task.key:
            self._remember(task.key, asked)
        answer: Answer | None = None
        try:
            answer = await client.complete(request)
        finally:
            asked.set_result(answer)
            if answer is None:
                self._asked.pop(task.key, None)
        self._course.spent += self._plan.bills.of(request, answer) or 0.0
        return answer, False

    def _remember(self, key: str, asked: "asyncio.Future[Answer | None]") -> None:
        if len(self._asked) >= MOST_ANSWERS_KNOWN:
            del self._asked[next(iter(self._asked))]
        self._asked[key] = asked

    def _extracted(self, answer: Answer) -> tuple[Any, str]:
        """The answer proper, and what is odd about it."""
        if not answer.text and answer.message.get("tool_calls"):
            return dict(answer.message), ""
        try:
            return extracting.extract(self._plan.extraction, answer.text), ""
        except NotExtracted as error:
            return "", error.message

    def _subject(self, task: Task, request: ChatRequest, answer: Answer, output: Any) -> Subject:
        values = task.values
        return Subject(
            trace_id=task.job.trace_id,
            environment=ENVIRONMENT,
            input=values.input,
            output=output,
            tool_calls=tool_calls(output),
            expected_output=values.expected_output,
            item_metadata=values.metadata,
            latency=answer.latency,
            cost=self._plan.bills.of(request, answer),
        )
