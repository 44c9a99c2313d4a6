"""Each metric against published examples, or against its formula worked out here in another way."""

import math
import time
from collections import Counter
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from common.errors import Invalid
from evaluation.definitions import Metric, checked
from evaluation.json_paths import fault_of
from evaluation.scoring.base import Outcome, ScoringFailed, Subject
from evaluation.scoring.measuring import measure
from evaluation.scoring.metrics.base import Compared
from evaluation.scoring.metrics.numbers import numbers
from evaluation.scoring.metrics.table import METRICS
from evaluation.scoring.parts import part


def outcome(kind: str, output: Any, expected: Any = None, normalisation: Any = None, **settings: Any) -> Outcome:
    chosen = normalisation or METRICS[kind].normalisation or "exact"
    definition = checked(Metric(kind=kind, settings=settings, normalisation=chosen))
    assert isinstance(definition, Metric)
    return measure(definition, Subject(trace_id="t", output=output, expected_output=expected))


def value(*args: Any, **settings: Any) -> float:
    return float(outcome(*args, **settings).value)


def test_paris_with_a_full_stop_is_paris_when_one_says_so() -> None:
    assert value("exact", "«Париж».", "париж", "exact") == 0
    assert value("exact", "«Париж».", "париж", "lenient") == 1
    assert value("exact", "Ёлка ", "елка", {"case": True, "yo": True, "strip": True}) == 1
    assert value("exact", "3.14", "314", "lenient") == 0
    assert value("exact", "-5", "5", "lenient") == 0
    assert value("exact", "The  cat!", "cat", "squad") == 1
    assert value("exact", "и\u0306", "\u0439", "exact") == 0
    assert value("exact", "и\u0306", "\u0439", "trimmed") == 1


@pytest.mark.parametrize("kind", [kind for kind, one in METRICS.items() if one.normalisation and kind != "length"])
def test_every_metric_of_texts_minds_or_levels_form_yo_and_quotes_as_its_profile_says(kind: str) -> None:
    given, expected = "«Ёлка» \u0438\u0306 ещё", '"Елка" \u0439 еще'
    levelled = {"form": "NFC", "yo": True, "quotes": True}
    more = {"pattern": '^"Елка" \u0439 еще$'} if kind == "regex" else {}
    if kind == "json_fields":
        given, expected = ({"a": text} for text in (given, expected))  # type: ignore[assignment]
    strict, lenient = (value(kind, given, expected, profile, **more) for profile in ("exact", levelled))
    assert (strict < 1, lenient) == (True, pytest.approx(1)), "both figures can stand side by side"


def test_any_of_the_accepted_answers_will_do_and_a_path_finds_them() -> None:
    expected = {"answers": [{"text": "Рио"}, {"text": "Рио-де-Жанейро"}], "best": "Рио"}
    path = {"expected_path": "$.answers[*].text"}
    assert value("exact", "Рио-де-Жанейро", expected, **path) == 1
    assert value("exact", '{"city": "Рио"}', expected, output_path="$.city", expected_path="$.best") == 1
    assert value("contains", "Это Рио, конечно.", expected, **path) == 1
    assert value("contains", "Это Рио, конечно.", expected, **path, all=True) == 0
    assert value("contains", "Anything", [""]) == 0
    message = {"role": "assistant", "content": "Рио"}
    assert value("exact", message, "Рио") == 1
    metadata = Subject(trace_id="t", output="Рим", metadata={"right": "Рим"})
    by_metadata = Metric(kind="exact", settings={"expected_source": "metadata", "expected_path": "$.right"})
    assert measure(by_metadata, metadata).value == 1


def test_a_regular_expression() -> None:
    assert value("regex", "Ответ: ПАРИЖ", pattern=r"ответ:\s*париж$", ignore_case=True) == 1
    assert value("regex", "Ответ: Париж", pattern="Париж", whole=True) == 0
    # RE2 needs no time for what makes other engines run for ever.
    assert value("regex", "a" * 40_000, pattern="(a+)+$", whole=False) == 1


