"""What a user writes to get samples into Kafka."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from isthmus.egress.kafka.sink import KafkaSink
from isthmus.model.secret import Secret
from isthmus.model.sink import Sink, SinkConfig

TOPIC = r"^[A-Za-z0-9._-]{1,200}$"


class Kafka(SinkConfig):
    """Copies samples and events into topics of Apache Kafka, exactly once."""

    kind: Literal["kafka"] = "kafka"
    servers: Annotated[
        list[str],
        Field(
            min_length=1,
            description="Brokers to begin with.",
            examples=[["kafka1.acme.example:9093"]],
        ),
    ]
    topic: Annotated[
        str,
        Field(
            pattern=TOPIC,
            description="Samples go to it, events to `TOPIC.events`, what was sent to "
            "`TOPIC.positions`.",
            examples=["acme.riverside.samples"],
        ),
    ]
    format: Annotated[
        Literal["json", "arrow"],
        Field(
            description="`json`: a record a sample, its key the tag's path. `arrow`: a record of "
            "many samples in columns, an Arrow IPC stream."
        ),
    ] = "json"
    tls: Annotated[bool, Field(description="Encrypt, and check the brokers' certificates.")] = True
    ca: Annotated[
        str,
        Field(description="File of the authorities that may sign their certificates, PEM."),
    ] = ""
    certificate: Annotated[str, Field(description="File of our own certificate, PEM.")] = ""
    key: Annotated[str, Field(description="File of our own private key, PEM.")] = ""
    sasl: Annotated[
        Literal["", "SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"],
        Field(description="How the user proves itself; empty for none."),
    ] = ""
    user: Annotated[str, Field(description="User name.")] = ""
    password: Annotated[
        Secret | None,
        Field(description="Where the password is kept.", examples=[{"env": "KAFKA_PASSWORD"}]),
    ] = None

    @field_validator("servers", mode="before")
    @classmethod
    def _servers(cls, written: object) -> object:
        return [written] if isinstance(written, str) else written

    @model_validator(mode="after")
    def _consistent(self) -> Kafka:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("`certificate` and `key` belong together")
        if bool(self.sasl) != bool(self.user and self.password):
            raise ValueError("`sasl`, `user` and `password` belong together")
        if not self.tls and (self.ca or self.certificate):
            raise ValueError("`ca` and `certificate` need `tls: true`")
        if self.sasl == "PLAIN" and not self.tls:
            raise ValueError("`sasl: PLAIN` shows the password to the wire: it needs `tls: true`")
        return self

    def build(self, root: str) -> Sink:
        """The closed sink."""
        return KafkaSink(
            self.client(),
            topic=self.topic,
            columns=self.format == "arrow",
            name=f"{root}/{self.name}",
            timeout=self.timeout,
        )

    def client(self) -> dict[str, object]:
        """The settings of librdkafka, but for secrets: these are read when it connects."""
        security = ("SASL_" if self.sasl else "") + ("SSL" if self.tls else "PLAINTEXT")
        found: dict[str, object] = {
            "bootstrap.servers": ",".join(self.servers),
            "security.protocol": security,
        }
        if self.ca:
            found["ssl.ca.location"] = self.ca
        if self.certificate:
            found |= {"ssl.certificate.location": self.certificate, "ssl.key.location": self.key}
        if self.sasl:
            found |= {"sasl.mechanism": self.sasl, "sasl.username": self.user}
            found["sasl.password"] = self.password
        return found

    @property
    def endpoint(self) -> str:
        """The brokers and the topic."""
        return f"kafka://{','.join(self.servers)}/{self.topic}"

    @property
    def wire(self) -> str:
        """Whether the wire is TLS."""
        return "TLS" if self.tls else "none"
