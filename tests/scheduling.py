"""Which tests pytest-xdist keeps on one worker.

The tests of one SDK read one story, which takes seconds to tell, those of a whole PromptLab share one house, those of
the contract one server, and those of pages one browser for each file: they stay together. Every other test goes
wherever there is room. (`--dist loadgroup` is meant for this, but pytest-xdist 3.8 cannot name groups under pytest
9.2.)
"""

import re
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

STORY = re.compile(r"\[(py\d|js\d)[-\]]")


class ByStory(LoadScopeScheduling):
    """Units of work are stories and single tests; the largest are given out first."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/house/test_up.py"):  # one house, which takes seconds to start
            return "tests/house/test_up.py"
        if nodeid.startswith(("tests/contract/", "tests/browser/")):  # a server or a browser for each file
            return nodeid.partition("::")[0]
        if not nodeid.startswith("tests/sdk/"):
            return nodeid
        told = STORY.search(nodeid)
        return told[1] if told else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStory:
    return ByStory(config, log)