def test_the_levenshtein_ratio() -> None:
    # The textbook's pairs: 3 edits of 7 characters; 3 of 8 (Levenshtein's distance of "sunday" and "saturday").
    assert value("levenshtein", "kitten", "sitting") == pytest.approx(1 - 3 / 7)
    assert value("levenshtein", "sunday", ["x", "saturday"]) == pytest.approx(1 - 3 / 8)
    assert value("levenshtein", "", "") == 1


def test_token_f1_as_squad_reckons_it() -> None:
    # Normalised: "cat sat on mat" and "cat on mat": 3 common words of 4 and of 3.
    assert value("token_f1", "The cat sat on a mat.", "cat on mat") == pytest.approx(2 * (3 / 4) * 1 / (3 / 4 + 1))
    assert value("token_f1", "new new york", "new york city") == pytest.approx(2 / 3)
    assert value("token_f1", "столица — Рим", ["Рим", "Милан"]) == pytest.approx(2 / 3)
    assert (value("token_f1", "", "the"), value("token_f1", "", "Rome")) == (1, 0)
    assert value("token_f1", "cat sat on mat", "cat on mat", measure="precision") == 0.75


def test_set_f1_minds_no_order() -> None:
    marked = outcome("set_f1", "- Рим\n- Милан\n- Рим", ["милан", "рим", "Турин"])
    assert marked.value == pytest.approx(2 * 1 * (2 / 3) / (1 + 2 / 3))
    assert marked.reasoning == "Missing: турин."
    assert value("set_f1", ["a", "b"], "b; a") == 1
    assert value("set_f1", '["a", "b"]', ["a"], measure="precision") == 0.5


def test_rouge_l_on_the_examples_of_its_paper() -> None:
    # Lin 2004, section 3.1: reference S1, candidates S2 and S3.
    reference = "police killed the gunman"
    assert value("rouge_l", "police kill the gunman", reference) == pytest.approx(0.75)
    assert value("rouge_l", "the gunman kill police", reference) == pytest.approx(0.5)
    # Five words of eight and of nine, in order: the, quick, brown, the… dog stands before "the log".
    pair = ("The quick brown dog jumps on the log.", "The quick brown fox jumps over the lazy dog")
    assert value("rouge_l", *pair, measure="precision") == pytest.approx(5 / 8)
    assert value("rouge_l", *pair, measure="recall") == pytest.approx(5 / 9)
    assert value("rouge_l", "полиция убила бандита", "Полиция застрелила бандита.") == pytest.approx(2 / 3)


def test_bleu_as_its_paper_has_it() -> None:
    # Papineni et al. 2002, section 2.1: "the" counts twice of seven times. Four orders, those without a hit smoothed.
    clipped = value("bleu", "the the the the the the the", "the cat is on the mat")
    smoothed = [2 / 7, 1 / (2 * 6), 1 / (4 * 5), 1 / (8 * 4)]
    assert clipped == pytest.approx(math.exp(sum(map(math.log, smoothed)) / 4), rel=1e-6)
    # No smoothing and a penalty for brevity: all orders are whole, 5 words for 7.
    brief = value("bleu", "кошка сидит на старом коврике", "кошка сидит на старом коврике у двери")
    assert brief == pytest.approx(math.exp(1 - 7 / 5), rel=1e-6)


