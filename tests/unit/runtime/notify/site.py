"""A site without wires that tells people: values that a test says, times that it sets."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from isthmus.model.errors import LinkError, Refused
from isthmus.model.sample import Batch, Nanoseconds
from isthmus.model.tag import Namespace
from isthmus.runtime.alarm.alarms import Alarms
from isthmus.runtime.alarm.journal import Kept
from isthmus.runtime.config.load import load
from isthmus.runtime.live import Live
from isthmus.runtime.notify import notify as module
from isthmus.runtime.notify.notify import Notify

S = 10**9
WALL = 1_780_000_000  # 2026-05-28 20:26:40 UTC, a Thursday
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
timezone: Europe/Berlin
types:
  Press:
    tags:
      oil: {unit: degC, limits: {high: 70}}
      force: {unit: kN, limits: {high: 100}}
    alarms:
      oil_hot: {when: oil > limits.high, priority: high, advice: clean the cooler, response: 30 min}
      heavy: {when: force > limits.high, priority: low}
equipment:
  hall:
    line1: {units: {one: {type: Press}, two: {type: Press}}}
people:
  teams:
    office: {notify: "mailto:office@acme.example"}
    keepers: {members: [anna, person:ben]}
notify:
  pages: https://riverside.acme.example:8800
  channels:
    mail: {kind: mail, server: "smtps://mail.acme.example", from: plant@acme.example}
    floor: {kind: webhook, url: "https://floor.acme.example/in"}
  people:
    anna: {mail: anna@acme.example}
    ben: {mail: ben@acme.example, by: [mail, floor]}
    carla: {by: floor}
  on_call:
    maintenance: {turns: [{people: [anna, ben], since: 2026-05-25}]}
    nobody: {overrides: [{from: 2020-01-01, to: 2020-01-02, who: anna}]}
  escalation:
    line:
      steps:
        - to: maintenance
        - {after: 10 min, to: [carla, anna]}
        - {after: 30 min, to: floor}
  routes:
    hot: {priorities: [urgent, high], to: line}
    rules: {kinds: rule, to: office}
    rest: {priorities: low, to: floor, quiet: "22:00-06:00"}
"""


class Sender:
    """A channel that keeps what is sent; `broken` is what it raises instead, `refused` to whom."""

    def __init__(self):
        self.letters, self.broken, self.refused = [], None, {}

    async def send(self, letter):
        if self.broken is not None:
            raise self.broken
        if letter.to in self.refused:
            raise self.refused[letter.to]
        self.letters.append(letter)

    async def close(self):
        pass


class Site:
    """The least that `Notify` and `Alarms` ask of a running site."""

    def __init__(self, folder, plant=PLANT):
        file = folder / "plant.yaml"
        file.write_text(plant)
        self.plant, self.folder, self.at, self.wall = load(file), folder, 1000.0, float(WALL)
        self.settings = SimpleNamespace(
            folder=folder / "data", plant_file=file, host="127.0.0.1", port=8800
        )
        self.namespace, self.live, self.records = Namespace(), Live(), []
        for tag in self.plant.tags():
            self.namespace.bind(tag)
        self.live.grow(len(self.namespace))
        ledger = SimpleNamespace(record=lambda kind, by, text, **more: self.records.append(text))
        self.trust = SimpleNamespace(ledger=ledger)
        self.senders = {name: Sender() for name in ("mail", "floor")}
        self.start()

    def now(self):
        return Nanoseconds(round(self.at * S))

    def start(self):
        """Begin again with what is on disk."""
        self.alarms = Alarms(self.plant, self.namespace, self.live, self.now)
        self.settings.folder.mkdir(exist_ok=True)
        kept = self.alarms._kept = Kept.open(self.settings.folder / "alarms.json")
        for path, columns in kept.columns.items():
            self.alarms.machine.restore_columns(self.alarms.places[path], columns)
        self.notify = Notify(self)
        self.notify.wall = lambda: round(self.wall * S)
        for name, courier in self.notify.couriers.items():
            courier.sender, courier.wall = self.senders[name], self.notify.wall
        self.notify.watchman.resume()

    def say(self, **values):
        """Values of tags, and what follows."""
        for name, value in values.items():
            tag = self.namespace.id(f"hall/line1/{name.replace('__', '/')}")
            self.live.update(Batch.of([tag], self.now(), [value]))
        self.alarms.look()
        self.look()

    def look(self, seconds=0.0):
        """Let time go on, and send whatever is due."""
        self.wall, self.at = self.wall + seconds, self.at + seconds
        asyncio.run(self._look())

    async def _look(self):
        await self.notify.look()
        for courier in self.notify.couriers.values():
            courier.again()
            while courier.ready() and (message := self.notify._next(courier)):
                await courier.carry(message)

    def sent(self, channel="mail"):
        """To whom, and what: all that a channel has sent."""
        return [(letter.to, letter.subject) for letter in self.senders[channel].letters]


DOWN, NEVER = LinkError("it is down"), Refused("it takes no such thing")
EVERY = module.EVERY
