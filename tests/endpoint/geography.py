"""What the endpoint knows: countries, their capitals, and how differently good models answer.

A model's name decides how it answers (the parts may be combined, `gpt-4o-mini-wrong-full-stop`):
`wrong` mistakes the famous city for the capital where people do, `full-stop` ends the bare name with a full stop,
`chatty` answers in a sentence, `echo` returns the last user message. Every other name answers rightly and tersely,
and where it is asked to think step by step and to name a marker in quotes, in two lines: a thought, marker and answer.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.endpoint.types import Message


class Country(NamedTuple):
    ru: str
    en: str
    capital_ru: str
    capital_en: str
    genitive_ru: str
    mistake_ru: str = ""
    mistake_en: str = ""


COUNTRIES = (
    Country("Италия", "Italy", "Рим", "Rome", "Италии"),
    Country("Испания", "Spain", "Мадрид", "Madrid", "Испании"),
    Country("Бразилия", "Brazil", "Бразилиа", "Brasília", "Бразилии", "Рио-де-Жанейро", "Rio de Janeiro"),
    Country("Япония", "Japan", "Токио", "Tokyo", "Японии"),
    Country("Индия", "India", "Нью-Дели", "New Delhi", "Индии"),
    Country("Канада", "Canada", "Оттава", "Ottawa", "Канады", "Торонто", "Toronto"),
    Country("Южная Корея", "South Korea", "Сеул", "Seoul", "Южной Кореи"),
    Country("Аргентина", "Argentina", "Буэнос-Айрес", "Buenos Aires", "Аргентины"),
    Country("Южная Африка", "South Africa", "Претория", "Pretoria", "Южной Африки", "Кейптаун", "Cape Town"),
    Country("Египет", "Egypt", "Каир", "Cairo", "Египта"),
    Country("Франция", "France", "Париж", "Paris", "Франции"),
    Country("Россия", "Russia", "Москва", "Moscow", "России"),
    Country("Германия", "Germany", "Берлин", "Berlin", "Германии"),
    Country("Великобритания", "United Kingdom", "Лондон", "London", "Великобритании"),
    Country("США", "United States", "Вашингтон", "Washington, D.C.", "США", "Нью-Йорк", "New York"),
    Country("Австралия", "Australia", "Канберра", "Canberra", "Австралии", "Сидней", "Sydney"),
    Country("Турция", "Turkey", "Анкара", "Ankara", "Турции", "Стамбул", "Istanbul"),
    Country("Китай", "China", "Пекин", "Beijing", "Китая", "Шанхай", "Shanghai"),
)

# Country, capital and continent of all the world: facts that anybody may copy. The endpoint knows them in English.
TABLE = Path(__file__).with_name("capitals.csv")
with TABLE.open(encoding="utf-8", newline="") as _rows:
    _CAPITALS = {row["country"].lower(): row for row in csv.DictReader(_rows)}
_WORLD = re.compile(rf"(?<!\w)({'|'.join(re.escape(name) for name in sorted(_CAPITALS, key=len, reverse=True))})(?!\w)")

ABOUT_MOSCOW = (
    "Москва - столица России, крупнейший город страны и один из крупнейших городов мира по численности населения. "
    "Основана в XII веке. Москва является политическим, экономическим и культурным центром России. "
    "В городе находятся многочисленные исторические памятники, музеи, театры и другие достопримечательности."
)

_TELL = re.compile(r"расскаж|опиши|tell me|describe|about this city", re.IGNORECASE)
_STEPS = re.compile(r"step by step|шаг за шагом|рассужд", re.IGNORECASE)
# The word that is to stand before the answer, told in quotes: end with a line “Answer: …”.
_MARKER = re.compile(r"[\"'«“](\w+:)")
_NAME_ONLY = re.compile(r"только|only|just the name|одним словом|one word", re.IGNORECASE)


def answer(messages: list[Message], model: str) -> str:
    """The model's words for a conversation, in the language of its last user message."""
    question = next((text_of(m) for m in reversed(messages) if m.get("role") == "user"), "")
    if "echo" in model:
        return question
    russian = is_russian(question)
    country = country_in(reversed([text_of(m) for m in messages]))
    if country is None:
        return "Не знаю такой страны." if russian else "I do not know this country."
    if _TELL.search(question):
        return _description(country, russian)
    return _phrase(country, messages, model, russian)


def country_in(texts: Iterable[str]) -> Country | None:
    """The first country (or capital, for follow-up questions) named in the texts, taken in their order."""
    for text in texts:
        lower = text.lower()
        for country in COUNTRIES:
            names = (country.ru, country.genitive_ru, country.en, country.capital_ru, country.capital_en)
            if any(re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", lower) for name in names):
                return country
        if found := _WORLD.search(lower):
            row = _CAPITALS[found[1]]
            return Country(row["country"], row["country"], row["capital"], row["capital"], row["country"])
    return None


def is_russian(text: str) -> bool:
    return bool(re.search("[А-Яа-яЁё]", text))


def text_of(message: Message) -> str:
    """The text of a message whose content is a string, a list of parts, or nothing."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def _phrase(country: Country, messages: list[Message], model: str, russian: bool) -> str:
    capital = country.capital_ru if russian else country.capital_en
    if "wrong" in model:
        capital = (country.mistake_ru if russian else country.mistake_en) or capital
    if "chatty" in model:
        return (
            f"Столица {country.genitive_ru} — {capital}." if russian else f"The capital of {country.en} is {capital}."
        )
    asked = " ".join(text_of(m) for m in messages)
    if _STEPS.search(asked) and (marker := _MARKER.search(asked)):
        name = country.ru if russian else country.en
        return f"{name}: {'вспомню крупные города' if russian else 'I recall its large cities'}.\n{marker[1]} {capital}"
    # A system message that does not ask for the bare name makes a conversation, and in one models write sentences.
    system = " ".join(text_of(m) for m in messages if m.get("role") == "system")
    in_sentences = bool(system) and not _NAME_ONLY.search(asked)
    return f"{capital}." if in_sentences or "full-stop" in model else capital


def _description(country: Country, russian: bool) -> str:
    if not russian:
        return f"{country.capital_en} is the capital of {country.en}, its political and cultural centre."
    if country.capital_ru == "Москва":
        return ABOUT_MOSCOW
    return f"{country.capital_ru} - столица {country.genitive_ru}, политический и культурный центр страны."
