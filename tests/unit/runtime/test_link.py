"""A link tells each outage and each recovery once, and an outage is data."""

import asyncio
import logging

from isthmus.model.errors import AuthError, LinkError, ProtocolError
from isthmus.model.ports import Address, Binding, Reading, SourceConfig
from isthmus.model.sample import Batch, Nanoseconds, Status, TagId
from isthmus.model.tag import Tag
from isthmus.runtime.collect.health import Condition
from isthmus.runtime.collect.link import Link


class Script(SourceConfig):
    """A source that does what its script says: `up`, `refuse`, `break`, `garble`, `lie`."""

    def build(self, bindings, *, now, state):
        return Scripted(STEPS, bindings)

    @property
    def endpoint(self):
        return "script:"


STEPS: list[str] = []


class Scripted:
    def __init__(self, steps, bindings):
        self.steps, self.bindings = steps, bindings

    async def open(self):
        match self._next():
            case "refuse":
                raise LinkError("opening: refused")
            case "lie":
                raise AuthError("opening: wrong password", hint="mend the password")

    async def read(self):
        match self._next():
            case "break":
                raise LinkError("reading: reset")
            case "garble":
                raise ProtocolError("reading: garbage")
            case "crash":
                raise ZeroDivisionError("oh")
        return Reading(Batch.of([b.id for b in self.bindings], Nanoseconds(1), [1.0]))

    async def close(self): ...

    def _next(self):
        return self.steps.pop(0) if self.steps else "up"


def run(*steps, until):
    STEPS[:] = steps
    got: list[Reading] = []
    ticks = iter(range(1, 10**9))

    async def emit(link, reading):
        got.append(reading)

    async def go():
        binding = Binding(TagId(0), Tag("a/b"), Address())
        config = Script(name="press", every=0.01)
        link = Link(config, [binding], emit, emit, lambda: Nanoseconds(next(ticks) * 10**9), "")
        task = asyncio.create_task(link.run())
        for _ in range(1000):
            await asyncio.sleep(0.01)
            link._pause = 0.0
            if until(link, got):
                break
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert until(link, got)
        return link

    return asyncio.run(go()), got


def kinds(got):
    return [event.kind for reading in got for event in reading.events]


def test_tells_each_outage_and_each_recovery_once(caplog):
    with caplog.at_level(logging.INFO):
        _link, got = run(
            *("refuse", "refuse", "up", "up", "break"),
            until=lambda link, got: kinds(got) == ["link-down", "link-up", "link-down", "link-up"],
        )
    lines = [record.message for record in caplog.records if record.name.startswith("isthmus")]
    assert [line.split(" after ")[0] for line in lines] == [
        "press is down: opening: refused",
        "press is up with 1 tags",
        "press is down: reading: reset",
        "press is up with 1 tags",
    ]
    bad = [r.batch.quality[0] for r in got if len(r.batch) and r.batch.quality[0]]
    assert bad == [Status.BAD_NOT_CONNECTED, Status.BAD_NO_COMMUNICATION]


def test_a_refusal_is_told_with_its_remedy_and_does_not_storm():
    link, got = run("lie", until=lambda link, got: link.health.next_try is not None)
    assert link.health.condition is Condition.REFUSED
    assert link.health.hint == "mend the password"
    assert kinds(got) == ["link-down"]
    assert len(STEPS) == 0


def test_one_wrong_answer_is_bad_quality_five_are_an_outage():
    link, got = run(
        *("up", "up", "garble", "up"),
        until=lambda link, got: sum(len(r.batch) for r in got) >= 4,
    )
    assert link.health.protocol_errors == 1
    assert [r.batch.quality[0] for r in got if len(r.batch)][:3] == [0, 0x80070000, 0]
    _, got = run(
        *("up", "up", *["garble"] * 5), until=lambda link, got: kinds(got)[1:2] == ["link-down"]
    )


def test_a_defect_of_a_connector_does_not_stop_the_link():
    _link, got = run(
        *("up", "up", "crash"),
        until=lambda link, got: kinds(got) == ["link-up", "link-down", "link-up"],
    )
    assert len(got) > 3
