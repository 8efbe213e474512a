"""Notices of a running plant: taken from anywhere, routed, kept, sent, and answered for."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.model.errors import IsthmusError, Refused
from isthmus.model.notice import LARGEST, Notice
from isthmus.model.path import nearest
from isthmus.model.plantfile_channel import MailEntry, MqttChannelEntry, SlackEntry, TeamsEntry
from isthmus.model.plantfile_notify import NotifyEntry
from isthmus.model.record import Kind
from isthmus.runtime.notify.alarms import Watchman
from isthmus.runtime.notify.courier import Courier, Sender, Threaded
from isthmus.runtime.notify.flooding import Flooding
from isthmus.runtime.notify.hook import Hook, slack, teams, webhook
from isthmus.runtime.notify.letter import Letter, letter
from isthmus.runtime.notify.mail import Mail, MailFolder
from isthmus.runtime.notify.message import Address, Message, State
from isthmus.runtime.notify.mqtt import MqttChannel
from isthmus.runtime.notify.outbox import MOST, Outbox
from isthmus.runtime.notify.route import Routes
from isthmus.runtime.notify.whom import Whom

if TYPE_CHECKING:
    from isthmus.model.plantfile_channel import Channel
    from isthmus.runtime.app import App

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks
MOST_HEARD = 10_000  # notices that wait for the next look
BY_ITSELF = "isthmus"


@dataclass(frozen=True, slots=True)
class Heard:
    """A notice as it was told, and when (ns of the wall)."""

    notice: Notice
    to: tuple[str, ...]
    time: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, and when (ns of the wall); `why` it was not told."""

    message: Message
    state: State
    time: int
    why: str


