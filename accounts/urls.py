"""The account pages, under /accounts/."""

from __future__ import annotations

from django.urls import path

from accounts.views import close_account, oauth, password_reset, profile, sign_in, sign_in_methods

app_name = "accounts"
urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("guest/", sign_in.Guest.as_view(), name="guest"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("register/", sign_in.Register.as_view(), name="register"),
    path("password/", sign_in.PasswordChange.as_view(), name="password"),
    path("reset/", password_reset.Reset.as_view(), name="reset"),
    path("reset/<uidb64>/<token>/", password_reset.ResetConfirm.as_view(), name="reset-confirm"),
    path("oauth/newcomer/", oauth.OAuthSignUp.as_view(), name="newcomer"),
    path("oauth/<slug:slug>/", oauth.OAuthStart.as_view(), name="oauth-leave"),
    path("oauth/<slug:slug>/done/", oauth.OAuthCallback.as_view(), name="oauth-back"),
    path("oauth/<slug:slug>/link/", oauth.Link.as_view(), name="oauth-link"),
    path("oauth/<slug:slug>/unlink/", oauth.Unlink.as_view(), name="oauth-unlink"),
    path("profile/", profile.Profile.as_view(), name="profile"),
    path("profile/picture/", profile.Avatar.as_view(), name="avatar"),
    path("ways-in/", sign_in_methods.WaysIn.as_view(), name="ways-in"),
    path("ways-in/devices/all/", sign_in_methods.SignOutAll.as_view(), name="sign-out-all"),
    path("ways-in/devices/<int:device_id>/", sign_in_methods.SignOutDevice.as_view(), name="sign-out-device"),
    path("ways-in/email/", sign_in_methods.Email.as_view(), name="email"),
    path("ways-in/email/forget/", sign_in_methods.EmailForget.as_view(), name="email-forget"),
    path("ways-in/email/<str:proof>/", sign_in_methods.EmailConfirm.as_view(), name="email-confirm"),
    path("deactivate/", close_account.Deactivate.as_view(), name="deactivate"),
]
