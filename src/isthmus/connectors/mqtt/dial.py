"""Getting to a broker: paho's engine set up, TCP and TLS, and what its refusals mean."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from isthmus.connectors.mqtt.settings import BrokerConfig
from isthmus.model.errors import AuthError, LinkError

REFUSED = 0x80
# Reason codes of MQTT 5.0, 2.4; paho maps the return codes of 3.1.1 onto them.
WHO_WE_ARE = {0x86, 0x87, 0x8A, 0x8C}
HINTS = {
    0x84: "set `version` to the other of 3.1.1 and 5",
    0x85: "set `client_id` to letters and digits only",
    0x86: "check `user` and `password`",
    0x87: "the broker must allow this user to connect",
    0x88: "the broker is not ready; it is tried again",
    0x8A: "the broker has banned us; ask who runs it",
    0x8C: "the broker wants another way to sign in",
}


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we vanish; retained, QoS 1."""

    topic: str
    payload: bytes


def engine(config: BrokerConfig, client_id: str, will: Will | None) -> Client:
    """A client of paho with these settings, not connected, its callbacks not set."""
    five = config.version == "5"
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if five else True,
        protocol=MQTTv5 if five else MQTTv311,
        reconnect_on_failure=False,
    )
    client.connect_timeout = config.timeout
    if config.user:
        client.username_pw_set(config.user, config.password.reveal() if config.password else None)
    context = config.tls()
    if context is not None:
        client.tls_set_context(context)
    if will is not None:
        client.will_set(will.topic, will.payload, qos=1, retain=True)
    return client


def dial(client: Client, config: BrokerConfig) -> None:
    """Connect TCP and TLS, blocking at most `timeout` a step; LinkError says why not."""
    # without a Session Expiry Interval the session ends with the link (MQTT 5, 3.1.2.11.2)
    options: dict[str, Any] = {"clean_start": True} if config.version == "5" else {}
    try:
        client.connect(config.host, config.port, keepalive=config.keep_alive, **options)
    except ssl.SSLCertVerificationError as error:
        raise LinkError(
            f"opening {config.endpoint}: not trusting its certificate: {error.verify_message}",
            hint="set `ca` to the file of the authority that signed it, and use its name",
        ) from error
    except ssl.SSLError as error:
        raise LinkError(
            f"opening {config.endpoint}: agreeing on TLS: {error.reason or error}",
            hint="is it a TLS listener, and does it ask for our `certificate`?",
        ) from error
    except (OSError, ValueError) as error:
        raise LinkError(
            f"opening {config.endpoint}: {error}",
            hint="is the broker running, and does this network reach it?",
        ) from error


def refused(doing: str, reason: ReasonCode) -> LinkError:
    """The error that a broker's reason code stands for; AuthError where it is about who we are."""
    kind = AuthError if reason.value in WHO_WE_ARE else LinkError
    return kind(f"{doing}: {str(reason).lower()}", hint=HINTS.get(reason.value, ""))
