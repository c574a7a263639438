"""URL configuration of the site."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views.profile import AvatarImageView
from accounts.views.sign_in import AdminSignInRedirectView
from chat.views.account_data import AccountDataView, DeleteAccountView, ExportView
from chat.views.channel_picture import channel_picture_image
from chat.views.emoji import custom_emoji_image, emoji_json
from chat.views.files import FileView, LinkPreviewPictureView, ThumbnailView
from chat.views.home import home
from chat.views.mail_digest import MailDigestEndView
from chat.views.offline_shell import csrf_token, offline_shell
from chat.views.service_worker import service_worker
from chat.views.web_manifest import web_manifest
from chat.views.websocket_only import upgrade_required
from chat.views.widget import widget_session_token, widget_status
from chat.views.widget_files import WidgetFileView, WidgetThumbnailView, WidgetUploadView
from imsite.lazy_urls import lazy_include
from imsite.monitoring.access import staff_only
from imsite.monitoring.views import VIEWS
from imsite.widget_files import widget_script, widget_styles

urlpatterns = [
    # The admin shares the site's sign-in page, with its lock, and the password page.
    path("admin/login/", AdminSignInRedirectView.as_view()),
    path("admin/password_change/", RedirectView.as_view(pattern_name="accounts:password")),
    lazy_include("admin/", "imsite.admin_urls", namespace="admin"),
    path("accounts/", include("accounts.urls")),
    path("api/", include("imsite.api_docs.urls")),
    path("accounts/data/", AccountDataView.as_view(), name="account-data"),
    path("accounts/data/export/", ExportView.as_view(), name="account-data-export"),
    path("accounts/data/delete/", DeleteAccountView.as_view(), name="account-data-delete"),
    path("accounts/email/digest/<str:token>/", MailDigestEndView.as_view(), name="mail-digest-end"),
    path("files/<str:key>/<str:name>", FileView.as_view()),
    path("thumbnails/<str:key>.webp", ThumbnailView.as_view()),
    path("link-previews/<message_id>/<str:key>.webp", LinkPreviewPictureView.as_view()),
    path("avatars/<str:name>", AvatarImageView.as_view(), name="picture"),
    *(path(url.removeprefix("/"), staff_only(view)) for url, view in VIEWS.items()),
    path("sw.js", service_worker),
    path("offline-shell/<str:version>/", offline_shell),
    path("csrf-token/", csrf_token),
    path("manifest.webmanifest", web_manifest),
    path("emoji.json", emoji_json, name="emoji"),
    path("custom-emoji/<str:sha256>.webp", custom_emoji_image),
    path("group-pictures/<str:key>.webp", channel_picture_image),
    path("acc", upgrade_required),
    path("ws", upgrade_required),
    path("widget", upgrade_required, {"is_for_other_sites": True}),
    path("widget/token/", widget_session_token, name="widget-token"),
    path("widget/status/", widget_status),
    path("widget/files/<str:key>/", WidgetFileView.as_view()),
    path("widget/thumbnails/<str:key>/", WidgetThumbnailView.as_view()),
    path("widget/uploads/", WidgetUploadView.as_view()),
    path("widget.js", widget_script, name="widget-script"),
    path("widget.css", widget_styles),
    path("", include("chat.urls")),
    path("", home, name="home"),
    path("home/index", home),
]
