from django.urls import path

from portal.accounts import views
from portal.accounts.api import Metrics

app_name = "accounts"
urlpatterns = [
    path("profile/", views.Profile.as_view(), name="profile"),
    path("profile/appearance/", views.Appearance.as_view(), name="appearance"),
    path("profile/tokens/", views.Tokens.as_view(), name="tokens"),
    path("profile/tokens/<int:pk>/revoke/", views.RevokeToken.as_view(), name="revoke-token"),
    path("welcome/<str:key>/", views.AcceptInvitation.as_view(), name="accept"),
    path("suggest/people/", views.SuggestPeople.as_view(), name="suggest"),
    path("admin/people/", views.People.as_view(), name="people"),
    path("admin/people/invite/", views.InvitePerson.as_view(), name="invite"),
    path("admin/people/<slug:username>/", views.PersonDetail.as_view(), name="person"),
    path("admin/people/<slug:username>/active/", views.SetActive.as_view(), name="set-active"),
    path("admin/people/<slug:username>/erase/", views.ErasePerson.as_view(), name="erase"),
    path("admin/memberships/<int:pk>/end/", views.EndMembership.as_view(), name="end-membership"),
    path("admin/units/add/", views.AddUnit.as_view(), name="add-unit"),
    path("admin/organisation/", views.EditOrganisation.as_view(), name="organisation"),
    path("metrics", Metrics.as_view(), name="metrics"),
]
