"""Samples in Kafka, exactly once: records and the position of the stream are one transaction.

The position is a record of its own, in a topic that keeps the newest of each key. Whoever reads
with `isolation.level=read_committed` sees each sample once. A former self that still lives is
fenced off by the brokers: both have the same transactional id.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from isthmus.egress.kafka import record
from isthmus.model.errors import AuthError, IsthmusError, LinkError
from isthmus.model.secret import Secret
from isthmus.model.sink import Parcel

log = logging.getLogger("isthmus.kafka")
log.setLevel(logging.CRITICAL)  # librdkafka repeats itself; what counts is in our errors
ROWS = 10_000  # of one record in columns: about 150 kB, well below what brokers take
DENIED = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001 - so the library names them
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
}


class KafkaSink:
    """One topic of samples, one of events, one of positions."""

    def __init__(
        self, client: Mapping[str, object], *, topic: str, columns: bool, name: str, timeout: float
    ) -> None:
        """`name` (`acme/riverside/lake`) is ours alone in this cluster."""
        self._client, self._topic, self._columns = dict(client), topic, columns
        self._name, self._timeout = name, timeout
        self._producer: Producer | None = None
        self._why = ""

    def _settings(self) -> dict[str, Any]:
        """The settings of every client, with secrets revealed at this moment."""
        found = {
            key: value.reveal() if isinstance(value, Secret) else value
            for key, value in self._client.items()
        }
        return found | {
            "client.id": f"isthmus-{self._name.replace('/', '-')}",
            "error_cb": self._note,
            "logger": log,
        }

    def _note(self, error: KafkaError) -> None:
        self._why = error.str()

    def open(self) -> Mapping[str, int]:
        """Fence off a former self, then read how far it got."""
        self.close()
        try:
            producer = Producer(
                self._settings()
                | {
                    "transactional.id": f"isthmus/{self._name}",
                    "transaction.timeout.ms": round(max(self._timeout, 10) * 1000),
                    "compression.type": "lz4",
                    "linger.ms": 20,
                    "queue.buffering.max.messages": 1_000_000,
                    "queue.buffering.max.kbytes": 262_144,
                }
            )
            producer.init_transactions(self._timeout)
            self._make(producer, f"{self._topic}.positions")
            positions = self._positions()
        except KafkaException as error:
            raise self._failed(error, "opening") from error
        self._producer = producer
        return positions

    def _positions(self) -> dict[str, int]:
        """The newest position of each stream, from the first record of their topic to its end."""
        topic = f"{self._topic}.positions"
        consumer = Consumer(
            self._settings()
            | {
                "group.id": f"isthmus/{self._name}",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
            }
        )
        try:
            known = consumer.list_topics(topic, timeout=self._timeout).topics[topic]
            if known.error is not None:
                raise KafkaException(known.error)
            consumer.assign([TopicPartition(topic, number, 0) for number in known.partitions])
            return self._read(consumer, len(known.partitions))
        finally:
            consumer.close()

    def _read(self, consumer: Consumer, partitions: int) -> dict[str, int]:
        found: dict[str, int] = {}
        ended: set[int] = set()
        until = time.monotonic() + self._timeout
        while len(ended) < partitions:
            message = consumer.poll(0.5)
            if time.monotonic() > until:
                raise LinkError(f"reading {self._topic}.positions: no end in {self._timeout:g} s")
            if message is None:
                continue
            error = message.error()
            if error is None:
                name, _, stream = (message.key() or b"").decode().rpartition("#")
                if name == self._name:
                    found[stream] = int(json.loads(message.value() or b"{}")["position"])
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
                ended.add(message.partition() or 0)
            else:
                raise KafkaException(error)
        return found

    def _make(self, producer: Producer, topic: str) -> None:
        """Make the topic of positions, compacted; where that is not allowed, a broker may."""
        if topic not in producer.list_topics(timeout=self._timeout).topics:
            admin = AdminClient(self._settings())
            wanted = NewTopic(topic, 1, -1, config={"cleanup.policy": "compact"})
            with suppress(KafkaException):  # then it is asked for by its name, and told
                admin.create_topics([wanted], request_timeout=3)[topic].result(4)
        made = producer.list_topics(topic, timeout=self._timeout).topics[topic]
        until = time.monotonic() + self._timeout
        while made.error is not None and time.monotonic() < until:
            time.sleep(0.1)  # the brokers may need a moment to agree on it
            made = producer.list_topics(topic, timeout=self._timeout).topics[topic]

    def write(self, parcel: Parcel) -> None:
        """One transaction: records of rows and events, and the position behind them."""
        producer = self._producer
        if producer is None:
            raise LinkError("writing: it is closed")
        try:
            producer.begin_transaction()
            self._rows(producer, parcel)
            for _, _, event in parcel.events:
                self._put(
                    producer, f"{self._topic}.events", event.path.encode(), record.event(event)
                )
            key = f"{self._name}#{parcel.stream}".encode()
            position = json.dumps({"position": parcel.position}).encode()
            self._put(producer, f"{self._topic}.positions", key, position)
            producer.commit_transaction(self._timeout)
        except (KafkaException, BufferError) as error:
            with suppress(KafkaException):
                producer.abort_transaction(self._timeout)
            self._producer = None
            raise self._failed(error, "writing") from error

    def _rows(self, producer: Producer, parcel: Parcel) -> None:
        if not self._columns:
            for key, value in record.samples(parcel.batch, parcel.tags):
                self._put(producer, self._topic, key, value)
            return
        for start in range(0, len(parcel.batch), ROWS):
            part = parcel.batch.slice(start, start + ROWS)
            value = record.columns(part, parcel.tags)
            self._put(producer, self._topic, self._name.encode(), value, b"arrow-stream")

    def _put(
        self, producer: Producer, topic: str, key: bytes, value: bytes, kind: bytes = b"json"
    ) -> None:
        """Hand one record to the library; wait where its queue is full."""
        headers: list[tuple[str, str | bytes | None]] = [
            ("content-type", b"application/" + kind),
            ("site", self._name.encode()),
        ]
        until = time.monotonic() + self._timeout
        while True:
            try:
                producer.produce(topic, value, key, headers=headers)
            except BufferError:
                if time.monotonic() > until:
                    raise
                producer.poll(0.1)
            else:
                return

    def _failed(self, error: Exception, doing: str) -> IsthmusError:
        told = error.args[0] if error.args else error
        code = told.code() if isinstance(told, KafkaError) else None
        said = told.str() if isinstance(told, KafkaError) else str(error)
        why = f" ({self._why})" if self._why and self._why not in said else ""
        servers = self._client["bootstrap.servers"]
        text = f"{doing} {self._topic} at {servers}: {said}{why}"
        if code in DENIED:
            hint = "check the user, its password and its rights: write, and transactional id"
            return AuthError(text, hint=hint)
        return LinkError(text, hint="are the brokers up, are their names, ports and TLS right?")

    def close(self) -> None:
        """Leave; what was not committed was not sent."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaException):
                producer.flush(1)
