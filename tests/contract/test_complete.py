"""The table of calls misses nothing of the contract, and nothing of what is served."""

from tests.contract import operations as promised
from tests.contract import ours
from tests.contract.calls import CALLS


def test_everything_promised_is_served() -> None:
    assert promised().keys() - ours.operations().keys() == set()


def test_every_operation_is_called() -> None:
    """Nothing is skipped: each operation has a row in the table that all tests of the contract go through."""
    called = [call.operation for call in CALLS]
    assert sorted(called) == sorted(set(called))
    assert set(called) == (promised().keys() | ours.operations().keys()) - {"GET /openapi.yml"}
