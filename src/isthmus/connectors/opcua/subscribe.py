"""A subscription with several publish requests waiting, so that no round trip is lost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from asyncua import ua

from isthmus.connectors.opcua.link import OpcUaLink
from isthmus.connectors.opcua.message import Publication, publication, republication
from isthmus.connectors.opcua.present import Present
from isthmus.connectors.opcua.setting import OpcUa, OpcUaAddress
from isthmus.connectors.opcua.status import failed, meaning, name
from isthmus.connectors.opcua.stock import StockSubscription
from isthmus.model.errors import LinkError, ProtocolError
from isthmus.model.ports import Binding, Reading
from isthmus.model.sample import Clock, Nanoseconds

KEEP_ALIVE = 5.0
"""Seconds of nothing new after which the server is asked to say so."""

LIFETIME = 12
"""Keep-alives that the server waits for us before it deletes the subscription."""

RETRY = 60.0
"""Seconds after which tags that the server refused are tried again: programs of PLCs change."""

MOST_MISSED = 1_000
LAST_SEQUENCE = 0xFFFF_FFFF
TOO_MANY = ua.StatusCodes.BadTooManyPublishRequests

Answer = tuple[bytes, Publication]


class Subscribe(OpcUaLink):
    """What a server says by itself, when it changes; LinkError when it falls silent."""

    def __init__(
        self,
        setting: OpcUa,
        bindings: Sequence[Binding[OpcUaAddress]],
        *,
        now: Clock,
        state: Path,
        user: str | None = None,
        password: str | None = None,
    ) -> None:
        super().__init__(setting, bindings, now=now, state=state, user=user, password=password)
        self._waiting: set[asyncio.Task[Answer | int]] = set()
        self._renew()

    def _renew(self) -> None:
        """Forget the last subscription."""
        self._id = 0
        self._begun = Nanoseconds(0)
        self._silence = 0.0
        self._expected = 1
        self._most = self.setting.in_flight
        self._acknowledge: list[ua.SubscriptionAcknowledgement] = []
        self._stock: StockSubscription | None = None

    async def open(self) -> None:
        """Connect, subscribe, and monitor each tag; a tag that the server refuses is bad alone."""
        self._renew()
        self._begun = self.now()
        await super().open()
        try:
            with meaning(f"subscribing at {self.setting.url}"):
                if self.bindings or self.conditions.wanted:
                    await self._subscribe()
                    await self._monitor(range(len(self.bindings)))
                if self.conditions.wanted:
                    self.refused |= self.conditions.resolve(self.session)
                    await self.conditions.monitor(self.session, self._id)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect; the subscription ends with the session."""
        waiting, self._waiting = self._waiting, set()
        for task in waiting:
            task.cancel()
        self.conditions.close()
        await super().close()
        if waiting:
            await asyncio.gather(*waiting, return_exceptions=True)

    async def listen(self) -> AsyncIterator[Reading]:
        """Readings in the order of the server's messages, each message once."""
        present = Present(self.bindings, self._begun)
        if self.refused:
            yield self.bad(self.refused)
        if not (self.bindings or self.conditions.wanted):
            await self._idle()
        if self._stock is not None:
            async for values, events in self._stock.listen(self._silence):
                await self._refresh()
                if not (values or events):
                    continue
                self._counts["notifications"] += 1
                told = self.conditions.objects(events) if events else self.decoder.objects(values)
                yield present(told)
            return
        clock = asyncio.get_running_loop().time
        again = clock() + RETRY
        while True:
            if self.refused and clock() >= again:
                again = clock() + RETRY
                with meaning(f"monitoring refused tags of {self.setting.url} again"):
                    await self._monitor(sorted(self.refused))
            await self._refresh()
            for data, message in await self._published():
                for reading in self._told(data, message):
                    yield present(reading)

    async def _refresh(self) -> None:
        if self.conditions.due:
            with meaning(f"asking {self.setting.url} for its conditions again"):
                await self.conditions.refresh(self.session, self._id)

    def _told(self, data: bytes, message: Publication) -> Iterator[Reading]:
        """What a message says, part by part; LinkError where it says that it is the last."""
        for span in message.values:
            self._counts["notifications"] += 1
            yield self.decoder.notification(data, span)
        for span in message.events:
            yield self.conditions.notification(data, span)
        if message.status is not None:
            raise LinkError(
                f"listening to {self.setting.url}: the subscription ended: {name(message.status)}"
            )

    # ------------------------------------------------------------------ making the subscription
    async def _subscribe(self) -> None:
        interval = self.setting.publish
        parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=interval * 1000,
            RequestedMaxKeepAliveCount=max(math.ceil(KEEP_ALIVE / interval), 1),
            RequestedLifetimeCount=max(math.ceil(KEEP_ALIVE / interval), 1) * LIFETIME,
            MaxNotificationsPerPublish=0,
            PublishingEnabled=True,
            Priority=0,
        )
        if self.session.raw:
            made = await self._created(parameters)
        else:
            self._stock = StockSubscription(self.setting.url)
            made = await self.session.services.create_subscription(parameters, self._stock.put)
        self._id = made.SubscriptionId
        beat = made.RevisedPublishingInterval / 1000 * max(made.RevisedMaxKeepAliveCount, 1)
        self._silence = 1.5 * beat + self.setting.timeout

    async def _created(
        self, parameters: ua.CreateSubscriptionParameters
    ) -> ua.CreateSubscriptionResult:
        """A subscription that asyncua does not know of, or it would publish for it, too."""
        request = ua.CreateSubscriptionRequest(Parameters=parameters)
        data, at = await self.session.ask(request)
        return self.session.decoded(ua.CreateSubscriptionResponse, data, at).Parameters

    async def _monitor(self, wanted: Sequence[int]) -> None:
        places = [place for place in wanted if self.nodes[place] is not None]
        size = self.session.limits.monitor
        for start in range(0, len(places), size):
            chunk = places[start : start + size]
            parameters = ua.CreateMonitoredItemsParameters(
                SubscriptionId=self._id, TimestampsToReturn=ua.TimestampsToReturn.Both
            )
            parameters.ItemsToCreate = [self._item(place) for place in chunk]
            results = await self.session.services.create_monitored_items(parameters)
            if len(results) != len(chunk):
                raise ProtocolError(
                    f"monitoring {len(chunk)} tags of {self.setting.url}: {len(results)} answers"
                )
            for place, result in zip(chunk, results, strict=True):
                if result.StatusCode.is_bad():
                    self.refused[place] = int(result.StatusCode.value)
                else:
                    self.refused.pop(place, None)

    def _item(self, place: int) -> ua.MonitoredItemCreateRequest:
        sampling = self.setting.sampling
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=self.value_of(place),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=place,
                SamplingInterval=-1.0 if sampling is None else sampling * 1000,
                QueueSize=self.setting.queue,
                DiscardOldest=True,
            ),
        )

    async def _idle(self) -> None:
        """Nothing to hear: look now and then whether the server is there, until it is not."""
        state = ua.NodeId(ua.ObjectIds.Server_ServerStatus_State)
        while True:
            await asyncio.sleep(KEEP_ALIVE)
            with meaning(f"listening to {self.setting.url}"):
                await self.session.read([state])

    # ------------------------------------------------------------------ publishing
    async def _published(self) -> list[Answer]:
        """The next messages in the order of their numbers, those missed among them."""
        while len(self._waiting) < self._most:
            self._waiting.add(asyncio.create_task(self._publish()))
        done, self._waiting = await asyncio.wait(
            self._waiting, timeout=self._silence, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            raise LinkError(
                f"listening to {self.setting.url}: silent for {self._silence:.0f} s,"
                " not even a keep-alive",
                hint="is the server on, and reachable on this network?",
            )
        results = await asyncio.gather(*done, return_exceptions=True)
        answers: list[Answer] = []
        with meaning(f"listening to {self.setting.url}"):
            for answer in results:
                if isinstance(answer, asyncio.CancelledError):
                    raise LinkError(f"listening to {self.setting.url}: the link was closed")
                if isinstance(answer, BaseException):
                    raise answer
                if isinstance(answer, int):
                    self._refused_publish(answer)
                elif answer[1].subscription == self._id:
                    answers.append(answer)
            # a keep-alive tells the number of the next message: it was sent before that one
            answers.sort(
                key=lambda answer: (
                    (answer[1].sequence - self._expected) & LAST_SEQUENCE,
                    not answer[1].keep_alive,
                )
            )
            return await self._complete(answers)

    def _refused_publish(self, code: int) -> None:
        if code == TOO_MANY and self._most > 1:
            self._most -= 1
        elif code != ua.StatusCodes.BadTimeout:
            raise failed(code, f"listening to {self.setting.url}")

    async def _publish(self) -> Answer | int:
        """One message, or the bad status with which the server answered."""
        request = ua.PublishRequest()
        sent, self._acknowledge = self._acknowledge, []
        request.Parameters.SubscriptionAcknowledgements = sent
        try:
            data, at = await self.session.ask(request, within=0)
        except ua.UaStatusCodeError as error:
            self._acknowledge = sent + self._acknowledge
            return int(error.code)
        code, message = publication(data, at)
        return code if message is None else (data, message)

    async def _complete(self, answers: list[Answer]) -> list[Answer]:
        """`answers` without keep-alives, with those that were missed.

        A number that lies behind is taken as a new count: no server publishes a message twice.
        """
        complete: list[Answer] = []
        for data, message in answers:
            ahead = (message.sequence - self._expected) & LAST_SEQUENCE
            if 0 < ahead < LAST_SEQUENCE // 2:
                complete += await self._missed(ahead, message.available)
            self._expected = message.sequence
            if message.keep_alive:
                self._counts["keep_alives"] += 1
                continue
            self._acknowledge.append(ua.SubscriptionAcknowledgement(self._id, message.sequence))
            self._expected = 1 if message.sequence == LAST_SEQUENCE else message.sequence + 1
            complete.append((data, message))
        return complete

    async def _missed(self, ahead: int, available: tuple[int, ...]) -> list[Answer]:
        """The `ahead` messages before the next, as far as the server still has them."""
        found: list[Answer] = []
        kept = [one for one in available if (one - self._expected) & LAST_SEQUENCE < ahead]
        for sequence in kept[:MOST_MISSED]:
            request = ua.RepublishRequest()
            request.Parameters.SubscriptionId = self._id
            request.Parameters.RetransmitSequenceNumber = sequence
            with suppress(ua.uaerrors.BadMessageNotAvailable):
                data, at = await self.session.ask(request)
                code, message = republication(data, at)
                if message is None:
                    raise failed(code, f"asking {self.setting.url} for message {sequence} again")
                self._acknowledge.append(ua.SubscriptionAcknowledgement(self._id, sequence))
                found.append((data, message))
        self._counts["republished"] += len(found)
        self._counts["missed"] += ahead - len(found)
        return found
