"""The demo's model: a table of capitals that answers offline. It is labelled wherever it appears.

It has the habits that the tutorial complains of: asked in words it ends its answer with a full stop, which an exact
comparison counts as wrong; shown examples it answers as they do; asked to reason it reasons first. And it takes
Cape Town for the capital of South Africa, as many do.
"""

from dataclasses import dataclass

NAME = "demo-offline"
LABEL = {"model": f"{NAME}: a table of capitals, not a language model", "demo": True}

Messages = list[dict[str, str]]

CAPITALS = {
    "Италия": "Рим",
    "Испания": "Мадрид",
    "Бразилия": "Бразилиа",
    "Япония": "Токио",
    "Индия": "Нью-Дели",
    "Канада": "Оттава",
    "Южная Корея": "Сеул",
    "Аргентина": "Буэнос-Айрес",
    "Южная африка": "Кейптаун",
    "Египет": "Каир",
    "Франции": "Париж",
    "России": "Москва",
}
TALK = {
    "Расскажи кратко про этот город": (
        "Москва - столица России, крупнейший город страны и один из крупнейших городов мира по численности населения. "
        "Основана в XII веке. Москва является политическим, экономическим и культурным центром России. В городе "
        "находятся многочисленные исторические памятники, музеи, театры и другие достопримечательности."
    ),
    "Какая река через него течёт?": "Москва-река.",
    "Сколько там живёт людей?": "Около 13 миллионов человек.",
}


class Unknown(Exception):
    """The model has no answer."""


@dataclass(frozen=True)
class Answer:
    """`seconds` is how long a model of this kind would have taken."""

    text: str
    input_tokens: int
    output_tokens: int
    seconds: float


def answer(messages: Messages) -> Answer:
    """Raises Unknown for a question that is not in the table."""
    text = _text(messages)
    read = sum(_tokens(message["content"]) + 4 for message in messages)
    written = _tokens(text)
    return Answer(text, read, written, round(0.18 + 0.002 * read + 0.012 * written, 3))


def _text(messages: Messages) -> str:
    question = messages[-1]["content"]
    if question in TALK:
        return TALK[question]
    country = next((name for name in CAPITALS if question.rstrip(".?").endswith(name)), None)
    if country is None:
        raise Unknown(f"{NAME} does not know an answer to {question!r}.")
    capital = CAPITALS[country]
    if "по шагам" in messages[0]["content"]:
        return f"Страна: {country}. Крупнейший город не всегда столица, поэтому вспомним правительство.\n{capital}"
    shown = any(message["role"] == "assistant" and message["content"] in CAPITALS.values() for message in messages)
    return capital if shown else f"{capital}."


def _tokens(text: str) -> int:
    """About what tokenizers make of Russian: three letters a token."""
    return max(1, round(len(text) / 3))
