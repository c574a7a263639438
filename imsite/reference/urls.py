"""Where the reference is."""

from __future__ import annotations

from django.urls import path

from imsite.reference import views

app_name = "reference"
urlpatterns = [
    path("schema/", views.schema, name="schema"),
    path("docs/", views.docs, name="docs"),
    path("protocol/", views.protocol, name="protocol"),
]
