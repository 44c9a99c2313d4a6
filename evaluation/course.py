"""How the work of a runner stands: what may still be asked, and of whom."""

from collections.abc import Collection
from dataclasses import dataclass, field

from evaluation import desk
from evaluation.database_thread import DatabaseThread
from evaluation.desk import Standing
from evaluation.models.experiments import Experiment
from evaluation.strikes import Strikes


@dataclass(slots=True, kw_only=True)
class Course:
    """`halted` are cells that wait, `silenced` evaluators (by their places, with the reason) that are not asked any
    more; `spent` is ahead of the database by what is paid and not yet recorded."""

    experiment_id: str
    database: DatabaseThread
    halted: set[int] = field(default_factory=set)
    silenced: dict[int, str] = field(default_factory=dict)
    strikes: Strikes = field(default_factory=Strikes)
    spent: float = 0.0
    cap: float | None = None
    is_draining: bool = False

    @property
    def may_ask(self) -> bool:
        """Whether anything more may be asked."""
        return not self.is_draining and (self.cap is None or self.spent < self.cap)

    def note(self, standing: Standing) -> None:
        """What the database says: another cap, or that it is over."""
        self.spent, self.cap = max(self.spent, standing.spent), standing.cost_cap
        if standing.status != Experiment.Status.RUNNING:
            self.is_draining = True

    async def halt(self, cells: Collection[int], reason: str) -> None:
        """Let cells wait until somebody has seen to it."""
        if not self.halted.issuperset(cells):
            self.halted.update(cells)
            await self.database.ask(desk.halt, cells, reason)

    async def silence(self, place: int, reason: str) -> None:
        """Ask an evaluator no more; answers are collected all the same."""
        if place not in self.silenced:
            self.silenced[place] = reason
            await self.database.ask(desk.silence, self.experiment_id, place, reason)
