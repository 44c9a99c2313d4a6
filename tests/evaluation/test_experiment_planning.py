"""Planning experiments: what is refused, what is pinned, what it will take; and what of an answer counts."""

import hashlib
import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.authors import Author
from accounts.models import AuditEntry, User
from common.errors import DomainError, Invalid
from datasets.items import ItemChange, put_items
from datasets.jsontext import to_text, to_value
from datasets.models import Dataset, DatasetItem
from evaluation import evaluators, steering
from evaluation.asking import ItemValues, Template
from evaluation.definitions import Judge, Output
from evaluation.estimating import estimate
from evaluation.experiment_draft import Draft, EvaluatorChoice, ItemFilter, ModelChoice, PromptChoice
from evaluation.extraction import Extraction, NotExtracted, extract
from evaluation.extraction import checked as checked_extraction
from evaluation.manifest import manifest
from evaluation.mapping import Mapped
from evaluation.models.experiments import Cell, Experiment, Job
from evaluation.planning import plan
from evaluation.playground.state import Column, Message
from llm.models import LlmConnection
from tests.conftest import Api, Keys
from tests.evaluation.plans import MODEL, NOBODY, capitals, connect, draft, exact, planned, prompt

pytestmark = pytest.mark.django_db


@pytest.fixture
def good(project: Keys, api: Api) -> Draft:
    """A draft that can be planned."""
    dataset, _items = capitals(project, 6)
    prompt(api)
    return draft(dataset, connect(project, "https://models.example.com/v1"), chosen=[exact(project)])


def test_what_cannot_be_run_is_refused_with_its_field(
    project: Keys, other_project: Keys, api: Api, good: Draft
) -> None:
    prompt(api, "stranger", "{{country}} and {{ruler}}")
    theirs = connect(other_project, "https://models.example.com/v1")
    mine = good.models[0]
    wrong: list[tuple[str, Draft]] = [
        ("name", replace(good, name=" ")),
        ("prompts", replace(good, prompts=[])),
        ("prompts[0]", replace(good, prompts=[PromptChoice(name="nobody")])),
        ("prompts[0]", replace(good, prompts=[PromptChoice(name="capital", version=9)])),
        ("prompts[1]", replace(good, prompts=[PromptChoice(name="capital"), PromptChoice(name="capital", version=1)])),
        ("mapping", replace(good, prompts=[PromptChoice(name="stranger")])),
        ("mapping[0].variable", replace(good, mapping=[Mapped("ruler", "metadata", "$.ruler")])),
        ("mapping[0].json_path", replace(good, mapping=[Mapped("country", "input", "country")])),
        ("mapping[0].source", replace(good, mapping=[Mapped("country", "output")])),
        ("models", replace(good, models=[])),
        ("models[0].connection_id", replace(good, models=[replace(mine, connection_id=theirs.pk)])),
        ("models[1]", replace(good, models=[mine, mine])),
        ("models[0].parameters", replace(good, models=[replace(mine, parameters={"temperature": float("nan")})])),
        ("models[0].parameters", replace(good, models=[replace(mine, parameters={"stream": True})])),
        ("items", replace(good, items=ItemFilter(metadata={"continent": "Atlantis"}))),
        ("items", replace(good, version_at=timezone.now() - timedelta(days=1))),
        ("version_at", replace(good, version_at=timezone.now() + timedelta(days=1))),
        ("repetitions", replace(good, repetitions=0)),
        ("concurrency", replace(good, concurrency=0)),
        ("cost_cap", replace(good, cost_cap=float("nan"))),
        ("extraction", replace(good, extraction=Extraction("regex", "(("))),
        ("evaluators[1]", replace(good, evaluators=[*good.evaluators, *good.evaluators])),
        ("evaluators[0]", replace(good, evaluators=[replace(good.evaluators[0], version=7)])),
    ]
    for field, tried in wrong:
        with pytest.raises(DomainError) as refused:
            planned(project, tried)
        assert refused.value.field == field, (field, refused.value.message)
    assert not Experiment.objects.exists()


