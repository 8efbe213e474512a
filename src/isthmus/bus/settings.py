"""What the bundled server shall be, and the configuration file that says it to NATS."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from isthmus.bus.accounts import (
    EVENTS,
    FLOOR,
    STANDARD,
    Client,
    accounts,
    block,
    quote,
    written,
)
from isthmus.bus.port import TlsFiles

__all__ = ["Client", "MqttSettings", "ServerSettings", "quote", "render"]

MB = 1 << 20
_FLOOR = (  # the store's API and the server's events are not for the shop floor
    'allowed_connection_types: ["MQTT"], permissions { publish: { deny: ["$JS.>", "$SYS.>"] }, '
    'subscribe: { deny: ["$JS.>", "$SYS.>", "_INBOX.>"] } }'
)


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """A shop-floor MQTT 3.1.1 broker: who may connect, and the store it may fill.

    `users` are names with passwords (at least one; there is no default). With `tls` the listener
    speaks TLS 1.3 without asking for client certificates.
    """

    users: tuple[tuple[str, str], ...]
    host: str = "127.0.0.1"
    port: int = 0
    tls: TlsFiles | None = None
    max_memory: int = 64 * MB
    max_file: int = 512 * MB


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """A NATS server with JetStream on this machine, child of this process.

    `sync` "always" flushes each stored message to the disk before it is acknowledged, so that
    streams outlive a power failure; a number of seconds flushes so often (they always outlive a
    killed process). `tls` None is for tests: without it anybody on this machine may connect.
    """

    folder: Path
    tls: TlsFiles | None = None
    clients: tuple[Client, ...] = (Client("isthmus"),)
    host: str = "127.0.0.1"
    port: int = 0
    name: str = "isthmus"
    sync: Literal["always"] | float = 10.0
    max_memory: int = 64 * MB
    max_file_store: int = 16 << 30
    max_payload: int = 8 * MB
    go_memory: int = 256 * MB
    mqtt: MqttSettings | None = None
    min_free: int = 64 * MB  # of the disk, before a server that found it full is started again
    ready_s: float = 30.0
    zone: str = ""  # where the site stands
    environment: dict[str, str] = field(default_factory=dict)


def render(settings: ServerSettings, *, port: int, mqtt_port: int, name: str, secret: str) -> str:
    """The server's configuration file; `secret` guards the account where there is no TLS."""
    sync = settings.sync if settings.sync == "always" else f"{max(settings.sync, 0.1):g}s"
    blocks = [
        f"server_name: {quote(name)}",
        f"listen: {quote(f'{_bracketed(settings.host)}:{port}')}",
        f"max_payload: {settings.max_payload}",
        f"max_pending: {max(64 * MB, 2 * settings.max_payload)}",
        "write_deadline: 10s",
        "lame_duck_duration: 30s",
        "lame_duck_grace_period: 1s",
        "jetstream {",
        f"  store_dir: {quote(str(settings.folder / 'store'))}",
        f"  max_memory_store: {settings.max_memory + _mqtt(settings, 'max_memory')}",
        f"  max_file_store: {settings.max_file_store + _mqtt(settings, 'max_file')}",
        f"  sync_interval: {sync}",
        "}",
        *_tls(settings.tls, verify="verify_and_map"),
        *_accounts(settings, secret),
    ]
    if settings.mqtt is not None:
        blocks += [
            "mqtt {",
            f"  listen: {quote(f'{settings.mqtt.host}:{mqtt_port}')}",
            *_tls(settings.mqtt.tls, verify="verify"),
            "}",
        ]
    return "\n".join(blocks) + "\n"


def _tls(tls: TlsFiles | None, *, verify: str) -> list[str]:
    if tls is None:
        return []
    files = {"cert_file": tls.certificate, "key_file": tls.key, "ca_file": tls.ca}
    lines = [f"  {key}: {quote(str(path.resolve()))}" for key, path in files.items()]
    asked = "true" if verify == "verify_and_map" else "false"
    return ["tls {", *lines, f"  {verify}: {asked}", '  min_version: "1.3"', "  timeout: 5", "}"]


def _accounts(settings: ServerSettings, secret: str) -> list[str]:
    """The plant's own account, those of other clients, the shop floor's MQTT, the events."""
    core: tuple[str, ...] = ()
    if settings.tls is None:
        core = (f"user: plain, password: {quote(secret)}, allowed_connection_types: {STANDARD}",)
    limits = (
        f"jetstream {{ max_memory: {settings.max_memory}, max_file: {settings.max_file_store} }}"
    )
    lines = ["accounts {", f"  {EVENTS} {{}}"]
    lines += written(accounts(settings.clients, settings.zone), limits, core)
    if (mqtt := settings.mqtt) is not None:
        users = [
            f"user: {quote(user)}, password: {quote(password)}, {_FLOOR}"
            for user, password in mqtt.users
        ]
        limits = f"jetstream {{ max_memory: {mqtt.max_memory}, max_file: {mqtt.max_file} }}"
        lines += block(FLOOR, users, limits)
    lines += ["}", f"system_account: {EVENTS}"]
    return [*lines, "no_auth_user: plain"] if settings.tls is None else lines


def _mqtt(settings: ServerSettings, limit: Literal["max_memory", "max_file"]) -> int:
    return int(getattr(settings.mqtt, limit)) if settings.mqtt is not None else 0


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