class Notify:
    """The `Teller` of a running plant."""

    def __init__(self, app: App) -> None:
        self.app = app
        file = app.settings.plant_file
        root = (file if file.is_dir() else file.parent) if file else Path()
        self.whom = Whom(app.plant, app.plant.notify or NotifyEntry(), root)
        self.entry = self.whom.entry
        self.outbox = Outbox.open(app.settings.folder / "notify")
        self.routes = Routes(self.entry, f"{app.plant.enterprise}/{app.plant.site}", self.whom.zone)
        self.flooding = Flooding(self.entry.flood, self.outbox)
        self.couriers = {
            name: Courier(name, each, self._sender(name, each), self._letter, self._done)
            for name, each in self.entry.channels.items()
        }
        self.watchman = Watchman(app, self)
        self.heard: deque[Heard] = deque()
        self.lost = 0  # notices that came faster than they could be taken
        self.nobody = 0  # notices for which there was nobody
        self.trouble = ""
        self.outcomes: deque[Outcome] = deque(maxlen=MOST)  # that the disk has not taken yet
        self._marking = threading.Lock()
        app.alarms.told.append(self.watchman.hear)

    # ------------------------------------------------------------------ the port
    def tell(self, notice: Notice, to: tuple[str, ...] = ()) -> None:
        """Have it told to `to`, or as the routes say; never waits, never raises."""
        if len(self.heard) >= MOST_HEARD:
            self.lost += 1
            return
        self.heard.append(Heard(notice, tuple(to), self.wall()))

    def wall(self) -> int:
        """The time of people, ns UTC: who is on call, and how long one waits for them."""
        return time.time_ns()

    # ------------------------------------------------------------------ time goes on
    async def run(self) -> None:
        """Take, route and send, until cancelled."""
        await self._guarded(self.watchman.resume)
        senders = [asyncio.create_task(self._send(each)) for each in self.couriers.values()]
        try:
            while True:
                await self.look()
                await asyncio.sleep(EVERY)
        finally:
            for task in senders:
                task.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
            for each in self.couriers.values():
                await each.sender.close()

    async def look(self) -> None:
        """Take what came, and what has become due."""
        parts = self._mark, self._hear, self.watchman.look, self._let_through, self._look_at_rotas
        await self._guarded(*parts)

    async def _guarded(self, *parts: Callable[[], None]) -> None:
        """Do all in a thread, each though another fails; what fails is told, and ends nothing."""

        def every() -> list[str]:
            return [told for each in parts if (told := self._tried(each))]

        failed = await asyncio.to_thread(every)
        self.trouble = failed[0] if failed else ""

    def _tried(self, part: Callable[[], None]) -> str:
        """Do it; what failed, empty where nothing did."""
        try:
            part()
        except IsthmusError as error:
            if not self.trouble:
                log.warning("messages: %s", error)
            return str(error)
        except Exception as error:
            told = f"a mistake of ours: {type(error).__name__}: {error}"
            if told != self.trouble:
                log.exception("a mistake of ours among the messages")
            return told
        return ""

    def _hear(self) -> None:
        while self.heard:
            try:
                self._take(self.heard[0])
            except IsthmusError:
                raise  # the disk does not take it: it is tried again
            except Exception:
                self.lost += 1
                self.heard.popleft()
                raise
            self.heard.popleft()

    def _let_through(self) -> None:
        self.flooding.look(self.wall())

    def _look_at_rotas(self) -> None:
        self.whom.look(self.wall())

    def _take(self, heard: Heard) -> None:
        notice = heard.notice
        if heard.to:
            self.put(notice, self.whom.addresses(heard.to, heard.time), heard.time)
            return
        made: list[Message] = []
        for route in self.routes.of(notice):
            due = self.routes.due(route, notice, heard.time)
            names = [
                step
                for name in route.to
                for step in (
                    self.entry.escalation[name].steps[0].to
                    if name in self.entry.escalation
                    else (name,)
                )
            ]
            made += self.messages(notice, self.whom.addresses(names, due), heard.time, due=due)
        self.outbox.keep(made)

    def put(
        self, notice: Notice, to: Iterable[Address], now: int, *, due: int = 0, step: str = ""
    ) -> list[Message]:
        """Keep the messages that tell `notice` to each address; nobody is counted and recorded."""
        made = self.messages(notice, to, now, due=due, step=step)
        return self.outbox.keep(made)

    def messages(
        self, notice: Notice, to: Iterable[Address], now: int, *, due: int = 0, step: str = ""
    ) -> list[Message]:
        """The messages that tell `notice` to each address."""
        found = list(to)
        if not found:
            self.nobody += 1
            self._record(f"nobody was told: {notice.title}", notice.about, {"step": step})
            return []
        size = sum(len(each.body) for each in notice.attachments)
        files = self.outbox.attach(notice.attachments if size <= LARGEST else ())
        return [Message.of(notice, each, now, due=due, step=step, files=files) for each in found]

    # ------------------------------------------------------------------ sending
    async def _send(self, courier: Courier) -> None:
        while True:
            message = self._next(courier) if courier.ready() else None
            if message is None:
                await asyncio.sleep(EVERY / 2)
                continue
            try:
                await courier.carry(message)
            except Exception as error:  # the channel goes on
                log.exception("a mistake of ours in sending by %s", courier.name)
                self.trouble = f"a mistake of ours: {type(error).__name__}: {error}"
                await asyncio.sleep(EVERY)

    def _next(self, courier: Courier) -> Message | None:
        return self.flooding.next(courier.name, self.wall())

    def _letter(self, message: Message) -> Letter:
        return letter(
            message,
            site=f"{self.app.plant.enterprise}/{self.app.plant.site}",
            pages=self.pages(),
            zone=self.whom.zone,
            now=self.wall(),
            files=self.outbox.attached(message),
        )

    async def _done(self, message: Message, why: str) -> None:
        state = State.FAILED if why else State.SENT
        self.flooding.forget(message)  # first: it is not sent again though the disk is full
        self.outcomes.append(Outcome(message, state, self.wall(), why))
        word = "not told" if why else "told"
        facts = {"channel": message.address.channel, "step": message.step, "why": why}
        text = f"{word} {message.address}: {message.title}"
        await asyncio.to_thread(self._record, text, message.about, facts)
        self.trouble = await asyncio.to_thread(self._tried, self._mark) or self.trouble

    def _mark(self) -> None:
        """Keep what became of messages; StorageError leaves the rest for the next look."""
        with self._marking:
            while self.outcomes:
                each = self.outcomes[0]
                self.outbox.mark(each.message, each.state, each.time, each.why)
                self.outcomes.popleft()

    def _record(self, text: str, about: str, facts: dict[str, str]) -> None:
        told = {key: value for key, value in facts.items() if value}
        try:
            self.app.trust.ledger.record(Kind.NOTICE, BY_ITSELF, text, about=about, facts=told)
        except IsthmusError as error:  # people are told all the same
            log.warning("recording that %s: %s", text, error)

    def pages(self) -> str:
        """Where the pages are, as messages link to them."""
        if self.entry.pages:
            return self.entry.pages
        try:  # where they listen, as the server wrote it down when it began
            return (self.app.settings.folder / "web" / "url").read_text("utf-8").strip()
        except OSError:
            return ""

    # ------------------------------------------------------------------ what people ask and do
    def test(self, names: tuple[str, ...], by: str) -> list[Message]:
        """Tell `names` that this is a test; Refused where nobody is of such a name."""
        for name in names:
            if not self.whom.known(name):
                known = [*self.entry.channels, *self.entry.people, *self.entry.on_call]
                near = nearest(name, known)
                hint = f"did you mean `{near}`?" if near else "`isthmus notify list` names them"
                raise Refused(f"there is nobody called `{name[:100]}`", hint=hint)
        title = "Test: this is only a test"
        text = f"{by} tests whether messages arrive. Nothing has happened."
        notice = Notice(f"test:{uuid.uuid4()}", "test", title, text, self.app.now(), link="/alarms")
        now = self.wall()
        found = self.whom.addresses(names, now)
        if not found:
            named = ", ".join(names)
            hint = "see `isthmus notify on-call`; a channel of mail needs `to`"
            raise Refused(f"{named} cannot be reached now", hint=hint)
        self._record(f"sent a test to {', '.join(map(str, found))}", "", {"by": by})
        for each in found:
            self.couriers[each.channel].again()
        return self.put(notice, found, now)

    def _sender(self, name: str, entry: Channel) -> Sender:
        if isinstance(entry, MailEntry) and entry.folder:
            folder = self.app.settings.folder / entry.folder
            return Threaded(MailFolder(entry, folder).send)
        if isinstance(entry, MailEntry):
            return Threaded(Mail(entry).send)
        if isinstance(entry, MqttChannelEntry):
            return MqttChannel(entry, name, self.app.now)
        write = {TeamsEntry: teams, SlackEntry: slack}.get(type(entry), webhook)
        return Threaded(Hook(entry, write).send)
