"""Plays the demo through the public API. Every id follows from the project's, so playing twice changes nothing."""

from datetime import UTC, datetime, timedelta

from rapidfuzz.distance import Levenshtein

from promptlab.demo import contents, model
from promptlab.demo.events import Ids, Observed
from promptlab.demo.wire import Wire, segment
from prompts.templates import compile_prompt

USER = "daniil@example.org"
FUNCTION, EVALUATION = "run_my_custom_llm_app", "simple_evaluation"  # the tutorial's names


def play(wire: Wire, project_id: str) -> None:
    """Tell everything of `contents` to the project whose keys `wire` carries."""
    tale = _Tale(wire, Ids(project_id))
    tale.configure()
    tale.prompts()
    tale.dataset()
    for name, version, about, days_ago in contents.RUNS:
        tale.experiment(name, version, about, days_ago)
    tale.single_call()
    tale.chat()


class _Tale:
    def __init__(self, wire: Wire, ids: Ids) -> None:
        self._wire = wire
        self._ids = ids
        self._now = datetime.now(UTC)
        self._configs: dict[str, str] = {}

    def configure(self) -> None:
        """A price for the model, so that costs show, and score configs of the tutorial's three kinds."""
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
        about = {"description": "Optional description", "metadata": {"clearml_id": "CLEARML_ID"}}
        self._wire.post("v2/datasets", {"name": contents.DATASET, **about})
        for country, capital in contents.ITEMS:
            item = {"input": {"country": country}, "expectedOutput": capital}
            self._wire.post("dataset-items", {"id": self._item(country), "datasetName": contents.DATASET, **item})

    def experiment(self, name: str, version: int, about: str, days_ago: int) -> None:
        """One run over the dataset, scored by exact comparison and, as the tutorial advises, by Levenshtein."""
        path = f"datasets/{segment(contents.DATASET)}/runs/{segment(name)}"
        run = self._wire.find(path)
        if run and len(run["datasetRunItems"]) >= len(contents.ITEMS):
            return
        if run:  # an earlier play was interrupted; a second item would count as a repetition
            self._wire.delete(path)
        prompt = self._wire.get("v2/prompts/test_2", version=version)
        start = self._now - timedelta(days=days_ago)
        traces = {}
        for number, (country, capital) in enumerate(contents.ITEMS):
            seen = Observed(self._ids, self._ids.of("trace", name, country), start + timedelta(seconds=2 * number))
            messages = compile_prompt(prompt["prompt"], {"country": country})
            assert isinstance(messages, list)  # test_2 is a chat
            self._answer_one(seen, country, capital, messages, promptName="test_2", promptVersion=version)
            self._wire.ingest(seen.events)
            traces[country] = seen.trace_id
        strategy = {"prompt": f"test_2 v{version}", **model.LABEL}
        for country, trace_id in traces.items():
            item = {"runName": name, "runDescription": about, "metadata": strategy}
            self._wire.post("dataset-run-items", item | {"datasetItemId": self._item(country), "traceId": trace_id})

    def single_call(self) -> None:
        """The tutorial's first logged request."""
        prompt = self._wire.get("v2/prompts/test_1")
        messages = [{"role": "user", "content": prompt["prompt"]}]
        answer = model.answer(messages)
        seen = Observed(self._ids, self._ids.of("trace", "test_1"), self._now - timedelta(hours=3))
        seen.trace(name=FUNCTION, userId=USER, input=prompt["prompt"], output=answer.text)
        seen.generation(messages, answer, promptName="test_1", promptVersion=prompt["version"])
        self._wire.ingest(seen.events)

    def chat(self) -> None:
        """The conversation with history; its last question has no answer, so that an error can be seen too."""
        history = [contents.CHAT_SYSTEM]
        session = f"demo-chat-{self._ids.of('chat')[:8]}"
        for turn, question in enumerate(contents.CHAT):
            history = [*history, {"role": "user", "content": question}]
            start = self._now - timedelta(minutes=30 - 2 * turn)
            seen = Observed(self._ids, self._ids.of("turn", str(turn)), start)
            answer = _answer(history)
            output = answer.text if isinstance(answer, model.Answer) else None
            seen.trace(name=FUNCTION, userId=USER, sessionId=session, input=question, output=output)
            seen.generation(history, answer)
            if output is not None:
                history = [*history, {"role": "assistant", "content": output}]
                seen.score("tone", "Нейтральный", configId=self._configs["tone"])
            self._wire.ingest(seen.events)

    def _answer_one(
        self, seen: Observed, country: str, capital: str, messages: model.Messages, **prompt: str | int
    ) -> None:
        """An item of an experiment: the tutorial's function asks, its evaluation compares, and the scores say how."""
        answer = model.answer(messages)
        said, right = answer.text, capital in answer.text
        seen.trace(name="experiment", userId=USER, input={"country": country}, output=said)
        end = seen.generation(messages, answer, inside=FUNCTION, **prompt)
        after = end + timedelta(milliseconds=2)
        seen.span(FUNCTION, seen.start, after, input=messages, output=said)
        compared = {"output": said, "expected_output": capital}
        seen.span(EVALUATION, after, after + timedelta(milliseconds=1), input=compared, output=said == capital)

        seen.score("exact_match", float(said == capital))
        seen.score("similarity", round(Levenshtein.normalized_similarity(said, capital), 3))
        why = {} if right else {"comment": f"Правильно: {capital}"}
        seen.score("correct", int(right), configId=self._configs["correct"], **why)
        quality = (9 if said == capital else 7) if right else 2
        seen.score("quality", quality, configId=self._configs["quality"])

    def _item(self, country: str) -> str:
        return self._ids.of("item", country)


def _answer(messages: model.Messages) -> model.Answer | model.Unknown:
    try:
        return model.answer(messages)
    except model.Unknown as unknown:
        return unknown
