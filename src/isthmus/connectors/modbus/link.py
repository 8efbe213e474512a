"""One Modbus TCP device as a source: asks, divides what is refused, decodes, writes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from isthmus.connectors.modbus.address import Layout, ModbusAddress
from isthmus.connectors.modbus.image import DIVISIBLE, Image, Part, parts
from isthmus.connectors.modbus.order import confirmed, order
from isthmus.connectors.modbus.transport import Answer, Failure, Request, Transport
from isthmus.model.errors import LinkError, ProtocolError, Refused
from isthmus.model.event import Action, Event
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Batch, Clock, Int32s, Status, TagId

if TYPE_CHECKING:
    from isthmus.connectors.modbus.config import Modbus

PROBES = 64  # requests spent in one read on finding out which registers a device lacks
PATIENCE = 60  # reads after which a register that the device lacked is asked for again
SELDOM = 60 * PATIENCE  # the most reads between two tries to read together what was divided


class ModbusLink:
    """A Source and a Writer; one request stream, so that reads and writes never interleave."""

    def __init__(
        self, config: Modbus, bindings: Sequence[Binding[ModbusAddress]], *, now: Clock
    ) -> None:
        self._config, self._bindings, self._now = config, tuple(bindings), now
        self._by_id = {binding.id: binding for binding in self._bindings}
        self._ids: Int32s = np.array(
            [
                binding.id
                for binding in self._bindings
                if binding.address.layout is not Layout.STRING
            ],
            np.int32,
        )
        self._plan = parts(config, self._bindings)
        self._image = Image(config, self._bindings, self._plan)
        self._whole_again = self._wait = PATIENCE  # reads until the plan is tried again
        self._lacking: dict[int, Failure] = {}  # by number of the image's part
        self._reading = f"reading {config.endpoint}"
        self._reads = 0
        self._texts: dict[int, str] = {}
        self._counts: Counter[str] = Counter()
        self._transport: Transport | None = None
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Connect; raise LinkError to be called again later."""
        if self._transport is not None and self._transport.alive:
            return
        await self.close()
        config = self._config
        try:
            async with asyncio.timeout(config.timeout):
                _, self._transport = await asyncio.get_running_loop().create_connection(
                    lambda: Transport(in_flight=config.in_flight, timeout=config.timeout),
                    config.host,
                    config.port,
                )
        except TimeoutError as error:
            raise LinkError(
                f"opening {config.endpoint}: no answer in {config.timeout:g} s",
                hint="is it powered and on this network?",
            ) from error
        except OSError as error:
            raise LinkError(
                f"opening {config.endpoint}: {error.strerror or error}",
                hint="is it powered, on this network, and Modbus TCP switched on?",
            ) from error
        self._reads = 0
        self._texts.clear()

    async def read(self) -> Reading:
        """One reading of all bound tags; text comes as an event when it is new."""
        async with self._turn:
            answers = await self._ask()
        value, quality, texts = self._image.decode(answers)
        time = self._now()
        events = tuple(
            Event(time, self._bindings[row].tag.path, "text", text)
            for row, text in texts.items()
            if self._texts.get(row) != text
        )
        self._texts.update(texts)
        return Reading(Batch.of(self._ids, time, value, quality), events)

    async def write(self, action: Action) -> None:
        """Write the raw value; return when the device has confirmed it.

        Raises Refused for what cannot be written, ProtocolError where the device declines or
        reads back something else, LinkError when it is not known whether the write happened.
        """
        binding = self._by_id.get(action.tag)
        if binding is None:
            raise Refused(f"writing tag {action.tag}: {self._config.name} has no such tag")
        wish = order(binding.address, action.value, self._config)
        where = f"writing {action.value:g} to {binding.address} of {self._config.endpoint}"
        async with self._turn:
            (answer,) = await self._exchange([wish.request], where)
            if isinstance(answer, Failure):
                raise _declined(where, answer)
            if answer != wish.echo:
                raise ProtocolError(f"{where}: the device confirmed another write")
            if wish.check is None:
                return
            (answer,) = await self._exchange([wish.check], where)
        if isinstance(answer, Failure) or not confirmed(wish, answer):
            said = answer.words if isinstance(answer, Failure) else f"0x{answer[1:].hex()}"
            raise ProtocolError(
                f"{where}: it reads back {said}",
                hint="a command that clears itself needs `confirm: echo`",
            )

    async def read_back(self, tag: TagId) -> float:
        """What the device holds now, asked with all the rest."""
        async with self._turn:
            answers = await self._ask()
        value, quality, _ = self._image.decode(answers)
        row = next((row for row, each in enumerate(self._ids) if each == tag), None)
        if row is None or quality[row] >= int(Status.UNCERTAIN):
            raise ProtocolError(f"reading tag {tag} of {self._config.endpoint}: it has no value")
        return float(value[row])

    async def close(self) -> None:
        """Disconnect; does nothing when closed already, never raises."""
        transport, self._transport = self._transport, None
        if transport is not None:
            self._counts.update(transport.counts)
            await transport.close()

    def counts(self) -> Mapping[str, int]:
        """Totals by kind: requests, bytes that were no Modbus, strays, timeouts, refusals."""
        now = Counter(self._counts)
        if self._transport is not None:
            now.update(self._transport.counts)
        return now

    # -------------------------------------------------------------- inside

    async def _exchange(self, requests: Sequence[Request], where: str) -> list[Answer]:
        if self._transport is None:
            raise LinkError(f"{where}: the link is not open")
        self._counts["requests"] += len(requests)
        try:
            answers = await self._transport.exchange(requests)
        except LinkError as error:
            raise LinkError(
                f"{where}: {error}",
                hint="was it switched off? many devices serve only few connections at a time",
            ) from error
        if answers and all(answer is Failure.TIMEOUT for answer in answers):
            raise LinkError(
                f"{where}: no answer in {self._config.timeout:g} s",
                hint="is the unit id right? a gateway is silent for a unit it does not know",
            )
        return answers

    async def _ask(self) -> list[Answer]:
        """The answers to the image's parts, after dividing those that the device refused."""
        if len(self._image.parts) > len(self._plan):
            self._whole_again -= 1
            if not self._whole_again:
                await self._unite()
        requests = self._image.requests
        if self._reads % PATIENCE == 0 or len(self._lacking) == len(requests):
            self._lacking.clear()
        self._reads += 1
        asked = [number for number in range(len(requests)) if number not in self._lacking]
        found = await self._exchange([requests[number] for number in asked], self._reading)
        answers = found
        if self._lacking:
            answers = [Failure.TIMEOUT] * len(requests)
            for number, answer in (*self._lacking.items(), *zip(asked, found, strict=True)):
                answers[number] = answer
        if any(isinstance(answer, Failure) and answer in DIVISIBLE for answer in found):
            return await self._divide(answers)
        return answers

    async def _divide(self, answers: Sequence[Answer]) -> list[Answer]:
        """The answers to a finer image, made so that only single values are still refused.

        Each round halves what was refused, so that there are at most log2(2000) of them; they
        spend `PROBES` requests together, and the next read goes on where this one had to stop.
        """
        asking, settled = list(zip(self._image.parts, answers, strict=True)), []
        budget = PROBES
        while asking:
            pieces: list[Part] = []
            for part, answer in asking:
                divided = part.divided() if answer in DIVISIBLE else ()
                if divided and budget >= len(divided):
                    budget -= len(divided)
                    pieces += divided
                else:
                    settled.append((part, answer))
            found = await self._exchange([piece.request for piece in pieces], self._reading)
            asking = list(zip(pieces, found, strict=True))
            self._counts["divided"] += len(pieces) // 2
        if len(settled) != len(self._image.parts):
            self._image = Image(self._config, self._bindings, [part for part, _ in settled])
            self._whole_again = self._wait = PATIENCE
        known = len(self._lacking)
        self._lacking = {
            number: answer
            for number, (part, answer) in enumerate(settled)
            if isinstance(answer, Failure) and answer in DIVISIBLE and part.single
        }
        self._counts["lacking"] += max(0, len(self._lacking) - known)
        return [answer for _, answer in settled]

    async def _unite(self) -> None:
        """Read together again what was divided, as far as the device now allows it.

        A device refuses much while its program is loaded. Where it still refuses, the next try
        comes later and later; each spends at most `PROBES` requests beyond those of the plan.
        """
        now = frozenset(self._image.parts)
        asking, united = [part for part in self._plan if part not in now], list[Part]()
        budget = PROBES
        while asking:
            answers = await self._exchange([part.request for part in asking], self._reading)
            pieces: list[Part] = []
            for part, answer in zip(asking, answers, strict=True):
                if not isinstance(answer, Failure):
                    united.append(part)
                elif answer in DIVISIBLE:
                    pieces += [piece for piece in part.divided() if piece not in now]
            asking, budget = pieces[:budget], budget - len(pieces[:budget])
        self._wait = PATIENCE if united else min(2 * self._wait, SELDOM)
        self._whole_again = self._wait
        if united:
            held = {(part.unit, part.table, span) for part in united for span in part.block.spans}
            kept = [
                part
                for part in self._image.parts
                if (part.unit, part.table, part.block.spans[0]) not in held
            ]
            self._image = Image(self._config, self._bindings, [*united, *kept])
            self._lacking.clear()
            self._counts["united"] += len(now) - len(self._image.parts)


def _declined(where: str, answer: Failure) -> ProtocolError:
    hints = {
        Failure.ILLEGAL_FUNCTION: "the device cannot write this; map the bit to a coil or register",
        Failure.ILLEGAL_DATA_ADDRESS: "the device has no such place, or it is read-only",
        Failure.ILLEGAL_DATA_VALUE: "the device does not take this value",
    }
    return ProtocolError(f"{where}: {answer.words}", hint=hints.get(answer, ""))
