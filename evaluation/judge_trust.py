"""Whether a judge's numbers may be believed: its scores held against people's scores of the same things."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

from datasets.decided import counting, is_decided
from datasets.models import DatasetRunItem
from datasets.statistics.estimates import Estimate
from datasets.statistics.intervals import paired_difference
from evaluation.agreement.ratings import Coefficient
from evaluation.agreement.shares import exact_share
from evaluation.said import value_of
from tracing.filters import Filter
from tracing.models.configured import ScoreConfig
from tracing.records import Score
from tracing.store import store
from tracing.store.base import Cursor, ScoreQuery

# People's scores read at most, the newest first, and ids per question to the store.
MOST = 5000
CHUNK = 500
# Numbers of more different values than this are put into so many classes for the matrix.
FEW, CLASSES = 10, 5
WORST = 20
NUMBERS = ("NUMERIC", "BOOLEAN")


class Place(NamedTuple):
    """What a score is a score of."""

    trace_id: str
    observation_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that the judge and people scored; `people` is how many, 0 where a third person decided."""

    place: Place
    judge: float | str
    human: float | str
    people: int
    boolean: bool = False

    @property
    def gap(self) -> float:
        """How far they are apart; 1 for two labels."""
        if isinstance(self.judge, str) or isinstance(self.human, str):
            return float(self.judge != self.human)
        return abs(self.judge - self.human)


@dataclass(frozen=True, slots=True)
class Trust:
    """A judge against people. `shift` is the mean of judge minus people, None for labels; `boolean`: all say yes or no.

    `matrix[i][j]` counts things that people put into `classes[i]` and the judge into `classes[j]`. `undecided` are
    things about which people were split evenly: they are left out.
    """

    score: str
    human: str
    n: int
    undecided: int
    agreement: Coefficient
    kappa: Coefficient
    weighted: bool
    boolean: bool
    shift: Estimate | None
    classes: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    worst: tuple[Pair, ...]

    @property
    def classed(self) -> bool:
        """Whether numbers were put into classes: then agreement means to be in the same one."""
        return self.shift is not None and "…" in self.classes[0]

    @property
    def shifted(self) -> bool:
        """Whether the interval of the shift leaves out zero: the judge is too mild or too strict."""
        found = self.shift
        return bool(found and found.low is not None and found.high is not None and (found.low > 0 or found.high < 0))


def human_names(project_id: str, score: str) -> list[str]:
    """The score configs that people may have scored by, the one of the judge's own name first."""
    known = ScoreConfig.objects.filter(project_id=project_id).exclude(data_type="TEXT")
    names = sorted(set(known.values_list("name", flat=True)), key=str.lower)
    return sorted(names, key=lambda name: name != score)


def trust(
    project_id: str, score: str, *, human: str = "", dataset_id: str = "", run_ids: Sequence[str] = ()
) -> Trust | None:
    """The judge's scores of this name (source EVAL or API) against people's (source ANNOTATION) of the name `human`,
    else of the same name. `dataset_id` and `run_ids` restrict it to the answers of runs.

    People are one voice: the decision of a third person where there is one, else the mean of their numbers or the
    label of most of them. None without a thing that both have scored in the same kind of value.
    """
    if "\0" in score + human + dataset_id + "".join(run_ids):
        return None
    human = human or score
    within = _traces_of(project_id, dataset_id, run_ids) if dataset_id or run_ids else None
    peoples = _read(project_id, human, ("ANNOTATION",), within)
    if not peoples:
        return None
    traces = {one.trace_id for one in peoples if one.trace_id}
    sessions = {one.session_id for one in peoples if one.session_id}
    judges = [*_read(project_id, score, ("EVAL", "API"), traces), *_read_sessions(project_id, score, sessions)]
    return compare(score, human, peoples, judges)


def compare(score: str, human: str, peoples: Iterable[Score], judges: Iterable[Score]) -> Trust | None:
    """The same over scores that were read."""
    pairs, undecided = _pairs(peoples, judges)
    if not pairs:
        return None
    # Imported here: brings numpy, scipy, statsmodels and pandas.
    from evaluation.agreement.kappa import cohen

    numeric = not isinstance(pairs[0].judge, str)
    sides = _classed(pairs) if numeric else [(str(pair.human), str(pair.judge)) for pair in pairs]
    classes = list(dict.fromkeys(value for pair in sides for value in pair))
    classes.sort(key=_order)
    counted = Counter(sides)
    weighted = numeric and len(classes) > 2
    shift = None
    if numeric:
        shift = paired_difference([float(pair.human) for pair in pairs], [float(pair.judge) for pair in pairs])
    return Trust(
        score=score,
        human=human,
        n=len(pairs),
        undecided=undecided,
        agreement=exact_share([{"people": theirs, "judge": its} for theirs, its in sides]),
        kappa=cohen(sides, weighted=weighted, categories=classes),
        weighted=weighted,
        boolean=numeric and all(pair.boolean for pair in pairs),
        shift=shift,
        classes=tuple(classes),
        matrix=tuple(tuple(counted[theirs, its] for its in classes) for theirs in classes),
        worst=tuple(sorted((pair for pair in pairs if pair.gap > 0), key=lambda pair: -pair.gap)[:WORST]),
    )


