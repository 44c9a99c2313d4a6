"""What the routes of `urls.py` take and answer."""

from accounts.api import answers, scim_operations
from accounts.api.feedback import FeedbackBody
from accounts.api.shapes import KeyBody, MembershipBody, MembershipDeletionBody, ProjectBody
from common.api.describing import Done, Group, Operation

GROUPS = (
    Group(
        "Projects",
        (
            Operation("GET", "/projects", "Read the key's project; how clients check their keys.", answers.Projects),
            Operation(
                "POST",
                "/projects",
                "Make a project.",
                answers.Project,
                body=ProjectBody,
                key="organization",
                differs="`retention` may be left out: data is then kept for ever.",
            ),
            Operation(
                "PUT",
                "/projects/{projectId}",
                "Change a project.",
                answers.Project,
                body=ProjectBody,
                key="organization",
            ),
            Operation(
                "DELETE", "/projects/{projectId}", "Delete a project.", answers.ProjectDeleted, 202, key="organization"
            ),
            Operation(
                "GET", "/projects/{projectId}/apiKeys", "List a project's keys.", answers.Keys, key="organization"
            ),
            Operation(
                "POST",
                "/projects/{projectId}/apiKeys",
                "Make a key, or take a given one.",
                answers.NewKey,
                body=KeyBody,
                key="organization",
            ),
            Operation(
                "DELETE", "/projects/{projectId}/apiKeys/{apiKeyId}", "Withdraw a key.", Done, key="organization"
            ),
        ),
    ),
    Group(
        "Organizations",
        (
            Operation(
                "GET",
                "/organizations/projects",
                "List the organization's projects.",
                answers.OrganizationProjects,
                key="organization",
            ),
            Operation(
                "GET", "/organizations/apiKeys", "List the organization's keys.", answers.Keys, key="organization"
            ),
            Operation("GET", "/organizations/memberships", "List members.", answers.Memberships, key="organization"),
            Operation(
                "PUT",
                "/organizations/memberships",
                "Give a person a role.",
                answers.Membership,
                body=MembershipBody,
                key="organization",
            ),
            Operation(
                "DELETE",
                "/organizations/memberships",
                "End a membership.",
                answers.MembershipRemoved,
                body=MembershipDeletionBody,
                key="organization",
            ),
            Operation(
                "GET",
                "/projects/{projectId}/memberships",
                "List a project's members.",
                answers.Memberships,
                key="organization",
            ),
            Operation(
                "PUT",
                "/projects/{projectId}/memberships",
                "Give a person a role in a project.",
                answers.Membership,
                body=MembershipBody,
                key="organization",
            ),
            Operation(
                "DELETE",
                "/projects/{projectId}/memberships",
                "Take a person's role in a project back.",
                answers.MembershipRemoved,
                body=MembershipDeletionBody,
                key="organization",
            ),
        ),
    ),
    *scim_operations.GROUPS,
    Group(
        "Feedback",
        (
            Operation(
                "POST",
                "/feedback",
                "Tell whoever runs this PromptLab what is good and what is missing.",
                answers.FeedbackTaken,
                201,
                body=FeedbackBody,
            ),
        ),
    ),
)
