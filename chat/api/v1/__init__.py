"""The REST API of business systems, `/api/v1/…`: JSON in, JSON out, RFC 9457 problems for refusals.

How to write a call:

- One file for each noun (`messages.py`, `presence.py`, …), with its paths in `urls.py`. A view is a subclass of
  `endpoint.Endpoint`. The docstring of its method is its description in the OpenAPI document.
- Access: `permissions: ClassVar[Permissions] = {"GET": "chat.view_channel", "POST": "chat.add_channel"}`. The token's
  user needs that Django permission, else 403; None accepts any valid token. Beyond that, the guards of the chat apply
  to a service as to every user: an object that it may not see is a 404.
- Data: `schema.Shape` classes (msgspec structs) parse, check and document. `self.body(request, NewMessage)` parses;
  a view returns `answer(body, 201)` with a plain dict of the declared shape. Ids are `schema.Id` (decimal strings);
  `schema.number(text)` returns the row id, or raises a 404 for text that cannot be one.
- OpenAPI: `@described("Send a message", takes=NewMessage, gives={201: SentResult}, sent=…, got=…)` of
  `openapi.py` wraps drf-spectacular's `extend_schema` and adds the statuses and headers of every call.
  `idempotent=True` documents the header `Idempotency-Key`.
- Errors: raise `ChatError` with a reason of `chat.reasons`, or let an `AccountError` pass; `problems.py` makes the
  response.
- Lists: `page = pagination.requested_page(request, largest=100)`; read `page.limit` rows beyond `page.after`; return
  `pagination.page_body(rows, next=…)`. Cursors are opaque to clients. `openapi.paged("ItemPage", Item)` is the shape,
  and `query=(LIMIT, CURSOR)` documents the parameters.
- Retries: `self.idempotency(request, data)` returns an `IdempotencyKey` or None. A send passes it to its drafts. Any
  other write runs in `chat.actions.idempotency.run_once(key, work)`, which claims the key in the transaction of the
  work and returns the first response to a repeat.
- Views contain no query: reads go through selectors, writes through actions. They are plain synchronous functions; a
  question for the event loop (presence, nodes) goes through `delivery.event_loop.run_on_loop`.
- Frequent calls are coroutines with `@async_call` of `async_call.py`, which declares path, permission, body and
  documentation and makes the view. `imsite.server.fast_path` answers those in its list without Django.
- Channels are fetched with `chat.actions.service_access.access_for_service`, so that `chat.manage_channels` means the
  same in every call.
"""
