"""Which tests pytest-xdist keeps on one worker.

The tests of one SDK read one story, which takes seconds to tell, and those of some files share what takes seconds to
make: they stay together. Every other test goes wherever there is room. (`--dist loadgroup` is meant for this, but
pytest-xdist 3.8 cannot name groups under pytest 9.2.)
"""

import re
from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling
from xdist.workermanage import WorkerController

STORY = re.compile(r"\[(py\d|js\d)[-\]]")
# A server, a browser, a house, a venv: made once for the tests of a file.
FILES = re.compile(
    r"tests/(sdk/|contract/|browser/|house/test_(up|installing)|accounts/test_sso|tracing/media/test_s3|test_translations)"
)
# A minute and more, for one test: given out with the last ones, all workers would wait for it.
LONGEST = "tests/browser/test_experiment_walk.py"


class ByStory(LoadScopeScheduling):
    """Units of work are stories, some files and single tests; the largest are given out first."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if LONGEST in self.workqueue:
            self.workqueue.move_to_end(LONGEST, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/sdk/") and (told := STORY.search(nodeid)):
            return told[1]
        return nodeid.partition("::")[0] if FILES.match(nodeid) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStory:
    return ByStory(config, log)
