"""`/unstable/skills`: versions of files for agents, by the newest SDK's own client and by hand."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from accounts.models import AuditEntry
from prompts.models import Skill, SkillBlob, SkillVersion
from tests.conftest import Api, Server
from tests.sdk import environments

pytestmark = pytest.mark.django_db

PATH = "unstable/skills"
SCRIPT = Path(__file__).with_name("skill_calls.py")


def main(name: str = "capitals", description: str = "Knows capitals", more: str = "") -> dict[str, str]:
    return {"path": "SKILL.md", "content": f"---\nname: {name}\ndescription: {description}\n{more}---\n\nПариж.\n"}


RUN = {"path": "scripts/run.py", "content": "print('é')\n"}


def hash_of(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def make(api: Api, *files: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = api.post(PATH, {"files": list(files), **fields})
    assert answer.status_code == 200, answer.content
    return answer.json()


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.content
    return body


def test_a_version_reads_back_with_its_files(api: Api) -> None:
    made = make(api, RUN, main(more="license: MIT\nmetadata:\n  since: 2026-01-01\n"), commitMessage="First")
    assert (made["name"], made["description"], made["version"]) == ("capitals", "Knows capitals", 1)
    assert made["frontmatter"]["metadata"] == {"since": "2026-01-01"}
    assert (made["commitMessage"], made["tags"], made["labels"]) == ("First", [], ["latest"])
    assert [file["path"] for file in made["files"]] == ["SKILL.md", "scripts/run.py"]
    run = made["files"][1]
    assert (run["sha256Hash"], run["contentLength"]) == (hash_of(RUN["content"]), len(RUN["content"].encode()))
    assert made["files"][0]["contentType"] == "text/markdown"
    assert api.get(f"{PATH}/capitals", version=1).json() == made
    assert api.get(f"{PATH}/capitals", label="latest").json() == made
    assert AuditEntry.objects.filter(subject_type="skill_version", action="create").count() == 1


def test_a_text_is_kept_once_and_can_be_named_by_its_hash(api: Api) -> None:
    first = make(api, main(), RUN)
    second = make(api, main(description="Better"), {"path": "run.py", "sha256Hash": hash_of(RUN["content"])})
    assert second["version"] == 2
    assert second["files"][1]["blobId"] == first["files"][1]["blobId"]
    assert SkillBlob.objects.count() == 3
    hashes = [file["sha256Hash"] for file in second["files"]]
    answer = api.get(f"{PATH}/files/content", sha256Hashes=",".join(hashes)).json()
    assert [one["sha256Hash"] for one in answer["data"]] == hashes
    assert answer["data"][1]["content"] == RUN["content"]


def test_labels_are_replaced_and_move(api: Api) -> None:
    for n in range(2):
        make(api, main(description=f"d{n}"))
    refused(api.get(f"{PATH}/capitals"), 404, "resource_not_found")
    one = api.patch(f"{PATH}/capitals/versions/1", {"labels": ["production", "stable"]}).json()
    assert one["labels"] == ["production", "stable"]
    assert api.get(f"{PATH}/capitals").json()["version"] == 1
    two = api.put(f"{PATH}/capitals/versions/2", {"labels": ["production", "latest"]}).json()
    assert two["labels"] == ["production", "latest"]
    assert api.get(f"{PATH}/capitals", version=1).json()["labels"] == ["stable"]
    assert api.patch(f"{PATH}/capitals/versions/1", {"labels": []}).json()["labels"] == []
    refused(api.patch(f"{PATH}/capitals/versions/1", {"labels": ["latest"]}), 400, "invalid_body")
    refused(api.patch(f"{PATH}/capitals/versions/1", {"labels": ["Big Label"]}), 400, "invalid_body")
    refused(api.get(f"{PATH}/capitals", version=1, label="stable"), 400, "invalid_query")


def test_tags_belong_to_all_versions(api: Api) -> None:
    make(api, main())
    make(api, main())
    assert api.patch(f"{PATH}/capitals", {"tags": ["a", "b", "a"]}).json()["tags"] == ["a", "b"]
    assert api.get(f"{PATH}/capitals", version=1).json()["tags"] == ["a", "b"]
    assert api.patch(f"{PATH}/capitals", {"tags": []}).json()["tags"] == []
    refused(api.patch(f"{PATH}/capitals", {"tags": [""]}), 400, "invalid_body")
    refused(api.patch(f"{PATH}/nowhere", {"tags": []}), 404, "resource_not_found")


def test_skills_are_listed_with_their_latest_version(api: Api) -> None:
    for name in ("b", "a", "c"):
        make(api, main(name, f"About {name}"))
    make(api, main("a", "Newer"))
    api.patch(f"{PATH}/a/versions/1", {"labels": ["production"]})
    api.patch(f"{PATH}/b", {"tags": ["x"]})
    answer = api.get(PATH, limit=2).json()
    assert [row["name"] for row in answer["data"]] == ["a", "b"]
    assert (answer["data"][0]["latestVersion"], answer["data"][0]["productionVersion"]) == (2, 1)
    assert answer["data"][1]["productionVersion"] is None
    assert answer["meta"] == {"page": 1, "limit": 2, "totalItems": 3, "totalPages": 2, "hasNextPage": True}

    def names(**query: Any) -> list[str]:
        return [row["name"] for row in api.get(PATH, **query).json()["data"]]

    assert (names(name="a"), names(search="ABOUT"), names(tag="x")) == (["a"], ["b", "c"], ["b"])
    assert names(fromUpdatedAt="2020-01-01T00:00:00Z", toUpdatedAt="2021-01-01T00:00:00Z") == []
    refused(api.get(PATH, fromUpdatedAt="x"), 400, "invalid_query")
    refused(api.get(PATH, search="\0"), 400, "invalid_query")


def test_a_deleted_version_takes_its_texts_and_the_last_one_the_skill(api: Api) -> None:
    make(api, main(), RUN)
    make(api, main())
    assert api.delete(f"{PATH}/capitals/versions/1").json() == {"deleted": True}
    assert SkillBlob.objects.count() == 1
    for version in ("1", "-1", "0", "x", "9" * 30, "%00"):
        refused(api.delete(f"{PATH}/capitals/versions/{version}"), 404, "resource_not_found")
    assert api.delete(f"{PATH}/capitals/versions/2").status_code == 200
    assert not Skill.objects.exists()
    assert not SkillBlob.objects.exists()


@pytest.mark.parametrize(
    "files",
    [
        [],
        [RUN],
        [main(), main()],
        [main(), {"path": "a"}],
        [main(), {"path": "a", "content": "x", "sha256Hash": "y"}],
        [main(), {"path": "a", "sha256Hash": hash_of("nowhere")}],
        [main(), {"path": "a", "sha256Hash": "\0"}],
        [main(), {"path": "a", "content": "\0"}],
        [main(), {"path": "../a", "content": "x"}],
        [main(), {"path": "/a", "content": "x"}],
        [main(), {"path": "", "content": "x"}],
        [main(), {"path": "a\\b", "content": "x"}],
        [main(), {"path": "x" * 501, "content": "x"}],
        [main("Big Name")],
        [main("x" * 65)],
        [main("''")],
        [main(description="''")],
        [main(description="x" * 1025)],
        [main(more="bad: [\n")],
        [main(more="a: &a [1]\nb: *a\n")],
        [main(more="a: .nan\n")],
        [main(more="a: !!binary aGVsbG8=\n")],
        [main(more='a: "\\0"\n')],
        [main(more='a: "\\ud800"\n')],
        [main(more=f"a: {'[' * 5000}\n")],
        [main(more=f"a: {'x' * 20_000}\n")],
        [{"path": "SKILL.md", "content": "no front matter"}],
        [{"path": "SKILL.md", "content": "---\n- a list\n---\n"}],
    ],
)
def test_what_is_no_skill_is_refused_and_leaves_nothing(api: Api, files: Any) -> None:
    refused(api.post(PATH, {"files": files}), 400, "invalid_body")
    assert not Skill.objects.exists()
    assert not SkillBlob.objects.exists()


@pytest.mark.parametrize("query", [{}, {"sha256Hashes": ","}, {"sha256Hashes": ",".join("abc" * 20)}])
def test_one_to_fifty_hashes_are_asked_for(api: Api, query: dict[str, str]) -> None:
    refused(api.get(f"{PATH}/files/content", **query), 400, "invalid_query")


def test_others_find_nothing_and_their_texts_are_theirs(api: Api, other_api: Api) -> None:
    made = make(api, main(), RUN)
    api.patch(f"{PATH}/capitals/versions/1", {"labels": ["production"]})
    for answer in (
        other_api.get(f"{PATH}/capitals"),
        other_api.patch(f"{PATH}/capitals", {"tags": []}),
        other_api.patch(f"{PATH}/capitals/versions/1", {"labels": []}),
        other_api.delete(f"{PATH}/capitals/versions/1"),
        other_api.get(f"{PATH}/files/content", sha256Hashes=made["files"][0]["sha256Hash"]),
    ):
        refused(answer, 404, "resource_not_found")
    refused(
        other_api.post(PATH, {"files": [main(), {"path": "a", "sha256Hash": hash_of(RUN["content"])}]}),
        400,
        "invalid_body",
    )
    assert other_api.get(PATH).json()["data"] == []
    assert make(other_api, main())["version"] == 1
    assert SkillVersion.objects.count() == 2


@pytest.mark.sdk
@pytest.mark.timeout(120)
def test_the_sdk_reads_what_it_made(server: Server) -> None:
    if reason := environments.why_impossible("py5"):
        pytest.skip(reason)
    done = subprocess.run(
        [*environments.command("py5"), str(SCRIPT), server.url, server.keys.public_key, server.keys.secret_key],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={"PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {
        "made": [1, ["SKILL.md", "run.py"]],
        "again": [2, "print(1)"],
        "labelled": ["production", "latest"],
        "fetched": 2,
        "tags": ["x"],
        "listed": [["capitals"], False],
        "deleted": True,
        "refused": [404, "resource_not_found"],
    }