def test_a_plan_pins_everything_and_interleaves_its_cells(project: Keys, api: Api, good: Draft, alice: User) -> None:
    prompt(api, "inner", "in one word")
    prompt(api, "nested", "{{country}}? @@@langfusePrompt:name=inner|label=production@@@")
    wanted = replace(
        good,
        prompts=[PromptChoice(name="capital", strategy="zero-shot"), PromptChoice(name="nested")],
        models=[
            *good.models,
            ModelChoice(connection_id=good.models[0].connection_id, model="m", parameters={"seed": 7}, name="Seven"),
        ],
        repetitions=2,
        items=ItemFilter(metadata={"continent": "Europe"}),
        run_names={(0, 1): "  mine  "},
    )
    experiment = planned(project, wanted, alice)
    prompt(api, "inner", "changed")
    put_items(experiment.dataset, [ItemChange(id="c1", input={"country": "changed"})])

    cells = list(Cell.objects.filter(experiment=experiment).order_by("position"))
    assert [cell.run_name for cell in cells] == [
        "Try · zero-shot · gpt-4o-mini", "mine", "Try · nested v1 · gpt-4o-mini", "Try · nested v1 · Seven",
    ]  # fmt: skip
    jobs = list(Job.objects.filter(experiment=experiment).order_by("pk").select_related("item"))
    assert len(jobs) == 24 and [job.repetition for job in jobs] == [0] * 12 + [1] * 12
    assert [job.cell_id for job in jobs[:4]] == [cell.pk for cell in cells]
    assert {json.loads(job.item.metadata or "")["continent"] for job in jobs} == {"Europe"}
    assert "changed" not in {json.loads(job.item.input or "")["country"] for job in jobs}
    told = manifest(experiment)
    assert told["prompts"][1]["content"] == "{{country}}? in one word" and len(told["prompts"][1]["sha256"]) == 64
    assert told["models"][1]["parameters"] == {"seed": 7} and told["evaluators"][0]["version"] == 1
    assert told["dataset"]["items"] == 3 and json.loads(json.dumps(told)) == told
    digest = told["dataset"]["items_sha256"]
    again = planned(project, replace(wanted, run_names={}))
    assert manifest(again)["dataset"]["items_sha256"] != digest  # an item has changed since
    assert Cell.objects.filter(experiment=again).first().run_name == "Try · zero-shot · gpt-4o-mini (2)"  # type: ignore[union-attr]
    with pytest.raises(Invalid):
        planned(project, wanted)  # "mine" is taken
    assert AuditEntry.objects.filter(subject_type="experiment", action="create").count() == 2


def test_an_estimate_tells_calls_tokens_and_cost(project: Keys, api: Api, good: Draft) -> None:
    told = estimate(project.id, replace(good, repetitions=3))
    assert (told.items, told.calls, told.cached, told.judge_calls) == (6, 18, 0, 0)
    [cell] = told.cells
    assert cell.basis == "expected" and 18 * 10 < told.input_tokens < 18 * 40 and told.cost > 0
    assert told.cost_by_model == {MODEL: pytest.approx(told.cost)} and told.seconds > 0 and told.unpriced == []
    unknown = replace(good, models=[replace(good.models[0], model="nobody-knows", parameters={"max_tokens": 2})])
    told = estimate(project.id, unknown)
    assert (
        told.unpriced == ["nobody-knows"] and told.output_tokens == 12 and told.cost_by_model == {"nobody-knows": None}
    )


