"""The account pages, under /accounts/."""

from __future__ import annotations

from django.urls import path

from accounts.views import (
    close_account,
    oauth,
    passkey_sign_in,
    passkeys,
    password_reset,
    profile,
    second_factor,
    second_step,
    sign_in,
    sign_in_methods,
)

app_name = "accounts"
urlpatterns = [
    path("login/", sign_in.SignInView.as_view(), name="login"),
    path("second-step/", second_step.SecondStepView.as_view(), name="second-step"),
    path("passkey/options/", passkey_sign_in.SignInOptionsView.as_view(), name="passkey-sign-in-options"),
    path("passkey/", passkey_sign_in.PasskeySignInView.as_view(), name="passkey-sign-in"),
    path("second-step/options/", passkey_sign_in.SecondStepOptionsView.as_view(), name="passkey-second-step-options"),
    path("second-step/passkey/", passkey_sign_in.PasskeySecondStepView.as_view(), name="passkey-second-step"),
    path("guest/", sign_in.GuestSignInView.as_view(), name="guest"),
    path("logout/", sign_in.SignOutView.as_view(), name="logout"),
    path("register/", sign_in.RegisterView.as_view(), name="register"),
    path("password/", sign_in.PasswordChangeView.as_view(), name="password"),
    path("reset/", password_reset.PasswordResetView.as_view(), name="reset"),
    path("reset/<uidb64>/<token>/", password_reset.SetNewPasswordView.as_view(), name="reset-confirm"),
    path("oauth/sign-up/", oauth.OAuthSignUpView.as_view(), name="oauth-sign-up"),
    path("oauth/<slug:slug>/", oauth.OAuthStartView.as_view(), name="oauth-start"),
    path("oauth/<slug:slug>/done/", oauth.OAuthCallbackView.as_view(), name="oauth-callback"),
    path("oauth/<slug:slug>/link/", oauth.OAuthLinkView.as_view(), name="oauth-link"),
    path("oauth/<slug:slug>/unlink/", oauth.OAuthUnlinkView.as_view(), name="oauth-unlink"),
    path("profile/", profile.ProfileView.as_view(), name="profile"),
    path("profile/picture/", profile.AvatarUpdateView.as_view(), name="avatar"),
    path("sign-in-methods/", sign_in_methods.SignInMethodsView.as_view(), name="sign-in-methods"),
    path("confirm/", second_factor.ConfirmView.as_view(), name="confirm"),
    path("second-factor/", second_factor.SecondFactorView.as_view(), name="second-factor"),
    path("second-factor/app/", second_factor.AuthenticatorAppView.as_view(), name="authenticator-app"),
    path(
        "second-factor/app/remove/",
        second_factor.AuthenticatorAppRemoveView.as_view(),
        name="authenticator-app-remove",
    ),
    path("second-factor/recovery-codes/", second_factor.RecoveryCodesView.as_view(), name="recovery-codes"),
    path("confirm/options/", passkey_sign_in.ConfirmOptionsView.as_view(), name="passkey-confirm-options"),
    path("confirm/passkey/", passkey_sign_in.PasskeyConfirmView.as_view(), name="passkey-confirm"),
    path("second-factor/passkeys/options/", passkeys.PasskeyOptionsView.as_view(), name="passkey-options"),
    path("second-factor/passkeys/add/", passkeys.PasskeyAddView.as_view(), name="passkey-add"),
    path("second-factor/passkeys/<passkey_id>/", passkeys.PasskeyRenameView.as_view(), name="passkey-rename"),
    path("second-factor/passkeys/<passkey_id>/remove/", passkeys.PasskeyRemoveView.as_view(), name="passkey-remove"),
    path("devices/all/", sign_in_methods.SignOutEverywhereView.as_view(), name="sign-out-everywhere"),
    path("devices/others/", sign_in_methods.SignOutOthersView.as_view(), name="sign-out-others"),
    path("devices/<device_id>/", sign_in_methods.SignOutDeviceView.as_view(), name="sign-out-device"),
    path("email/", sign_in_methods.EmailChangeView.as_view(), name="email"),
    path("email/remove/", sign_in_methods.EmailRemoveView.as_view(), name="email-remove"),
    path("email/<str:token>/", sign_in_methods.EmailConfirmView.as_view(), name="email-confirm"),
    path("deactivate/", close_account.DeactivateAccountView.as_view(), name="deactivate"),
]
