"""URLs of the API documentation."""

from __future__ import annotations

from django.urls import path

from imsite.api_docs import views

app_name = "api_docs"
urlpatterns = [
    path("schema/", views.schema, name="schema"),
    path("docs/", views.docs, name="docs"),
    path("protocol/", views.protocol, name="protocol"),
]
