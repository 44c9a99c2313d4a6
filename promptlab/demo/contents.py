"""What the demo tells: the prompts, the dataset and the conversation of the tutorial, in the tutorial's words."""

from typing import Any

CONFIG = {"supported_languages": ["en", "ru"], "model": "demo-offline", "temperature": 0}

ASK = {"role": "user", "content": "Тебе нужно ответить только названием столицы этой страны: {{country}}"}
EXAMPLES = [
    {"role": "user", "content": "Тебе нужно ответить только названием столицы этой страны: Франция"},
    {"role": "assistant", "content": "Париж"},
    {"role": "user", "content": "Тебе нужно ответить только названием столицы этой страны: Россия"},
    {"role": "assistant", "content": "Москва"},
]
GEOGRAPHER = {"role": "system", "content": "Ты географ"}
REASONER = {
    "role": "system",
    "content": "Ты географ. Рассуждай по шагам, а в последней строке напиши только название столицы",
}

# In the order of their versions.
PROMPTS: list[dict[str, Any]] = [
    {
        "name": "test_1",
        "type": "text",
        "prompt": "Напиши столицу Франции",
        "labels": ["production"],
        "tags": ["capitals"],
        "config": CONFIG,
        "commitMessage": "Как в статье",
    },
    {
        "name": "test_2",
        "type": "chat",
        "prompt": [GEOGRAPHER, ASK],
        "labels": ["production", "zero-shot"],
        "tags": ["capitals"],
        "config": CONFIG,
        "commitMessage": "Zero-shot: только вопрос",
    },
    {
        "name": "test_2",
        "type": "chat",
        "prompt": [GEOGRAPHER, *EXAMPLES, ASK],
        "labels": ["production", "few-shot"],
        "config": CONFIG,
        "commitMessage": "Few-shot: два примера, чтобы не было точки в конце",
    },
    {
        "name": "test_2",
        "type": "chat",
        "prompt": [REASONER, ASK],
        "labels": ["chain-of-thought"],
        "config": CONFIG,
        "commitMessage": "Chain-of-thought: сначала рассуждение",
    },
]

DATASET = "Capitals"
ITEMS = [
    ("Италия", "Рим"),
    ("Испания", "Мадрид"),
    ("Бразилия", "Бразилиа"),
    ("Япония", "Токио"),
    ("Индия", "Нью-Дели"),
    ("Канада", "Оттава"),
    ("Южная Корея", "Сеул"),
    ("Аргентина", "Буэнос-Айрес"),
    ("Южная африка", "Претория"),
    ("Египет", "Каир"),
]

# Run name, the version of test_2 that it tries, what it is about, how many days ago it ran.
RUNS = [
    ("Determining the capital of a country", 1, "Zero-shot: модель ставит точку, и точное сравнение её наказывает", 2),
    ("Determining the capital of a country, few-shot", 2, "Few-shot: примеры показывают, в каком виде отвечать", 1),
]

CHAT_SYSTEM = {
    "role": "system",
    "content": "Ты бот, который отвечает на вопросы о географии. Отвечай кратко и четко.",
}
CHAT = [
    "Назови столицу России",
    "Расскажи кратко про этот город",
    "Какая река через него течёт?",
    "Сколько там живёт людей?",
    "Назови столицу Атлантиды",
]

SCORE_CONFIGS: list[dict[str, Any]] = [
    {
        "name": "quality",
        "dataType": "NUMERIC",
        "minValue": 1,
        "maxValue": 10,
        "description": "Насколько хорош ответ, от 1 до 10",
    },
    {
        "name": "tone",
        "dataType": "CATEGORICAL",
        "categories": [
            {"value": 1, "label": "Положительный"},
            {"value": 0, "label": "Нейтральный"},
            {"value": -1, "label": "Отрицательный"},
        ],
        "description": "Тон ответа",
    },
    {"name": "correct", "dataType": "BOOLEAN", "description": "Верен ли ответ по существу"},
]
