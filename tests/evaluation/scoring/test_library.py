"""The library of judges: every template can be started as it is, in both languages."""

import re

import pytest

from accounts.authors import Author
from common.errors import NotFound
from evaluation import evaluators, library
from evaluation.definitions import definition_of
from evaluation.scoring.judging import is_pairwise
from tests.conftest import Keys

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", library.LANGUAGES)
def test_every_template_becomes_an_evaluator(project: Keys, language: str) -> None:
    templates = library.all_of(language)
    for template in templates:
        draft = evaluators.Draft(name=template.name, description=template.about, definition=template.definition)
        made = evaluators.create(project.id, draft, Author())
        stored = definition_of(evaluators.latest([made.pk])[made.pk])
        assert stored.messages == template.definition.messages  # type: ignore[union-attr]
        assert (made.name, made.description) == (template.name, template.about)
        words = " ".join([template.name, template.about, *(text for _role, text in template.definition.messages)])
        assert bool(re.search("[а-яё]", words)) is (language == "ru"), template.key
    assert len({template.name for template in templates}) == len(templates) >= 10
    assert [one.key for one in templates if is_pairwise(one.definition)] == ["preference"]


def test_both_languages_ask_for_the_same() -> None:
    for english, russian in zip(library.all_of("en"), library.all_of("ru"), strict=True):
        assert english.definition.variables == russian.definition.variables
        assert english.definition.output.categories == russian.definition.output.categories
    assert {path.stem for path in library.FOLDER.glob("*.yaml")} == set(library.ORDER)
    with pytest.raises(NotFound):
        library.template("../secrets", "en")
