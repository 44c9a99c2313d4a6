"""What people type into fields, and how a refusal names them."""

import pytest
from django import forms
from django.utils.translation import override

from common.decimals import DecimalField
from common.errors import Invalid
from common.wording import NAMES, called
from evaluation.texts import line


class Share(forms.Form):
    share = DecimalField(min_value=0, max_value=100)


@pytest.mark.parametrize(("typed", "meant"), [("12,5", 12.5), ("12.5", 12.5), ("12", 12.0), (" 0,5 ", 0.5)])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_number_is_typed_with_a_comma_or_a_point(typed: str, meant: float, language: str) -> None:
    with override(language):
        form = Share({"share": typed})
        assert form.is_valid(), form.errors
        assert form.cleaned_data["share"] == meant
        assert f'value="{typed}"' in str(form["share"])


@pytest.mark.parametrize("typed", ["100,1", "1,2,3", "many", "nan", ""])
def test_what_is_no_such_number_is_refused(typed: str) -> None:
    assert not Share({"share": typed}).is_valid()


def test_the_api_names_fields_as_its_clients_sent_them() -> None:
    with override("en"):
        assert [called(name) for name in NAMES] == list(NAMES)
        with pytest.raises(Invalid, match=r"^name must have 1 to 5 characters; it has 6\.$"):
            line("abcdef", "name", 5)
    assert called("models[0].name") == "models[0].name"
