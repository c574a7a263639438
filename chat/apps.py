from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from accounts.models import App


class ChatConfig(AppConfig):
    name = "chat"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.actions.apps import app_created
        from accounts.actions.profile_events import profile_changed
        from chat import encoders as pushes
        from chat.actions.profile_broadcast import profile_change_events
        from chat.selectors.inline_media import load_inline_media
        from delivery.hub.encoders import encoders
        from delivery.hub.media_loaders import media_loaders

        encoders["json"] = pushes.json_push
        encoders[pushes.PROTOBUF] = pushes.protobuf_push
        encoders[pushes.PROTOBUF_AND_CALLS] = pushes.protobuf_or_call_push
        media_loaders.append(load_inline_media)
        app_created.connect(_create_global_channel)
        profile_changed.connect(profile_change_events)


def _create_global_channel(app: "App", **kwargs: Any) -> None:
    """Create the global channel of a new app."""
    from chat.actions.channel import channel_create_global

    channel_create_global(app=app)
