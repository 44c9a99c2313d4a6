"""Many writers at once, through a real port."""

from concurrent.futures import ThreadPoolExecutor

from prompts.models import LabelMove, PromptLabel, PromptVersion
from tests.prompts.casting import text_prompt

THREADS = 20


def test_twenty_creations_at_once_make_twenty_versions(server) -> None:
    def post(number: int) -> tuple[int, int]:
        with server.http as http:
            response = http.post("/v2/prompts", json=text_prompt(prompt=f"text {number}", labels=["production"]))
        return response.status_code, response.json().get("version", 0)

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(post, range(THREADS)))
    assert {status for status, _ in answers} == {201}
    assert sorted(version for _, version in answers) == list(range(1, THREADS + 1))
    assert set(PromptVersion.objects.values_list("version", flat=True)) == set(range(1, THREADS + 1))
    standing = PromptLabel.objects.values_list("label", "version__version").order_by("label")
    assert list(standing) == [("latest", THREADS), ("production", THREADS)]
    moves = LabelMove.objects.filter(label="production").order_by("pk").values_list("from_version", "to_version")
    assert list(moves) == [(number - 1 or None, number) for number in range(1, THREADS + 1)]


def test_labels_moved_at_once_stand_on_one_version_each(server) -> None:
    with server.http as http:
        for number in range(4):
            http.post("/v2/prompts", json=text_prompt(prompt=str(number)))

    def patch(number: int) -> int:
        with server.http as http:
            path = f"/v2/prompts/greeting/versions/{number % 4 + 1}"
            return http.patch(path, json={"newLabels": ["production", f"l{number % 3}"]}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(patch, range(16))) == {200}
    labels = list(PromptLabel.objects.values_list("label", flat=True))
    assert sorted(labels) == ["l0", "l1", "l2", "latest", "production"]
    with server.http as http:
        answer = http.get("/v2/prompts/greeting").json()
    assert answer["version"] == PromptLabel.objects.get(label="production").version.version


def test_two_writers_cannot_close_a_circle_together(server) -> None:
    with server.http as http:
        for name in ("a", "b"):
            http.post("/v2/prompts", json=text_prompt(name, "x"))

    def post(names: tuple[str, str]) -> int:
        body = text_prompt(names[0], f"@@@langfusePrompt:name={names[1]}|label=latest@@@")
        with server.http as http:
            return http.post("/v2/prompts", json=body).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(post, [("a", "b"), ("b", "a")])) == [201, 400]
