"""What a score may be: one set of rules for every way in."""

import pytest

from accounts.authors import Author
from common.errors import Invalid
from tracing.models import ScoreConfig
from tracing.score_configs import Draft, change, create
from tracing.scores import ScoreInput, resolve

pytestmark = pytest.mark.django_db


@pytest.fixture
def config(project):
    def made(name: str = "Quality", data_type: str = "NUMERIC", **fields: object) -> ScoreConfig:
        return create(project.id, Draft(name=name, data_type=data_type, **fields), Author())

    return made


@pytest.fixture
def check(project):
    def checked(**fields: object):
        given = {"name": "quality", "value": 1, "trace_id": "t", **fields}
        (answer,) = resolve(project.id, [ScoreInput(**given)])
        return answer

    return checked


CATEGORIES = [{"label": "good", "value": 2}, {"label": "bad", "value": 1}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"value": 0.5}, ("NUMERIC", 0.5, None)),
        ({"value": 1.0}, ("NUMERIC", 1.0, None)),
        ({"value": "good"}, ("CATEGORICAL", 0.0, "good")),
        ({"value": 1, "data_type": "BOOLEAN"}, ("BOOLEAN", 1.0, "True")),
        ({"value": 0.0, "data_type": "BOOLEAN"}, ("BOOLEAN", 0.0, "False")),
        ({"value": "good", "data_type": "CATEGORICAL"}, ("CATEGORICAL", 0.0, "good")),
        ({"value": "well said", "data_type": "TEXT"}, ("TEXT", None, "well said")),
        ({"value": "better answer", "data_type": "CORRECTION"}, ("CORRECTION", None, "better answer")),
        ({"value": 10**100}, ("NUMERIC", 1e100, None)),
        ({"value": "nul\0"}, ("CATEGORICAL", 0.0, "nul\ufffd")),
    ],
)
def test_the_type_follows_the_value_unless_it_is_given(check, fields: dict, expected: tuple) -> None:
    score = check(**fields)
    assert (score.data_type, score.value, score.string_value) == expected


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"trace_id": None}, "traceId", "exactly one"),
        ({"session_id": "s"}, "sessionId", "traceId and sessionId"),
        ({"dataset_run_id": "r"}, "datasetRunId", "traceId and datasetRunId"),
        ({"trace_id": None, "observation_id": "o", "session_id": "s"}, "traceId", "observation"),
        ({"trace_id": 5}, "traceId", "string"),
        ({"trace_id": "x" * 801}, "traceId", "800"),
        ({"trace_id": "я" * 799 + "\r"}, "traceId", "carriage return"),
        ({"trace_id": "漢" * 700}, "traceId", "800"),
        ({"id": "x" * 801}, "id", "800"),
        ({"name": None}, "name", "non-empty"),
        ({"name": ""}, "name", "non-empty"),
        ({"name": 5}, "name", "string"),
        ({"name": "x" * 801}, "name", "801"),
        ({"value": None}, "value", "number"),
        ({"value": True}, "value", "Send 1 for true"),
        ({"value": [1]}, "value", "number"),
        ({"value": float("nan")}, "value", "finite"),
        ({"value": 10**400}, "value", "finite"),
        ({"value": "1", "data_type": "NUMERIC"}, "value", "number"),
        ({"value": -1, "data_type": "BOOLEAN"}, "value", "1 or 0"),
        ({"value": "True", "data_type": "BOOLEAN"}, "value", "Send 1 for true"),
        ({"value": 1, "data_type": "CATEGORICAL"}, "value", "string"),
        ({"value": "", "data_type": "TEXT"}, "value", "1 to 500"),
        ({"value": "x" * 501, "data_type": "TEXT"}, "value", "501"),
        ({"value": 1, "data_type": "CORRECTION"}, "value", "string"),
        ({"data_type": "STARS"}, "dataType", "NUMERIC"),
        ({"data_type": ["NUMERIC"]}, "dataType", "NUMERIC"),
        ({"source": "EVAL"}, "source", "EVAL"),
        ({"source": "ME"}, "source", "API"),
        ({"source": "ANNOTATION"}, "configId", "ANNOTATION"),
        ({"config_id": "nope"}, "configId", "no score config"),
        ({"config_id": "\0"}, "configId", "NUL"),
        ({"comment": 5}, "comment", "string"),
        ({"environment": 5}, "environment", "string"),
        ({"timestamp": "yesterday"}, "timestamp", "ISO 8601"),
        ({"timestamp": 5}, "timestamp", "ISO 8601"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "timestamp", "year"),
        ({"queue_id": {}}, "queueId", "string"),
    ],
)
def test_a_refusal_names_the_field_and_the_rule(check, fields: dict, field: str, words: str) -> None:
    refusal = check(**fields)
    assert isinstance(refusal, Invalid)
    assert refusal.field == field
    assert words in refusal.message