def test_an_estimate_prices_judges_by_their_own_model(project: Keys, api: Api, good: Draft) -> None:
    asked = LlmConnection.objects.get(project_id=project.id)
    LlmConnection.objects.create(
        project_id=project.id,
        provider="bench",
        base_url="https://models.example.com/v1",
        custom_models=["tiny-judge"],
        prices={"currency": "USD", "per_dollar": 1, "models": {"tiny-judge": {"input": 1_000_000, "output": 0}}},
    )
    long, short = (
        Judge(
            messages=[("user", text)],
            output=Output(data_type="NUMERIC", min_value=0, max_value=5),
            mapping=[Mapped("answer", "output"), Mapped("right", "expected_output")],
            provider="bench",
        )
        for text in ("Grade {{answer}} by {{right}}. " + "Think well. " * 100, "Grade {{answer}} by {{right}}.")
    )
    chosen = [
        EvaluatorChoice(
            evaluator_id=evaluators.create(project.id, evaluators.Draft(name=name, definition=one), NOBODY).pk
        )
        for name, one in (("long", long), ("short", short))
    ]
    alone = estimate(project.id, replace(good, repetitions=2))
    told = estimate(project.id, replace(good, repetitions=2, evaluators=chosen))
    [first, second] = told.judges
    # A dollar a token: the sum is the number of tokens that go in.
    assert (first.calls, first.model, told.judge_calls) == (12, "tiny-judge", 24)
    assert first.cost == first.input_tokens and 12 * 300 <= first.input_tokens - second.input_tokens <= 12 * 400
    assert told.judge_cost == pytest.approx(told.cost - alone.cost) and told.seconds > alone.seconds
    assert told.input_tokens == alone.input_tokens + first.input_tokens + second.input_tokens
    LlmConnection.objects.exclude(pk=asked.pk).update(prices=None)
    told = estimate(project.id, replace(good, evaluators=chosen))
    assert told.judge_cost is None and told.unpriced == ["tiny-judge"] and told.is_priced


def test_items_shown_as_examples_are_never_asked(project: Keys, api: Api, good: Draft) -> None:
    put_items(_dataset(good), [
        ItemChange(id=f"shot{n}", input={"country": f"S{n}"}, expected_output="x", metadata={"split": "few-shot"})
        for n in range(3)
    ])  # fmt: skip
    tag = "@@@promptlabExamples:dataset=Capitals|split=few-shot|k=2|pick=similar@@@"
    prompt(api, "shots", f"{tag}\n{{{{country}}}}?")
    experiment = planned(project, replace(good, prompts=[*good.prompts, PromptChoice(name="shots")]))
    asked = set(Job.objects.filter(experiment=experiment).values_list("item__item_id", flat=True))
    assert asked == {f"c{n}" for n in range(6)}
    assert estimate(project.id, replace(good, prompts=[PromptChoice(name="shots")])).left_out == 3
    kept = experiment.prompts.get(position=1).content
    assert "at=" in kept and "pick=similar" in kept


@pytest.mark.parametrize("pick", ["first", "similar"])
def test_what_looks_like_a_variable_in_an_example_is_text(project: Keys, api: Api, good: Draft, pick: str) -> None:
    shot: dict[str, Any] = {"input": {"country": "{{country}} and {{other}}"}, "expected_output": "{{no}}"}
    put_items(_dataset(good), [ItemChange(id="shot", **shot, metadata={"split": "few-shot"})])
    tag = f"@@@promptlabExamples:dataset=Capitals|split=few-shot|pick={pick}@@@"
    prompt(api, "text", f"{tag}\n{{{{country}}}}?")
    turns = [("system", "Of {{country}}:"), ("user", tag), ("user", f"{tag}, {{{{country}}}}?")]
    prompt(api, "chat", [{"role": role, "content": text} for role, text in turns])
    shots = [PromptChoice(name="text"), PromptChoice(name="chat")]
    experiment = planned(project, replace(good, prompts=shots))

    text, chat = [
        Template(project.id, to_value(arm.content), ()).messages(ItemValues({"country": "Chad"}, None, None))
        for arm in experiment.prompts.all()
    ]
    shown = "Input: {{country}} and {{other}}\nOutput: {{no}}"
    assert [one["content"] for one in text] == [f"{shown}\nChad?"]
    assert [one["content"] for one in chat] == [
        "Of Chad:", "{{country}} and {{other}}", "{{no}}", f"{shown}, Chad?"
    ]  # fmt: skip
    told = manifest(experiment)["prompts"]
    assert told[0]["sha256"] == hashlib.sha256(to_text(told[0]["content"]).encode()).hexdigest()
    column = Column(model="m", kind="text", messages=[Message(role="user", content=f"{tag}\n{{{{country}}}}?")])
    assert column.request(project.id, {"country": "Chad"}).messages == text