def _pairs(peoples: Iterable[Score], judges: Iterable[Score]) -> tuple[list[Pair], int]:
    """What both scored, in the same kind of value, and about how many things people were split."""
    theirs: dict[Place, list[Score]] = defaultdict(list)
    for score in peoples:
        theirs[_place(score)].append(score)
    newest: dict[Place, Score] = {}
    for score in sorted(judges, key=lambda one: (one.timestamp, one.id)):
        newest[_place(score)] = score
    # A judge may score the trace and people its only answer, or the other way round: the same thing.
    alone, counted = _alone(newest), Counter(place.trace_id for place in theirs)
    pairs, undecided = [], 0
    for place, scores in theirs.items():
        its = newest.get(place) or (alone.get(place.trace_id) if counted[place.trace_id] == 1 else None)
        if its is None or (its.data_type in NUMBERS) != (scores[0].data_type in NUMBERS):
            continue
        value, judged = _one_voice(scores), value_of(its)
        if value is None or judged is None:
            undecided += value is None
            continue
        people = 0 if any(map(is_decided, scores)) else len(scores)
        boolean = its.data_type == scores[0].data_type == "BOOLEAN"
        pairs.append(Pair(place, judged, value, people, boolean))
    return pairs, undecided


def _one_voice(scores: Sequence[Score]) -> float | str | None:
    """What people say together; None where they are split evenly."""
    values = [value for score in counting(scores) if (value := value_of(score)) is not None]
    if not values:
        return None
    if scores[0].data_type == "NUMERIC":
        return fmean(float(value) for value in values)
    counted = Counter(values).most_common(2)
    return None if len(counted) == 2 and counted[0][1] == counted[1][1] else counted[0][0]


def _classed(pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    """Numbers as classes: themselves while they are few, else equal steps from the lowest to the highest."""
    values = sorted({float(value) for pair in pairs for value in (pair.human, pair.judge)})
    if len(values) <= FEW:
        return [(f"{float(pair.human):.15g}", f"{float(pair.judge):.15g}") for pair in pairs]
    low, high = values[0], values[-1]
    step = (high - low) / CLASSES

    def named(value: float | str) -> str:
        number = min(CLASSES - 1, int((float(value) - low) / step))
        return f"{low + number * step:.3g}…{low + (number + 1) * step:.3g}"

    return [(named(pair.human), named(pair.judge)) for pair in pairs]


def _order(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name.partition("…")[0]), name
    except ValueError:
        return 1, 0.0, name


def _place(score: Score) -> Place:
    return Place(score.trace_id or "", score.observation_id or "", score.session_id or "")


def _alone(judged: Mapping[Place, Score]) -> dict[str, Score]:
    """The judge's score of each trace in which it has scored a single thing."""
    counted = Counter(place.trace_id for place in judged)
    return {place.trace_id: score for place, score in judged.items() if place.trace_id and counted[place.trace_id] == 1}


def _traces_of(project_id: str, dataset_id: str, run_ids: Sequence[str]) -> set[str]:
    links = DatasetRunItem.objects.filter(project_id=project_id)
    if dataset_id:
        links = links.filter(run__dataset_id=dataset_id)
    if run_ids:
        links = links.filter(run__run_id__in=run_ids)
    return set(links.order_by("-created_at").values_list("trace_id", flat=True)[: 4 * MOST])


def _read(project_id: str, name: str, sources: tuple[str, ...], traces: set[str] | None) -> list[Score]:
    """The scores of a name, from these sources, of these traces (None: the newest of all)."""
    filters = (Filter("stringOptions", "name", "any of", (name,)), Filter("stringOptions", "source", "any of", sources))
    if traces is None:
        query = ScoreQuery(project_id=project_id, filters=filters, window=Cursor(limit=MOST))
        return list(store().scores(query).rows)
    found: list[Score] = []
    ids = sorted(traces)
    for begin in range(0, len(ids), CHUNK):
        some = tuple(ids[begin : begin + CHUNK])
        found += store().scores(ScoreQuery(project_id=project_id, filters=filters, trace_ids=some, window=None)).rows
    return found


def _read_sessions(project_id: str, name: str, sessions: set[str]) -> list[Score]:
    if not sessions:
        return []
    named = Filter("stringOptions", "name", "any of", (name,))
    judged = Filter("stringOptions", "source", "any of", ("EVAL", "API"))
    query = ScoreQuery(project_id=project_id, filters=(named, judged), session_ids=tuple(sorted(sessions)), window=None)
    return list(store().scores(query).rows)
