from django.apps import AppConfig


class ImsiteConfig(AppConfig):
    name = "imsite"
