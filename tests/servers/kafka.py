"""librdkafka's mock cluster: brokers in this process, written by others for their own tests.

It is a mock: it keeps records in memory, knows idempotence and transactions as a protocol, and
hides nothing of an aborted one from readers, as a real broker would. No real broker can be
installed from the package registries.
"""

from __future__ import annotations

import json
import logging
from typing import Any, Self

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

quiet = logging.getLogger("tests.kafka")
quiet.setLevel(logging.CRITICAL)


class MockCluster:
    """Three brokers on the loopback."""

    def __init__(self) -> None:
        self._owner: Producer | None = Producer(
            {"bootstrap.servers": "ignored", "test.mock.num.brokers": 3, "logger": quiet}
        )
        brokers = self._owner.list_topics(timeout=10).brokers.values()
        self.servers = [f"{broker.host}:{broker.port}" for broker in brokers]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def records(self, topic: str) -> list[tuple[str, Any, dict[str, bytes]]]:
        """Key, value (JSON decoded, else bytes) and headers of all records, by partition."""
        consumer = Consumer(
            {
                "bootstrap.servers": ",".join(self.servers),
                "group.id": "reader",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
                "logger": quiet,
            }
        )
        try:
            parts = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            consumer.assign([TopicPartition(topic, number, 0) for number in parts])
            found, ended = [], set()
            while len(ended) < len(parts):
                message = consumer.poll(5)
                if message is None:
                    raise TimeoutError(f"the mock cluster does not tell all of {topic}")
                if message.error() is None:
                    headers = dict(message.headers() or [])
                    value = message.value()
                    if headers.get("content-type") == b"application/json":
                        value = json.loads(value)
                    found.append((message.key().decode(), value, headers))
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
            return found
        finally:
            consumer.close()

    def remove(self) -> None:
        """End the brokers."""
        self._owner = None
