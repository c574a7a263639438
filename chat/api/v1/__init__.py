"""The REST API of business systems, `/api/v1/…`: JSON in, JSON out, RFC 9457 problems where something is refused.

How a call is written:

- One file a noun (`messages.py`, `presence.py`, …), its paths added to `urls.py`. A view is a subclass of
  `endpoint.Endpoint`; what it promises stands in the docstring of its method, which the schema shows.
- Who may call: `permissions: ClassVar[Permissions] = {"GET": "chat.view_channel", "POST": "chat.add_channel"}`. The
  token's user needs that Django permission, else 403; None as a permission: any valid token. Beyond it a service is
  bound like anybody else by the guards of the chat: what it may not see is a 404.
- What it takes and gives: `shapes.Shape` classes (msgspec structs), the one definition for parsing, checking and the
  schema. `data = self.body(request, Send)` parses; a view returns `answer(body, 201)`, `created` bodies included, with
  a plain dict of the declared shape. Ids are `shapes.Id` (decimal strings); `shapes.number(text)` makes the row's id of
  one, with a 404 for what can be nobody's.
- What it looks like in the schema: `@described("Send a message", takes=Send, gives={201: Sent}, refuses=(404, 409),
  examples=…)` of `schema.py`, which wraps drf-spectacular's `extend_schema` and adds what every call may answer
  (400, 401, 403, 429, …) with its headers. `idempotent=True` documents the header `Idempotency-Key`.
- Errors: raise `ChatError` with a code of `chat.errors`, or let an `AccountError` pass; `problems.py` makes the answer.
- Lists: `page = pages.asked(request, largest=100)`; read `page.limit` rows beyond `page.after`; return
  `pages.answer(rows, next=…)`. A cursor is opaque to clients. Its shape is `schema.paged("ItemPage", Item)`;
  `query=(LIMIT, CURSOR)` describes the parameters.
- The same call twice: `self.idempotency(request, data)` gives an `IdempotencyKey`, or None. A send hands it
  to its drafts; any other write runs in `chat.actions.idempotency.run_once(key, work)`, which claims the key in the
  transaction of the work and gives the first response to a repeat.
- Views hold no query: reads go through selectors, writes through actions. They are plain synchronous functions; a
  question for the event loop (presence, nodes) goes through `delivery.event_loop.run_on_loop`.
- Whoever answers for channels calls `chat.actions.service_access.access_for_service`, so that `chat.manage_channels`
  means the same everywhere.
"""
