"""`/scores`: given one by one, or in a list by SDK 5; read in the shape of the first generation (api.md, section 7)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from common.api.parsing import read_body
from common.api.views import PublicView
from common.errors import Invalid, NotFound
from tracing import scores
from tracing.api.doors import Door
from tracing.api.params import path_id
from tracing.api.score_lists import list_scores, one_score
from tracing.api.serializing import score_v1
from tracing.deleting import delete
from tracing.ingestion import jsontext
from tracing.ingestion.event_bodies import ScoreBody
from tracing.ingestion.pipeline import store_changes
from tracing.records import Changes, ScoreChange
from tracing.rejected import Refusal
from tracing.store.base import Deletion


class PostedScore(ScoreBody, rename="camel"):
    timestamp: Any = None


_DECODER = msgspec.json.Decoder(PostedScore)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


class ScoresView(Door):
    """`GET, POST /scores`."""

    door = "scores"

    def get_permissions(self) -> Sequence[Any]:
        # Browsers give scores with the public key alone (wire notes, section 1).
        self.scope = "scores" if self.request.method == "POST" else "project"
        return super().get_permissions()

    def get(self, request: Request) -> Response:
        return list_scores(self.project_id, request, v1=True)

    def post(self, request: Request) -> Response:
        body = read_body(request)
        raw_scores = read_list(body)
        if body.lstrip()[:1] == b"[":
            answers = accept(self.project_id, raw_scores)
            refusals = [
                Refusal(answer.message, bytes(memoryview(raw)), event_type="score-create")
                for raw, answer in zip(raw_scores, answers, strict=True)
                if isinstance(answer, Invalid)
            ]
            self.tell(len(answers) - len(refusals), refusals)
            return _answer_list(answers)
        (checked,) = accept(self.project_id, raw_scores)
        if isinstance(checked, Invalid):
            raise checked
        self.tell(1)
        return Response({"id": checked.id})


def read_list(body: bytes) -> list[msgspec.Raw]:
    """The scores of a body, which is one or a list; raises ParseError for what is no JSON."""
    body = _sound(body)
    return _LIST.decode(body) if body.lstrip()[:1] == b"[" else [msgspec.Raw(body)]


def accept(project_id: str, raw_scores: Sequence[msgspec.Raw]) -> list[ScoreChange | Invalid]:
    """Store the good ones; answers what became of each, in the order sent."""
    read = [_read_or_refuse(raw) for raw in raw_scores]
    checked = iter(scores.resolve(project_id, [given for given in read if not isinstance(given, Invalid)]))
    answers = [given if isinstance(given, Invalid) else next(checked) for given in read]
    # The same score twice in a list: the later one holds.
    accepted = {answer.id: answer for answer in answers if isinstance(answer, ScoreChange)}
    if accepted:
        store_changes(project_id, Changes(scores=list(accepted.values())))
    return answers


def _answer_list(answers: Sequence[ScoreChange | Invalid]) -> Response:
    errors = [
        {"message": f"[{position}] {answer.message}"}
        for position, answer in enumerate(answers)
        if isinstance(answer, Invalid)
    ]
    if not errors:
        return Response({"message": "Accepted"}, status=202)
    return Response({"accepted": len(answers) - len(errors), "rejected": len(errors), "errors": errors}, status=207)


def _sound(body: bytes) -> bytes:
    """The body, mended where it holds characters that are no valid JSON; raises ParseError for anything else."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        mended = jsontext.mend(body)
        if mended is None:
            raise ParseError(f"The request body is not valid JSON: {error}.") from error
        return _sound(mended)
    if jsontext.deeper_than(body, jsontext.MAX_DEPTH):
        raise ParseError(f"The request body is nested deeper than {jsontext.MAX_DEPTH} levels.")
    return body


def _read_or_refuse(raw: msgspec.Raw) -> scores.ScoreInput | Invalid:
    try:
        return _read(raw)
    except Invalid as refusal:
        return refusal


def _read(raw: msgspec.Raw) -> scores.ScoreInput:
    try:
        values = msgspec.structs.asdict(_DECODER.decode(raw))
    except msgspec.ValidationError:
        raise Invalid("A score must be a JSON object with name, value and what it is about.") from None
    return scores.ScoreInput(**{**values, "metadata": jsontext.from_raw(values["metadata"])})


class ScoreView(PublicView):
    """`GET, DELETE /scores/{id}`."""

    def get(self, request: Request, score_id: str) -> Response:
        score = one_score(self.project_id, score_id)
        if score.trace_id is None or score.data_type == "CORRECTION":
            raise NotFound("Score not found within authorized project")
        return Response(score_v1(score))

    def delete(self, request: Request, score_id: str) -> Response:
        """Deleting twice is no fault: clients repeat requests whose answer got lost."""
        ids = (path_id(score_id, "Score"),)
        delete(Deletion(project_id=self.project_id, kind="scores", ids=ids))
        return Response({"message": "Score deleted successfully"}, status=202)
