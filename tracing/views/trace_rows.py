"""The rows of the list of traces, as HTML: written here and not by a template, which takes five times as long for them
as for the rest of the page (docs/performance.md)."""

from collections.abc import Mapping, Sequence

from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common.addresses import addresses
from common.markup import filled, joined
from common.templatetags.promptlab import count, duration, icon, moment, money, score_badge, shortened
from tracing.records import Score, Trace

SHOWN_SCORES = 4

_ROW = """<tr class="link" data-id="{id}" data-at="{at}" data-version="{written}">
      {check}
      <td data-column="timestamp">{moment}</td>
      <td class="name" data-column="name"><a class="row-link" href="{url}">{name}</a>{bookmark}</td>
      <td class="preview" data-column="input">{input}</td>
      <td class="preview" data-column="output">{output}</td>
      <td data-column="level">{level}</td>
      <td class="number" data-column="latency">{latency}</td>
      <td class="number" data-column="totalTokens">{tokens}</td>
      <td class="number" data-column="totalCost">{cost}</td>
      <td data-column="scores"><span class="badges">{scores}{more_scores}</span></td>
      <td data-column="user">{user}</td>
      <td data-column="session">{session}</td>
      <td data-column="tags"><span class="badges">{tags}</span></td>
      <td data-column="environment" class="nowrap">{environment}</td>
      <td data-column="version">{version}</td>
      <td data-column="release">{release}</td>
    </tr>"""
_CHECK = '<td class="check"><input type="checkbox" name="id" value="{}" data-check aria-label="{} {}"></td>'
_TAG = '<span class="badge outline">{}</span>'
_LINK = '<a class="nowrap" href="{}">{}</a>'


def trace_rows(
    traces: Sequence[Trace], scores: Mapping[str, Sequence[Score]], here: QueryDict, *, may_choose: bool
) -> list[SafeString]:
    """A row for each trace; `here` is the query of the page, which a click on a user narrows."""
    trace_at, session_at, narrowed = addresses("trace"), addresses("session"), _without_user(here)
    choose = _("Choose")
    rows = []
    for trace in traces:
        name, given = trace.name or trace.id, scores.get(trace.id, ())
        user_id, session_id = trace.user_id, trace.session_id
        rows.append(
            filled(
                _ROW,
                id=trace.id,
                at=trace.timestamp.isoformat(),
                written=trace.updated_at.isoformat(),
                check=filled(_CHECK, trace.id, choose, name) if may_choose else "",
                moment=moment(trace.timestamp),
                url=trace_at(trace.id),
                name=name,
                bookmark=filled(" {}", icon("bookmark")) if trace.bookmarked else "",
                input=shortened(trace.input_preview or "", 120),
                output=shortened(trace.output_preview or "", 120),
                level=filled('<span class="badge {0}">{0}</span>', trace.level) if trace.level != "DEFAULT" else "",
                latency=duration(trace.latency),
                tokens=count(trace.total_tokens or None),
                cost=money(trace.total_cost),
                scores=joined([score_badge(score) for score in given[:SHOWN_SCORES]]),
                more_scores=_more(len(given) - SHOWN_SCORES),
                user=filled(_LINK, narrowed + urlencode({"user": user_id}), shortened(user_id, 24)) if user_id else "",
                session=filled(_LINK, session_at(session_id), shortened(session_id, 20)) if session_id else "",
                tags=joined([filled(_TAG, tag) for tag in trace.tags]),
                environment=trace.environment,
                version=trace.version or "",
                release=trace.release or "",
            )
        )
    return rows


def _more(hidden: int) -> SafeString | str:
    return filled('<span class="badge">+{}</span>', hidden) if hidden > 0 else ""


def _without_user(here: QueryDict) -> str:
    """The address of this list, from its beginning, up to where a user is to be named."""
    rest = here.copy()
    for name in ("user", "cursor", "back", "page"):
        rest.pop(name, None)
    return f"?{rest.urlencode()}&" if rest else "?"