def test_chrf_by_its_formula() -> None:
    given, reference = "Кошка сидит", "Кошки сидят тут"

    def grams(text: str, n: int) -> Counter[str]:
        letters = "".join(text.split())
        return Counter(letters[i : i + n] for i in range(len(letters) - n + 1))

    precisions, recalls = [], []
    for n in range(1, 7):
        one, other = grams(given, n), grams(reference, n)
        common = (one & other).total()
        precisions.append(common / one.total())
        recalls.append(common / other.total())
    p, r = sum(precisions) / 6, sum(recalls) / 6
    assert value("chrf", given, reference) == pytest.approx(5 * p * r / (4 * p + r), rel=1e-6)
    assert value("chrf", reference, reference) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Итого: 1 234,5 руб.", ["1234.5"]),
        ("1,234.50 or 1.234,50", ["1234.50", "1234.50"]),
        ("от −7.5e-3 до 0,125", ["-0.0075", "0.125"]),
        ("10-20 GPT4 .5", ["10", "20", "0.5"]),
        ("1\u202f000\u202f000", ["1000000"]),
        ("нет числа", []),
        ("9" * 5_000, []),
    ],
)
def test_numbers_are_found_however_they_are_written(text: str, found: list[str]) -> None:
    assert numbers(text) == [Decimal(one) for one in found]


def test_a_number_near_enough() -> None:
    assert numbers("1,234", "comma") == [Decimal("1.234")]
    assert value("number", "Of 10 I take 3.1", 3, absolute=0.1) == 1
    assert value("number", "Of 10 I take 3.1", 3) == 0
    assert value("number", "ответ 101", "100", relative=0.01) == 1
    assert value("number", "ответ 102", "100", relative=0.01) == 0
    assert value("number", "5 or 7", [7, 8], which="any") == 1
    assert value("number", "5 or 7", [7, 8], which="first") == 0
    marked = outcome("number", "неизвестно", 5)
    assert (marked.value, marked.reasoning) == (0, "No number found.")


def test_no_answer_and_no_schema_holds_up_who_measures() -> None:
    began = time.process_time()
    fit, valid = partial(value, "json_schema"), partial(value, "json_valid")
    assert valid("```json" + "\n" * 150_000) == 0
    assert fit("a" * 50 + "!", schema={"type": "string", "pattern": "^(a+)+$"}) == 0
    evil = {"patternProperties": {"^(a+)+$": False}, "additionalProperties": False}
    assert fit({"a" * 50 + "!": 1}, schema=evil) == 0
    assert fit([{"n": number} for number in range(5_000)], schema={"uniqueItems": True}) == 1
    assert fit([1, True, 1.5, {"a": [1]}], schema={"uniqueItems": True}) == 1
    assert fit([{"a": 1}, {"a": 1.0}], schema={"uniqueItems": True}) == 0
    steps = {f"d{step}": {"allOf": [{"$ref": f"#/$defs/d{step + 1}"}] * 2} for step in range(40)}
    with pytest.raises(ScoringFailed, match="refers to itself"):
        fit(1, schema={"$ref": "#/$defs/d0", "$defs": {**steps, "d40": True}})
    with pytest.raises(Invalid, match="no lookahead"):
        checked(Metric(kind="json_schema", settings={"schema": {"pattern": "(?=a)b"}}))
    assert time.process_time() - began < 8


def test_json_that_is_valid_of_a_schema_and_with_the_right_fields() -> None:
    fenced = 'Here:\n```json\n{"city": "Рим", "people": 2.0}\n```'
    schema = {"type": "object", "required": ["city"], "properties": {"people": {"type": "integer"}}}
    assert (value("json_valid", fenced), value("json_valid", fenced, fenced=False)) == (1, 0)
    assert (value("json_valid", "[1]", shape="object"), value("json_valid", "{")) == (0, 0)
    assert value("json_schema", fenced, schema=schema) == 1
    broken = outcome("json_schema", {"people": "many"}, schema=schema)
    assert broken.value == 0
    assert "$.people" in broken.reasoning and "'city' is a required property" in broken.reasoning
    with pytest.raises(ScoringFailed, match="cannot be found"):
        value("json_schema", {}, schema={"$ref": "http://127.0.0.1:9/schema.json"})
    expected = {"people": 2, "city": "рим", "more": [1]}
    fields = ["$.city", "$.people", "$.more", "$.absent"]
    marked = outcome("json_fields", fenced, expected, "lenient", fields=fields)
    assert (marked.value, marked.reasoning) == (0.75, "Different: $.more.")
    assert value("json_fields", '{"b": [1, 2], "a": true}', '{"a": true, "b": [1, 2.0]}') == 1
    assert value("json_fields", '{"a": 1}', '{"a": true}') == 0