def test_a_correction_is_about_a_trace_and_always_called_output(check) -> None:
    assert check(name="mine", value="x", data_type="CORRECTION", observation_id="o").name == "output"
    refusal = check(value="x", data_type="CORRECTION", trace_id=None, session_id="s")
    assert isinstance(refusal, Invalid)
    assert "CORRECTION" in refusal.message


def test_a_score_without_an_id_gets_one_by_its_event(check, other_project) -> None:
    assert check(event_id="e1").id == check(event_id="e1").id != check(event_id="e2").id
    (elsewhere,) = resolve(other_project.id, [ScoreInput(name="a", value=1, trace_id="t", event_id="e1")])
    assert elsewhere.id != check(event_id="e1").id
    assert check().id != check().id
    assert check(id="mine", event_id="e1").id == "mine"


def test_the_environment_is_made_to_fit(check) -> None:
    assert check(environment="Prod").environment == "prod"
    assert check(environment="langfuse-langfuse_x").environment == "x"
    assert check(environment="nö").environment == "default"
    assert check(environment="a" * 60).environment == "a" * 40
    assert check().environment == "default"


def test_our_own_evaluators_may_write_scores_of_source_eval(check) -> None:
    assert check(source="EVAL", internal=True).source == "EVAL"


def test_answers_stand_in_the_order_of_the_inputs_after_one_read(project, config, django_assert_num_queries) -> None:
    made = config(max_value=5)
    inputs = [
        ScoreInput(value=1, trace_id="t", config_id=made.pk),
        ScoreInput(value=9, trace_id="t", config_id=made.pk),
        ScoreInput(value=2, trace_id="t", name="free"),
    ]
    with django_assert_num_queries(1):
        first, second, third = resolve(project.id, inputs)
    assert (first.value, third.value) == (1, 2)
    assert isinstance(second, Invalid)


def test_the_config_gives_name_and_type(check, config) -> None:
    made = config("Style", "CATEGORICAL", categories=CATEGORIES)
    score = check(name="whatever", value="good", config_id=made.pk)
    assert (score.name, score.data_type, score.value, score.string_value) == ("Style", "CATEGORICAL", 2.0, "good")
    assert score.config_id == made.pk
    assert check(name=None, value="bad", config_id=made.pk, source="ANNOTATION").source == "ANNOTATION"


def test_a_yes_or_no_config_takes_one_and_zero(check, config) -> None:
    made = config("Correct", "BOOLEAN")
    assert check(value=1, config_id=made.pk).string_value == "True"
    assert isinstance(check(value=2, config_id=made.pk), Invalid)


@pytest.mark.parametrize(
    ("of", "fields", "words"),
    [
        ({"min_value": 0, "max_value": 1}, {"value": -0.1}, "below 0"),
        ({"min_value": 0, "max_value": 1}, {"value": 1.1}, "above 1"),
        ({}, {"value": "good"}, "number"),
        ({}, {"value": "x", "data_type": "TEXT"}, "of type NUMERIC"),
        ({}, {"value": "x", "data_type": "CORRECTION"}, "of type NUMERIC"),
        ({"data_type": "CATEGORICAL", "categories": CATEGORIES}, {"value": "fair"}, "'good', 'bad'"),
        ({"data_type": "TEXT"}, {"value": "x" * 501}, "501"),
        ({"is_archived": True}, {}, "archived"),
    ],
)
def test_a_broken_rule_of_a_config_says_which(check, config, of: dict, fields: dict, words: str) -> None:
    refusal = check(config_id=config(**of).pk, **fields)
    assert isinstance(refusal, Invalid)
    assert words in refusal.message


def test_a_config_of_another_project_does_not_exist(check, other_project) -> None:
    theirs = create(other_project.id, Draft(name="Theirs", data_type="NUMERIC"), Author())
    refusal = check(config_id=theirs.pk)
    assert isinstance(refusal, Invalid)
    assert "no score config" in refusal.message


def test_a_restored_config_takes_scores_again(check, config, project) -> None:
    made = config(is_archived=True)
    change(project.id, made.pk, {"is_archived": False}, Author())
    assert check(config_id=made.pk).name == "Quality"
