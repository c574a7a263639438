"""ASGI entry point: routes HTTP to Django and WebSockets to the consumers, and starts and stops the node."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imsite.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter  # noqa: E402  Django must be set up first

from chat.consumers.json_consumer import JsonConsumer  # noqa: E402
from chat.consumers.protobuf_consumer import ProtobufConsumer  # noqa: E402
from chat.consumers.widget_consumer import WidgetConsumer  # noqa: E402
from chat.node.lifecycle import start_node, stop_node  # noqa: E402
from imsite import cookie_parser  # noqa: E402
from imsite.monitoring import loop_lag  # noqa: E402
from imsite.monitoring.traces import start_tracing, stop_tracing, traced  # noqa: E402
from imsite.server.fast_path import FastPath  # noqa: E402
from imsite.server.files import Files  # noqa: E402
from imsite.server.polling import Polling  # noqa: E402
from imsite.server.proxy_headers import ProxyHeaders  # noqa: E402
from imsite.server.request_threads import HttpHandler  # noqa: E402
from imsite.server.uploads import Uploads  # noqa: E402
from imsite.settings_access import patch_settings_access  # noqa: E402

cookie_parser.patch_cookie_parser()
patch_settings_access()

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Start the node before the first connection and stop it after the last."""
    lag_task: asyncio.Task[None] | None = None
    tracer = None
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                tracer = start_tracing()
                await start_node()
                lag_task = asyncio.create_task(loop_lag.measure_loop_lag(), name="loop lag")
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": f"The node could not start: {error}"})
                raise
            await send({"type": "lifespan.startup.complete"})
        else:
            if lag_task is not None:
                lag_task.cancel()
            await stop_node()
            if tracer is not None:
                await asyncio.to_thread(stop_tracing, tracer)
            await send({"type": "lifespan.shutdown.complete"})
            return


# Channels' router takes several times as long, which counts when thousands connect.
CONSUMERS = {"acc": JsonConsumer, "ws": ProtobufConsumer, "widget": WidgetConsumer}


async def websocket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Serve a WebSocket by the consumer of its path, and close one to an unknown path."""
    consumer = CONSUMERS.get(scope["path"].lstrip("/"))
    if consumer is not None:
        await consumer()(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.close", "code": 4404})


application = ProxyHeaders(
    ProtocolTypeRouter(
        {
            # The most frequent calls first.
            "http": traced(FastPath(Polling(Uploads(Files(HttpHandler()))))),
            "websocket": websocket,
            "lifespan": lifespan,
        }
    )
)
