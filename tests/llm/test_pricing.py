"""Which definition prices a model, and what a call costs."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts.authors import Author
from llm import pricing
from llm.definitions import Draft, TierDraft, create, remove, replace

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def book(project):
    return lambda: pricing.book(project.id)


@pytest.fixture
def define(project):
    def made(name: str, pattern: str = "", **fields):
        return create(project.id, Draft(model_name=name, match_pattern=pattern or f"^{name}$", **fields), Author())

    return made


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("gpt-4o", "openai:gpt-4o"),
        ("GPT-4o", "openai:gpt-4o"),
        ("gpt-4o-2024-08-06", "openai:gpt-4o"),
        ("gpt-4o-mini-2024-07-18", "openai:gpt-4o-mini"),
        ("openai/gpt-4o", "openai:gpt-4o"),
        ("bothub/gpt-4o", "openai:gpt-4o"),
        ("azure/gpt-4o", "openai:gpt-4o"),
        ("gpt-35-turbo", "openai:gpt-3.5-turbo"),
        ("gpt-3.5-turbo", "openai:gpt-3.5-turbo"),
        ("text-embedding-ada-002", "openai:text-embedding-ada-002"),
        ("anthropic/claude-3.5-sonnet", "anthropic:claude-3-5-sonnet"),
        ("claude-3-5-sonnet-20241022", "anthropic:claude-3-5-sonnet"),
        ("us.anthropic.claude-3-5-sonnet-20241022-v2:0", "aws:regional.anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("deepseek-chat", "deepseek:deepseek-chat"),
        ("deepseek/deepseek-chat", "deepseek:deepseek-chat"),
        ("deepseek-r1-distill-llama-70b", "openrouter:deepseek/deepseek-r1-distill-llama-70b"),
        ("models/gemini-1.5-flash", "google:gemini-1.5-flash"),
        ("gemini/gemini-2.0-flash", "google:gemini-2.0-flash"),
        ("groq/llama-3.1-8b-instant", "groq:llama-3.1-8b-instant"),
        ("meta-llama/Llama-3.1-70B-Instruct", "openrouter:meta-llama/llama-3.1-70b-instruct"),
        ("llama3.1:70b", "openrouter:meta-llama/llama-3.1-70b-instruct"),
        ("Qwen/Qwen2.5-72B-Instruct", "openrouter:qwen/qwen-2.5-72b-instruct"),
        ("qwen2.5-72b", "openrouter:qwen/qwen-2.5-72b-instruct"),
    ],
)
def test_built_in_prices_are_found_however_the_name_is_spelled(book, name: str, model_id: str) -> None:
    assert book().match(name).id == model_id


@pytest.mark.parametrize("name", ["", " ", "/", "yandexgpt", "GigaChat-Pro", "my-model", "foo/bar", "gpt", "x:free"])
def test_names_that_nobody_sells_have_no_price(book, name: str) -> None:
    assert book().match(name) is None


def test_a_free_variant_is_not_charged_as_its_paid_sibling(book) -> None:
    assert book().match("deepseek/deepseek-r1:free") is None


def test_a_name_of_a_megabyte_is_looked_up_like_any_other(book) -> None:
    assert book().match("gpt-4o" + "x" * 1_000_000) is None


def test_the_project_s_definition_wins_and_its_newest_start_first(book, define) -> None:
    define("old", "^gpt-4o$", input_price=1, start_date=NOW - timedelta(days=20))
    define("new", "^gpt-4o$", input_price=2, start_date=NOW)
    define("ever", "^gpt-4o$", input_price=3)
    assert book().match("gpt-4o").name == "new"
    assert book().match("gpt-4o", NOW - timedelta(days=1)).name == "old"
    assert book().match("gpt-4o", NOW - timedelta(days=50)).name == "ever"


def test_a_definition_that_starts_later_leaves_the_built_in_price(book, define) -> None:
    define("later", "^gpt-4o$", input_price=1, start_date=NOW)
    assert book().match("gpt-4o", NOW - timedelta(days=1)).id == "openai:gpt-4o"


def test_a_pattern_that_would_explode_elsewhere_costs_nothing(book, define) -> None:
    define("bomb", "^(a+)+$", input_price=1)
    assert book().match("a" * 190 + "!") is None
    assert book().match("a" * 190).name == "bomb"


def test_another_project_s_definitions_do_not_apply(define, other_project) -> None:
    define("mine", "^gpt-4o$", input_price=1)
    assert pricing.book(other_project.id).match("gpt-4o").id == "openai:gpt-4o"


def test_changes_hold_at_once(book, define, project) -> None:
    assert book().match("mine") is None
    made = define("mine", input_price=1)
    assert book().match("mine").id == made.pk
    replace(project.id, made.pk, Draft(model_name="mine", match_pattern="^yours$", input_price=1), Author())
    assert book().match("mine") is None
    remove(project.id, made.pk, Author())
    assert book().match("yours") is None


def test_a_change_in_another_process_holds_within_a_second(book, define, monkeypatch) -> None:
    """Another process turns the epoch in the cache, but cannot reach into this one's memory."""
    assert book().match("mine") is None
    kept = dict(pricing._books)
    define("mine", input_price=1)
    pricing._books.update(kept)
    assert book().match("mine") is None, "within a second the cache is not asked"
    for entry in pricing._books.values():
        entry.checked -= 2
    assert book().match("mine").name == "mine"


def test_looking_up_a_price_costs_no_query_once_the_book_is_open(book, django_assert_num_queries) -> None:
    book().match("gpt-4o")
    with django_assert_num_queries(0):
        for _ in range(100):
            book().match("gpt-4o")


