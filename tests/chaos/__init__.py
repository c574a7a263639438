"""`make chaos` breaks running sites on purpose and measures what holds.

Each scenario is a module of `tests.chaos.scenarios` with a constant `SCENARIO`; it is found by itself. Members of a few
channels send all the time, from a crowd in this process (`crowd.py`), and journal what they sent, what was acknowledged
with which number, and what they received live. The scenario's function breaks something, waits, and ends the fault.
Then the members must all be back, and the oracle (`tests.support.oracle`) compares the journals with the database.

To add a scenario, add a module:

    async def fault(stage: Stage) -> None:
        stage.concern(stage.members_at(stage.b))   # those who may have to wait; nobody by default
        stage.b.kill()                             # the fault begins
        await stage.last(5)                        # members go on meanwhile
        await asyncio.to_thread(stage.b.start)     # the fault ends with the function

    SCENARIO = Scenario("node-killed", "kill -9 of a node in a burst", fault)

- `Scenario` says how many nodes, on which database, with which options, and by which `Criteria` it is judged.
- `stage.cluster`, `stage.a`, `stage.b`: the processes; `stage.shell(script)` runs Python over the site's data.
- `stage.fail(text)` adds a fault of the scenario's own, `stage.add(name, value, unit, limit)` a figure with its limit.
- `around(cluster)` is a context around the cluster's whole life, and may change options of nodes. `check` runs when all
  are back.
- A scenario that cannot run on a machine raises `Skipped` with the reason; the table shows it.
- A module with several scenarios has `SCENARIOS`. A test runs a smaller copy of one, made by `dataclasses.replace`.

The crowd prefers its own node and goes to another one while that does not answer, as behind a load balancer. Modules of
`tests.chaos.plants` run inside nodes and make them faulty, to prove that the oracle can see.
"""
