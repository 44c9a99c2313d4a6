"""Plays the demo through the public API. Every id follows from the project's, so playing twice changes nothing."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from rapidfuzz.distance import Levenshtein

from promptlab.demo import contents, model
from promptlab.demo.wire import Wire, segment
from prompts.templates import compile_prompt

USER = "daniil@example.org"
RELEASE = "demo"


def play(wire: Wire, project_id: str) -> None:
    """Tell everything of `contents` to the project whose keys `wire` carries."""
    tale = _Tale(wire, uuid.uuid5(uuid.NAMESPACE_URL, f"promptlab:demo:{project_id}"), datetime.now(UTC))
    tale.configure()
    tale.prompts()
    tale.dataset()
    for name, version, about, days_ago in contents.RUNS:
        tale.experiment(name, version, about, days_ago)
    tale.single_call()
    tale.chat()


class _Tale:
    def __init__(self, wire: Wire, namespace: uuid.UUID, now: datetime) -> None:
        self._wire = wire
        self._namespace = namespace
        self._now = now
        self._configs: dict[str, str] = {}

    def configure(self) -> None:
        """A price for the model, so that costs show, and the score configs of the tutorial's three kinds."""
        known = self._wire.get("models", limit=100)["data"]
        if not any(one["modelName"] == model.NAME for one in known):
            prices = {"inputPrice": 0.0000005, "outputPrice": 0.0000015, "unit": "TOKENS"}
            self._wire.post("models", {"modelName": model.NAME, "matchPattern": f"(?i)^{model.NAME}$"} | prices)
        existing = {one["name"]: one["id"] for one in self._wire.get("score-configs", limit=100)["data"]}
        for config in contents.SCORE_CONFIGS:
            name = config["name"]
            self._configs[name] = existing.get(name) or self._wire.post("score-configs", config)["id"]

    def prompts(self) -> None:
        versions: dict[str, int] = {}
        for prompt in contents.PROMPTS:
            name = prompt["name"]
            versions[name] = versions.get(name, 0) + 1
            if self._wire.find(f"v2/prompts/{segment(name)}", version=versions[name]) is None:
                self._wire.post("v2/prompts", prompt)

    def dataset(self) -> None:
        about = {
            "name": contents.DATASET,
            "description": "Optional description",
            "metadata": {"clearml_id": "CLEARML_ID"},
        }
        self._wire.post("v2/datasets", about)
        for country, capital in contents.ITEMS:
            item = {"input": {"country": country}, "expectedOutput": capital}
            self._wire.post("dataset-items", {"id": self._id("item", country), "datasetName": contents.DATASET, **item})

    def experiment(self, name: str, version: int, about: str, days_ago: int) -> None:
        """One run over the dataset, scored by exact comparison and, as the tutorial advises, by Levenshtein."""
        path = f"datasets/{segment(contents.DATASET)}/runs/{segment(name)}"
        run = self._wire.find(path)
        if run and len(run["datasetRunItems"]) >= len(contents.ITEMS):
            return
        if run:  # an earlier play was interrupted; a second item would count as a repetition
            self._wire.delete(path)
        prompt = self._wire.get("v2/prompts/test_2", version=version)
        at = self._now - timedelta(days=days_ago)
        events: list[dict[str, Any]] = []
        for number, (country, capital) in enumerate(contents.ITEMS):
            trace_id = self._id("trace", name, country)
            asked = {"country": country}
            messages = compile_prompt(prompt["prompt"], asked)
            start = at + timedelta(seconds=2 * number)
            output = self._call(
                events, trace_id, {"country": country}, messages, start, prompt=prompt, name="experiment"
            )
            assert output is not None
            scores = {
                "exact_match": float(output == capital),
                "similarity": round(Levenshtein.normalized_similarity(output, capital), 3),
            }
            events += [self._score(trace_id, score, value, start) for score, value in scores.items()]
            right = capital in output
            events += [
                self._score(trace_id, "correct", int(right), start, comment="" if right else f"Правильно: {capital}"),
                self._score(trace_id, "quality", (9 if output == capital else 7) if right else 2, start),
            ]
        self._wire.ingest(events)
        for country, _ in contents.ITEMS:
            link = {"datasetItemId": self._id("item", country), "traceId": self._id("trace", name, country)}
            strategy = {"prompt": f"test_2 v{version}", **model.LABEL}
            self._wire.post(
                "dataset-run-items", {"runName": name, "runDescription": about, "metadata": strategy, **link}
            )

    def single_call(self) -> None:
        """The tutorial's first logged request."""
        prompt = self._wire.get("v2/prompts/test_1")
        messages = [{"role": "user", "content": prompt["prompt"]}]
        events: list[dict[str, Any]] = []
        trace_id = self._id("trace", "test_1")
        self._call(events, trace_id, prompt["prompt"], messages, self._now - timedelta(hours=3), prompt=prompt)
        self._wire.ingest(events)

    def chat(self) -> None:
        """The conversation with history; its last question has no answer, so that an error can be seen too."""
        events: list[dict[str, Any]] = []
        history = [contents.CHAT_SYSTEM]
        session = f"demo-chat-{self._id('chat')[:8]}"
        for turn, question in enumerate(contents.CHAT):
            history = [*history, {"role": "user", "content": question}]
            trace_id, start = self._id("turn", str(turn)), self._now - timedelta(minutes=30 - 2 * turn)
            output = self._call(events, trace_id, question, history, start, session=session)
            if output is not None:
                history = [*history, {"role": "assistant", "content": output}]
                events.append(self._score(trace_id, "tone", "Нейтральный", start))
        self._wire.ingest(events)

    def _call(
        self,
        events: list[dict[str, Any]],
        trace_id: str,
        given: Any,
        messages: model.Messages,
        start: datetime,
        *,
        prompt: dict[str, Any] | None = None,
        session: str | None = None,
        name: str = "run_my_custom_llm_app",
    ) -> str | None:
        """One call of the model as a trace with a generation. Gives back what it said, None for an error."""
        generation: dict[str, Any] = {
            "id": self._id("generation", trace_id),
            "traceId": trace_id,
            "name": model.NAME,
            "model": model.NAME,
            "modelParameters": {"temperature": 0},
            "input": messages,
            "metadata": model.LABEL,
            "startTime": _stamp(start + timedelta(milliseconds=4)),
        }
        if prompt:
            generation |= {"promptName": prompt["name"], "promptVersion": prompt["version"]}
        said: str | None = None
        try:
            answer = model.answer(messages)
        except model.Unknown as unknown:
            end = start + timedelta(seconds=1.2)
            generation |= {"level": "ERROR", "statusMessage": str(unknown), "endTime": _stamp(end)}
        else:
            said, end = answer.text, start + timedelta(seconds=answer.seconds)
            usage = {"input": answer.input_tokens, "output": answer.output_tokens}
            generation |= {"output": said, "usageDetails": usage, "endTime": _stamp(end)}
        trace = {
            "id": trace_id,
            "name": name,
            "input": given,
            "output": said,
            "timestamp": _stamp(start),
            "userId": USER,
            "sessionId": session,
            "release": RELEASE,
            "tags": ["demo", "capitals"],
            "metadata": model.LABEL,
        }
        events += [self._event("trace-create", trace, start), self._event("generation-create", generation, end)]
        return said

    def _score(self, trace_id: str, name: str, value: float | str, at: datetime, comment: str = "") -> dict[str, Any]:
        body = {"id": self._id("score", trace_id, name), "traceId": trace_id, "name": name, "value": value}
        if name in self._configs:
            body["configId"] = self._configs[name]
        if comment:
            body["comment"] = comment
        return self._event("score-create", body, at)

    def _event(self, kind: str, body: dict[str, Any], at: datetime) -> dict[str, Any]:
        return {"id": self._id("event", kind, body["id"]), "type": kind, "timestamp": _stamp(at), "body": body}

    def _id(self, *parts: str) -> str:
        return str(uuid.uuid5(self._namespace, "\n".join(parts)))


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
