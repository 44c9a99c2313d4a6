"""The same story told by every SDK in its own idiom; the scripts tell it, the tests read it back.

Standard library only: this file runs inside every SDK's environment and in the tests. The JavaScript scripts get it as
JSON.
"""

import json

USER = "даниил@example.org"
SESSION = "урок-географии"
TAGS = ["capitals", "география"]
VERSION = "1.4.2"
RELEASE = "2025-01"
ENVIRONMENT = "classroom"
TRACE_METADATA = {"class": "7B", "lesson": "12"}

TRACE_NAME = "answer a question"
QUESTION = {"country": "Испания", "language": "ru"}
ANSWER = {"capital": "Мадрид", "sure": True}

RETRIEVED = {"facts": ["Мадрид — столица Испании", "население 3,3 млн"], "count": 2}
SPAN_METADATA = {"index": "atlas", "hits": 2, "nested": {"deep": [1, 2.5, None]}}

MODEL = "gpt-4o-mini"
MODEL_PARAMETERS = {"temperature": 0.2, "max_tokens": 100}
USAGE = {"input": 46, "output": 3, "total": 49}
MESSAGES = [
    {"role": "system", "content": "Ты географ"},
    {"role": "user", "content": "Тебе нужно ответить только названием столицы этой страны: Испания"},
]
EVENT_NAME = "cache missed"
BROKEN_NAME = "call the map"
BROKEN_MESSAGE = "The map did not answer: timeout"

TEXT_PROMPT = "Напиши столицу страны {{country}}"
TEXT_PROMPT_2 = "Назови только столицу страны {{country}}"
CHAT_PROMPT = [
    {"role": "system", "content": "Ты географ"},
    {"role": "user", "content": "Тебе нужно ответить только названием столицы этой страны: {{country}}"},
]
CONFIG = {"model": MODEL, "temperature": 0.2, "supported_languages": ["en", "ru"]}
PROMPT_TAGS = ["capitals"]

NUMERIC = 0.875
BOOLEAN = True
CATEGORY = "верно"
TEXT = "Ответ краткий и точный."
COMMENT = "проверено учителем"

DATASET_METADATA = {"clearml_id": "c0ffee", "rows": 3}
ITEMS = [
    {"input": {"country": "Италия"}, "expected_output": "Рим", "metadata": {"continent": "Европа"}},
    {"input": {"country": "Канада"}, "expected_output": "Оттава", "metadata": {"continent": "Америка"}},
    {"input": {"country": "Египет"}, "expected_output": "Каир", "metadata": {"continent": "Африка"}},
]
PIXEL = (  # a picture, in hexadecimal
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8ff1f0003020180c5ab0d"
    "3c0000000049454e44ae426082"
)
WRONG_MODEL = "gpt-4o-mini-wrong"
RUN_METADATA = {"strategy": "zero-shot"}


def names(sdk: str) -> dict[str, str]:
    """Names that are unique to an SDK, so that several may tell the story to one project."""
    return {
        "text": f"{sdk}/столица text",
        "chat": f"{sdk}/capital-chat",
        "dataset": f"{sdk} Столицы",
        "run": f"{sdk} wrong model",
        "experiment": f"{sdk} experiment",
        "session": f"{SESSION}-{sdk}",
    }


def as_json(sdk: str) -> str:
    """The whole story with the names of one SDK, for scripts that are not Python."""
    values = {key: value for key, value in globals().items() if key.isupper()}
    return json.dumps(values | {"NAMES": names(sdk)}, ensure_ascii=False)
