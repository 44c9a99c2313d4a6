"""What a person sees of what people said: whoever may not read evaluations, their own judgements alone.

An annotator who knew what the others said would no longer judge independently. Pages that read scores pass `only_by` to
the store; those that sum scores up (runs, comparisons, dashboards) are closed to annotators as a whole.
"""

from django.http import HttpRequest

from accounts.memberships import Member

# The permission to know what others said of answers, and what is summed up of it.
READ = "evaluation:read"


def only_by(request: HttpRequest) -> str | None:
    """For `ScoreQuery.people`: the id of the person who asks, None for those who see what everybody said."""
    member: Member = request.member  # type: ignore[attr-defined]
    return None if member.may(READ) else str(member.user.pk)