def cost(book, model: str, usage: dict[str, int], at: datetime = NOW, **more) -> dict[str, float]:
    found = book().match(model, at)
    return book().cost(found, usage, at, **more)


def test_input_and_output_are_charged_per_token(book) -> None:
    costs = cost(book, "gpt-4o", {"input": 1000, "output": 100, "total": 1100})
    assert costs == pytest.approx({"input": 0.0025, "output": 0.001, "total": 0.0035})


def test_cached_input_is_cheaper_under_each_of_its_names(book) -> None:
    for name in ("input_cached_tokens", "input_cache_read", "cache_read_input_tokens"):
        costs = cost(book, "gpt-4o", {"input": 0, name: 1000})
        assert costs[name] == pytest.approx(0.00125)


def test_writing_the_cache_costs_more_than_input(book) -> None:
    costs = cost(book, "claude-3-5-sonnet-20241022", {"input": 1000, "cache_creation_input_tokens": 1000})
    assert costs["cache_creation_input_tokens"] == pytest.approx(0.00375)


def test_reasoning_is_charged_as_output_and_details_as_their_side(book) -> None:
    usage = {"output": 100, "output_reasoning_tokens": 100, "output_accepted_prediction_tokens": 100}
    costs = cost(book, "o3-mini", usage)
    assert len({costs[key] for key in usage}) == 1
    assert costs["total"] == pytest.approx(3 * costs["output"])


def test_audio_has_a_price_of_its_own_where_the_list_has_one(book) -> None:
    costs = cost(book, "gemini-2.0-flash", {"input": 1000, "input_audio_tokens": 1000})
    assert costs["input_audio_tokens"] > costs["input"] > 0


def test_the_total_of_an_embedding_is_its_input(book) -> None:
    assert cost(book, "text-embedding-ada-002", {"total": 1_000_000}) == pytest.approx({"total": 0.1})


def test_a_long_prompt_raises_the_price_of_every_token(book) -> None:
    short = cost(book, "gemini-2.5-pro", {"input": 200_000, "output": 1000})
    long = cost(book, "gemini-2.5-pro", {"input": 200_001, "output": 1000})
    assert long["output"] > short["output"]


def test_prices_of_the_past_are_those_of_the_past(book) -> None:
    """The price of o3 fell in June 2025; a call is charged by the day it was made."""
    prices = {cost(book, "o3", {"input": 10**6}, at)["input"] for at in (NOW.replace(year=2025, month=5), NOW)}
    assert len(prices) == 2


def test_nothing_of_the_usage_priced_means_no_cost_not_zero(book) -> None:
    assert cost(book, "gpt-4o", {}) == {}
    assert cost(book, "gpt-4o", {"bananas": 5}) == {}


def test_a_total_price_excludes_the_sum(book, define) -> None:
    define("flat", total_price=0.5)
    assert cost(book, "flat", {"input": 1, "output": 2, "total": 3}) == {"total": 1.5}


def test_buckets_without_a_price_are_charged_as_what_they_are_a_kind_of(book, define) -> None:
    define("plain", input_price=1, output_price=2)
    costs = cost(book, "plain", {"input": 1, "input_cached_tokens": 1, "output": 1, "output_reasoning": 1, "other": 9})
    assert costs == {"input": 1, "input_cached_tokens": 1, "output": 2, "output_reasoning": 2, "total": 6}


def test_a_free_model_costs_zero(book, define) -> None:
    define("local", "(?i)^llama", input_price=0, output_price=0)
    assert cost(book, "llama3.1:70b", {"input": 5, "output": 5}) == {"input": 0, "output": 0, "total": 0}


def tiers(condition: dict) -> list[TierDraft]:
    return [
        TierDraft(name="Standard", is_default=True, priority=0, conditions=(), prices={"input": 1}),
        TierDraft(name="Special", is_default=False, priority=1, conditions=[condition], prices={"input": 10}),
    ]


def test_a_tier_holds_by_the_sum_of_matching_usage(book, define) -> None:
    define("tiered", tiers=tiers({"usageDetailPattern": "^INPUT", "operator": "gte", "value": 10}))
    assert cost(book, "tiered", {"input": 4, "input_cached": 5})["input"] == 4
    assert cost(book, "tiered", {"input": 5, "input_cached": 5})["input"] == 50


def test_a_tier_holds_by_a_model_parameter_or_by_metadata(book, define) -> None:
    define("a", tiers=tiers({"source": "model_parameters", "key": "service_tier", "values": ["flex"]}))
    define("b", tiers=tiers({"source": "metadata", "key": "plan", "values": ["gold"]}))
    assert cost(book, "a", {"input": 1}, model_parameters='{"service_tier":"flex"}')["input"] == 10
    assert cost(book, "a", {"input": 1}, model_parameters='{"service_tier":"auto"}')["input"] == 1
    assert cost(book, "a", {"input": 1}, model_parameters="broken")["input"] == 1
    assert cost(book, "b", {"input": 1}, metadata={"plan": '"gold"'})["input"] == 10
    assert cost(book, "b", {"input": 1})["input"] == 1


def test_a_price_is_found_again_by_its_id(book, define) -> None:
    made = define("mine", input_price=1, output_price=2)
    price = book().by_id(made.pk)
    assert book().flat(price, NOW) == (1, 2, None)
    assert book().by_id("openai:gpt-4o").name == "gpt-4o"
    assert book().by_id("gone") is None
    assert book().flat(None, NOW) == (None, None, None)
