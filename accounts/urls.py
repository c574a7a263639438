"""The account pages, under /accounts/."""

from __future__ import annotations

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.SignIn.as_view(), name="login"),
    path("guest/", views.Guest.as_view(), name="guest"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("register/", views.Register.as_view(), name="register"),
    path("password/", views.PasswordChange.as_view(), name="password"),
]
