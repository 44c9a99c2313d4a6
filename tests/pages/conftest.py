from tests.tracing.api.conftest import write
from tests.tracing.pages.conftest import bobs, visit

__all__ = ["bobs", "visit", "write"]
