"""The account pages, under /accounts/."""

from __future__ import annotations

from django.urls import path

from accounts.views import sign_in

app_name = "accounts"
urlpatterns = [
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("guest/", sign_in.Guest.as_view(), name="guest"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("register/", sign_in.Register.as_view(), name="register"),
    path("password/", sign_in.PasswordChange.as_view(), name="password"),
]
