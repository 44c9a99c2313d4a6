"""Many writers of one connection at once, through a real port."""

from concurrent.futures import ThreadPoolExecutor

from accounts.models import AuditEntry
from llm.models import LlmConnection
from tests.conftest import Server

THREADS = 8


def test_one_makes_it_and_the_others_replace_it(server: Server) -> None:
    def put(number: int) -> int:
        with server.http as http:
            body = {
                "provider": "openai",
                "adapter": "openai",
                "secretKey": "sk-0123456789",
                "customModels": [str(number)],
            }
            return http.put("/llm-connections", json=body).status_code

    with ThreadPoolExecutor(THREADS) as threads:
        assert sorted(threads.map(put, range(THREADS))) == [200] * (THREADS - 1) + [201]
    made = LlmConnection.objects.get()
    entries = AuditEntry.objects.filter(subject_type="llm_connection").order_by("id")
    assert [entry.action for entry in entries] == ["create"] + ["update"] * (THREADS - 1)
    assert entries.last().after["customModels"] == made.custom_models
