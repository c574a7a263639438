from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from chat import pushes
        from delivery.encoders import encoders

        encoders["json"] = pushes.json_push
