"""A message can be followed from its frame to its publication, and its text is in no span."""

from __future__ import annotations

import sys

import pytest
from django.conf import Settings
from django.core.exceptions import ImproperlyConfigured

from delivery import tracing
from imsite.monitoring.traces import TracedHttp, span_path, start_tracing, traced
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalNode, draft
from tests.support.traces import Spans, is_below
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "what Alice wrote"


async def test_a_message_is_one_trace(node: LocalNode, scenario: GroupScenario, spans: Spans) -> None:
    alice = await node.connect(scenario.alice)
    await alice.call("message.send", target=str(scenario.group.pk), type="text", msg=SECRET, clientMsgId="k")
    await wait_until(lambda: bool(spans.named("publish") and spans.named("commit")))

    command, commit = spans.one("message.send"), spans.one("commit")
    assert is_below(commit, command)
    assert all(is_below(spans.one(name), commit) for name in ("load", "decide", "store", "publish"))
    assert dict(command.attributes or {})["imsite.code"] == 200
    assert dict(commit.attributes or {})["messages"] == 1
    assert SECRET not in spans.shown() and scenario.alice.username not in spans.shown()


async def test_a_commit_for_several_requests_is_linked_with_all(
    node: LocalNode, scenario: GroupScenario, spans: Spans
) -> None:
    drafts = [draft(scenario.alice, scenario.group, text) for text in ("one", "two")]
    for made in drafts:
        with tracing.span("request"):
            node.node.writer.submit(made)
    await wait_until(lambda: bool(spans.named("publish") and spans.named("commit")))

    first, second = spans.named("request")
    commit = spans.one("commit")
    assert is_below(commit, first)
    assert [link.context for link in commit.links] == [second.context]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/api/v1/messages/17/", "/api/v1/messages"),
        ("/hooks/secret/", "/hooks"),
        ("/accounts/reset/uid/token/", "/accounts/reset"),
        ("/files/key/report.pdf", "/files"),
        ("/", "/"),
    ],
)
def test_a_span_names_no_secret_of_a_path(path: str, shown: str) -> None:
    assert span_path(path) == shown


async def refuse(path: str, status: int = 404, method: str = "GET") -> None:
    """Trace a request to this path that is answered with the status."""

    async def application(scope: dict[str, object], receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})  # type: ignore[operator]

    async def ignore(message: dict[str, object]) -> None:
        pass

    scope = {"method": method, "path": path, "query_string": b"q=secret"}
    await TracedHttp(application)(scope, ignore, ignore)  # type: ignore[arg-type]


async def test_an_http_request_is_a_span_with_its_status(spans: Spans) -> None:
    await refuse("/hooks/secret/")

    span = spans.one("GET /hooks")
    assert dict(span.attributes or {}) == {"http.request.method": "GET", "http.response.status_code": 404}
    assert "secret" not in spans.shown()


@pytest.mark.parametrize(
    ("path", "status", "method", "name"),
    [
        ("/wp-login.php", 404, "GET", "GET /*"),
        ("/api/v1/secret/", 404, "GET", "GET /*"),
        ("/admin/x/y/", 404, "GET", "GET /*"),
        ("/secret", 429, "GET", "GET /*"),
        ("/secret", 404, "SECRET", "_OTHER /*"),
        ("/api/v1/messages/17/", 404, "GET", "GET /api/v1/messages"),
        ("/acc/polling/poll", 404, "POST", "POST /acc/polling/poll"),
        ("/acc/polling/secret", 404, "POST", "POST /*"),
        ("/accounts/login/", 429, "POST", "POST /accounts/login"),
    ],
)
async def test_spans_of_unknown_paths_share_a_name(
    path: str, status: int, method: str, name: str, spans: Spans
) -> None:
    await refuse(path, status, method)
    assert dict(spans.one(name).attributes or {})["http.response.status_code"] == status
    assert "secret" not in spans.shown().lower()


def test_without_a_collector_requests_take_no_detour(settings: Settings) -> None:
    async def application(scope: object, receive: object, send: object) -> None: ...

    assert traced(application) is application  # type: ignore[comparison-overlap]
    assert start_tracing() is None and not tracing.is_tracing()
    settings.IM_OTLP_ENDPOINT = "http://127.0.0.1:4318"  # type: ignore[attr-defined]
    assert isinstance(traced(application), TracedHttp)


def test_a_start_without_the_packages_names_them(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.IM_OTLP_ENDPOINT = "http://127.0.0.1:4318"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "delivery.otel", None)

    with pytest.raises(ImproperlyConfigured, match=r"requirements-otel\.txt"):
        start_tracing()
