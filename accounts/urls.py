"""The account pages, under /accounts/."""

from __future__ import annotations

from django.urls import path

from accounts.views import ending, oauth, profile, reset, sign_in, ways_in

app_name = "accounts"
urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("guest/", sign_in.Guest.as_view(), name="guest"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("register/", sign_in.Register.as_view(), name="register"),
    path("password/", sign_in.PasswordChange.as_view(), name="password"),
    path("reset/", reset.Reset.as_view(), name="reset"),
    path("reset/<uidb64>/<token>/", reset.ResetConfirm.as_view(), name="reset-confirm"),
    path("oauth/newcomer/", oauth.Newcomer.as_view(), name="newcomer"),
    path("oauth/<slug:slug>/", oauth.Leave.as_view(), name="oauth-leave"),
    path("oauth/<slug:slug>/done/", oauth.Back.as_view(), name="oauth-back"),
    path("oauth/<slug:slug>/link/", oauth.Link.as_view(), name="oauth-link"),
    path("oauth/<slug:slug>/unlink/", oauth.Unlink.as_view(), name="oauth-unlink"),
    path("profile/", profile.Profile.as_view(), name="profile"),
    path("profile/picture/", profile.Avatar.as_view(), name="avatar"),
    path("ways-in/", ways_in.WaysIn.as_view(), name="ways-in"),
    path("ways-in/devices/all/", ways_in.SignOutAll.as_view(), name="sign-out-all"),
    path("ways-in/devices/<int:device_id>/", ways_in.SignOutDevice.as_view(), name="sign-out-device"),
    path("ways-in/email/", ways_in.Email.as_view(), name="email"),
    path("ways-in/email/forget/", ways_in.EmailForget.as_view(), name="email-forget"),
    path("ways-in/email/<str:proof>/", ways_in.EmailConfirm.as_view(), name="email-confirm"),
    path("deactivate/", ending.Deactivate.as_view(), name="deactivate"),
]