def test_measures_of_the_answer_and_of_the_call() -> None:
    assert value("length", "Ещё бы — по-моему, да!") == 22
    assert value("length", "Ещё бы — по-моему, да!", unit="words") == 4
    assert value("length", "hello world", unit="tokens") == 2
    subject = Subject(trace_id="t", latency=1.5, cost=0.002)
    assert [measure(Metric(kind=kind), subject).value for kind in ("latency", "cost")] == [1.5, 0.002]
    with pytest.raises(ScoringFailed, match="no price"):
        measure(Metric(kind="cost"), Subject(trace_id="t"))


def test_a_path_holds_nobody_up() -> None:
    hard = "a" * 30_000 + "!"
    assert part({"x": [hard, "b"]}, "$.x[?search(@, '(a+)+$')]") is None
    assert part({"x": [{"y": hard}, {"y": "BB"}]}, "$.x[?@.y =~ /(b+)+/i].y") == "BB"
    assert part({"x": ["ab", "abc"]}, "$.x[?match(@, 'a.')]") == "ab"
    assert fault_of("$..a..b..c") == "it descends by .. more than 2 times"
    assert fault_of("$." + "a" * 1_000) == "it has more than 1000 characters"
    assert fault_of("$..a..b") == ""


@pytest.mark.parametrize("kind", METRICS)
def test_what_is_lacking_is_told_and_any_value_can_be_measured(kind: str) -> None:
    needed = {"regex": {"pattern": "a"}}.get(kind, {})
    strange = ["", "\0\ud800", "9" * 400, {"a": [None]}, [[]], 1e308, True, "[" * 5_000, ""]
    for output in strange:
        for expected in strange:
            try:
                marked = outcome(kind, output, expected, **needed)
            except ScoringFailed as failed:
                assert failed.message.endswith(".")
            else:
                assert math.isfinite(float(marked.value))
    metric = METRICS[kind]
    if metric.needs_output:
        with pytest.raises(ScoringFailed, match="no output"):
            value(kind, None, "x", **needed)
    if issubclass(metric.settings, Compared):
        with pytest.raises(ScoringFailed, match="nothing expected"):
            value(kind, "x", None, **needed)


@pytest.mark.parametrize(
    ("definition", "field"),
    [
        (Metric(kind="guess"), "kind"),
        (Metric(kind="exact", settings={"pattern": "a"}), "settings"),
        (Metric(kind="regex", settings={"pattern": "(?<=a)b"}), "settings.pattern"),
        (Metric(kind="regex"), "settings.pattern"),
        (Metric(kind="regex", settings={"pattern": 5}), "settings.pattern"),
        (Metric(kind="number", settings={"absolute": float("nan")}), "settings.absolute"),
        (Metric(kind="json_schema", settings={"schema": {"type": 5}}), "settings.schema"),
        (Metric(kind="json_fields", settings={"fields": ["city"]}), "settings.fields"),
        (Metric(kind="exact", settings={"output_path": "$[?"}), "settings.output_path"),
        (Metric(kind="exact", settings={"expected_source": "else"}), "settings.expected_source"),
        (Metric(kind="exact", normalisation="strong"), "normalisation"),
        (Metric(kind="exact", normalisation={"case": 1}), "normalisation.case"),
        (Metric(kind="exact", normalisation={"form": "NFZ"}), "normalisation.form"),
    ],
)
def test_a_faulty_metric_is_refused_with_the_name_of_the_field(definition: Metric, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checked(definition)
    assert refusal.value.field == field


def test_the_documentation_knows_every_metric() -> None:
    told = (Path(__file__).parents[3] / "docs" / "evaluators.md").read_text("utf-8")
    assert [kind for kind in METRICS if f"`{kind}`" not in told] == []
