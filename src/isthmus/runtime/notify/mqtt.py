"""Messages as JSON on a topic of an MQTT broker, QoS 1."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isthmus.model.alarm import Priority
from isthmus.model.errors import LinkError
from isthmus.model.plantfile_channel import MqttChannelEntry
from isthmus.model.sample import Clock
from isthmus.runtime.notify.letter import Letter

if TYPE_CHECKING:
    from isthmus.connectors.mqtt.session import Session


@dataclass(slots=True)
class MqttChannel:
    """One broker; the session stays open between messages."""

    entry: MqttChannelEntry
    name: str
    now: Clock
    _session: Session | None = field(default=None)

    async def send(self, letter: Letter) -> None:
        """Publish it; done when the broker has acknowledged. LinkError to be tried again."""
        if self._session is None or not self._session.alive:
            self._session = await self._open()
        payload = json.dumps(letter.fields, ensure_ascii=False).encode()
        await self._session.publish(
            topic(self.entry.topic, letter), payload, qos=1, retain=self.entry.retain
        )

    async def _open(self) -> Session:
        try:
            from isthmus.connectors.mqtt import Mqtt  # noqa: PLC0415 - optional
            from isthmus.connectors.mqtt.session import Session  # noqa: PLC0415
        except ImportError as error:
            raise LinkError(
                f"the channel {self.name} needs `{error.name}`",
                hint="pip install 'isthmus[mqtt]'",
            ) from error
        entry = self.entry
        config = Mqtt(
            name=f"notify{self.name}",
            broker=entry.broker,
            user=entry.user,
            password=entry.password,
            ca=entry.ca,
            certificate=entry.certificate,
            key=entry.key,
            version=entry.version,
            timeout=entry.timeout,
        )
        made = Session(config, f"isthmus{os.urandom(6).hex()}", now=self.now)
        await made.open()
        return made

    async def close(self) -> None:
        """Leave the broker; never raises."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def topic(pattern: str, letter: Letter) -> str:
    """The topic of a letter; what its fields hold never adds levels or wildcards but `about`'s."""
    fields = letter.fields
    words = {
        "kind": str(fields["kind"]),
        "priority": Priority(letter.priority).word,
        "about": str(fields["about"]) or "site",
        "to": str(fields["to"]) or "all",
    }
    return re.sub(r"\{(\w+)\}", lambda found: re.sub(r"[#+\0]", "_", words[found[1]]), pattern)