def test_plain_texts_and_mapped_parts_fill_variables(project: Keys, api: Api, good: Draft) -> None:
    dataset = _dataset(good)
    DatasetItem.objects.filter(dataset=dataset).delete()
    put_items(dataset, [ItemChange(id="plain", input="Italy", metadata={"hints": [{"text": "boot"}]})])
    planned(project, replace(good, evaluators=[]))
    prompt(api, "hinted", "{{country}}, {{hint}}")
    mapped = [Mapped("country", "input"), Mapped("hint", "metadata", "$.hints[0].text")]
    planned(project, replace(good, prompts=[PromptChoice(name="hinted")], mapping=mapped, evaluators=[]))


@pytest.mark.parametrize(
    ("kind", "argument", "text", "found"),
    [
        ("whole", "", " Рим.\n", " Рим.\n"),
        ("last_line", "", "Думаю…\n\nРим \n", "Рим"),
        ("after_if_any", "Answer:", "Думаю…\nanswer: Рим\n", "Рим"),
        ("after_if_any", "Answer:", "Рим", "Рим"),
        ("after", "ответ:", "Ответ: Милан? Нет. ОТВЕТ: Рим", "Рим"),
        ("regex", r"Ответ: (\w+)", "Ответ: Милан. Ответ: Рим.", "Рим"),
        ("regex", r"[\w-]+$", "это Нью-Дели", "Нью-Дели"),
        ("json_path", "$.answer", 'So:\n```json\n{"answer": "Rome", "n": [1]}\n```', "Rome"),
        ("json_path", "$.n", '{"n": [1, 2]} {"n": 3}', 3),
    ],
)
def test_the_answer_is_found_in_what_a_model_says(kind: str, argument: str, text: str, found: Any) -> None:
    assert extract(checked_extraction(Extraction(kind, argument)), text) == found


@pytest.mark.parametrize(
    ("kind", "argument"), [("last_line", ""), ("after", "Answer:"), ("regex", "x+"), ("json_path", "$.a")]
)
def test_what_cannot_be_found_is_told(kind: str, argument: str) -> None:
    with pytest.raises(NotExtracted) as missing:
        extract(Extraction(kind, argument), "\n")
    assert missing.value.message.endswith(".")


def test_json_is_found_behind_many_brackets_and_a_flood_of_them_holds_nobody_up() -> None:
    by_path = Extraction("json_path", "$.city")
    assert extract(by_path, "As [1] and [see] say, " * 1_000 + '{"city": "Рим"}') == "Рим"
    began = time.process_time()
    for flood in ("[" * 300_000, "[x" * 300_000, "[1," * 20_000, '{"a":' * 50_000):
        with pytest.raises(NotExtracted):
            extract(by_path, flood)
    assert time.process_time() - began < 5


def test_experiments_of_others_are_not_found(project: Keys, other_project: Keys, good: Draft) -> None:
    experiment = planned(project, good)
    for verb in (steering.start, steering.pause, steering.cancel, steering.retry_failed, steering.remove):
        with pytest.raises(DomainError):
            verb(other_project.id, experiment.pk, Author())  # type: ignore[operator]
    with pytest.raises(DomainError):
        plan(other_project.id, good, Author())
    steering.remove(project.id, experiment.pk, Author())
    assert not Job.objects.exists()


def _dataset(of: Draft) -> Dataset:
    return Dataset.objects.get(pk=of.dataset_id)
