"""Prompts and protected labels in the admin."""

import pytest

from prompts.models import ProtectedLabel
from tests.prompts.casting import create


def test_prompts_are_listed_read_only(api, other_api, project, alice, page_client) -> None:
    create(api, "dir/ours", tags=["t"])
    create(other_api, "theirs")
    client = page_client(alice)
    html = client.get(f"/project/{project.id}/admin/prompts/prompt/").content.decode()
    assert f'href="/project/{project.id}/prompts/dir/ours"' in html and "theirs" not in html
    assert client.get(f"/project/{project.id}/admin/prompts/prompt/add/").status_code == 403


def test_a_protection_is_lifted_through_the_verb(project, alice, page_client) -> None:
    row = ProtectedLabel.objects.create(project=project.project, label="production")
    address = f"/project/{project.id}/admin/prompts/protectedlabel/{row.pk}/delete/"
    assert page_client(alice).post(address, {"post": "yes"}).status_code == 302
    assert not ProtectedLabel.objects.exists()


@pytest.mark.parametrize("model", ["prompt", "protectedlabel"])
def test_a_stranger_finds_nothing(project, mallory, page_client, model) -> None:
    status = page_client(mallory).get(f"/project/{project.id}/admin/prompts/{model}/").status_code
    assert status in (403, 404)


def test_a_member_may_not_see_protections(project, bob, page_client) -> None:
    assert page_client(bob).get(f"/project/{project.id}/admin/prompts/protectedlabel/").status_code == 403
