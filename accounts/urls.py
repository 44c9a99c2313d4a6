"""Pages. The settings are mounted below `/project/<id>/` by the project prefix; a person's own pages stand without it
(`accounts.middleware.PERSONAL`)."""

from django.urls import path, re_path

from accounts.views import audit_log, invitation, keys, members, organization, people, personal, saved_views, settings

VERB = r"(?P<verb>resend|link|revoke)$"

urlpatterns = [
    path("projects", personal.Projects.as_view(), name="projects"),
    path("organizations", personal.Organizations.as_view(), name="organizations"),
    path("organizations/<str:organization_id>/projects", personal.OrganizationProjects.as_view(), name="new_project"),
    path("account", personal.Account.as_view(), name="account"),
    path("account/people", people.People.as_view(), name="people"),
    path("account/people/<str:user_id>/deactivate", people.Activation.as_view(), name="deactivate_person"),
    path("account/people/<str:user_id>/reactivate", people.Activation.as_view(active=True), name="reactivate_person"),
    path("account/leave/<str:organization_id>", personal.Leaving.as_view(), name="leave"),
    path("account/invitations/<str:invitation_id>", personal.Acceptance.as_view(), name="accept_invitation"),
    path("invitations/<str:token>", invitation.InvitationPage.as_view(), name="invitation"),
    #
    path("settings", settings.General.as_view(), name="settings"),
    path("settings/delete", settings.Delete.as_view(), name="settings_delete"),
    path("settings/keys", keys.Keys.as_view(), name="settings_keys"),
    path("settings/keys/<str:key_id>/revoke", keys.KeyRevocation.as_view(), name="revoke_key"),
    path("settings/members", members.Members.as_view(), name="settings_members"),
    path("settings/members/<str:user_id>", members.MemberRole.as_view(), name="member_role"),
    path("settings/invitations", members.Invitations.as_view(), name="settings_invitations"),
    re_path(rf"^settings/invitations/(?P<invitation_id>[^/]+)/{VERB}", members.PendingInvitation.as_view()),
    path("settings/organization", organization.Organization.as_view(), name="settings_organization"),
    path(
        "settings/organization/members/<str:user_id>",
        organization.OrganizationMemberRole.as_view(),
        name="organization_member_role",
    ),
    path(
        "settings/organization/members/<str:user_id>/remove",
        organization.OrganizationMemberRemoval.as_view(),
        name="organization_member_removal",
    ),
    path(
        "settings/organization/invitations",
        organization.OrganizationInvitations.as_view(),
        name="settings_organization_invitations",
    ),
    re_path(
        rf"^settings/organization/invitations/(?P<invitation_id>[^/]+)/{VERB}",
        organization.OrganizationPendingInvitation.as_view(),
    ),
    path("settings/organization/keys", organization.OrganizationKeys.as_view(), name="settings_organization_keys"),
    path(
        "settings/organization/keys/<str:key_id>/revoke",
        organization.OrganizationKeyRevocation.as_view(),
        name="revoke_organization_key",
    ),
    path("views", saved_views.SavedViews.as_view(), name="saved_views"),
    path("views/<str:view_id>", saved_views.SavedViewPage.as_view(), name="saved_view"),
    path("views/<str:view_id>/delete", saved_views.SavedViewRemoval.as_view(), name="saved_view_removal"),
    path("settings/audit-log", audit_log.AuditLog.as_view(), name="settings_audit_log"),
]
