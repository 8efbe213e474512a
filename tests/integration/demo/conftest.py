"""A broker with TLS, and a demo plant as its own process, at sixty times the wall's speed."""

from __future__ import annotations

import ipaddress
import json
import queue
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

RATE = 60.0
OPENS = 1_794_305_400 * 10**9  # Tue 10 Nov 2026, 11:10 in Berlin
USER, PASSWORD = "packer", "a word of the shop floor"


@dataclass
class Broker:
    """A NATS server that speaks MQTT over TLS."""

    port: int
    ca: Path
    password_file: Path
    user: str = USER
    password: str = PASSWORD

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"


@dataclass
class Started:
    """A running demo plant."""

    folder: Path
    process: subprocess.Popen[str]
    ports: dict[str, int]
    broker: Broker | None
    wall: int

    def plant_time(self, wall: float) -> float:
        """Seconds UTC of the plant when the wall shows `wall`."""
        return OPENS / 1e9 + (wall - self.wall / 1e9) * RATE


def free_port() -> int:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        return port


def certify(folder: Path) -> tuple[Path, Path, Path]:
    """Files of an authority, and of a server certificate with its key."""

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    now = datetime.now(UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def build(subject: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name("demo test authority"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
                critical=False,
            )
        )

    authority = (
        build("demo test authority", ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    server = (
        build("broker", key.public_key())
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    files = folder / "ca.pem", folder / "broker.pem", folder / "broker.key"
    files[0].write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(server.public_bytes(serialization.Encoding.PEM))
    files[2].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("broker")
    ca, certificate, key = certify(folder)
    port = free_port()
    (folder / "password").write_text(PASSWORD + "\n")
    (folder / "nats.conf").write_text(
        f'server_name: demo\nlisten: "127.0.0.1:{free_port()}"\n'
        f'jetstream {{ store_dir: "{folder / "store"}" }}\n'
        f'mqtt {{ listen: "127.0.0.1:{port}"\n'
        f'  tls {{ cert_file: "{certificate}", key_file: "{key}" }} }}\n'
        f'authorization {{ users: [ {{ user: "{USER}", password: "{PASSWORD}" }} ] }}\n'
    )
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen([program, "-c", folder / "nats.conf"], stdout=log, stderr=log)
    try:
        wait_for(port)
        yield Broker(port, ca, folder / "password")
    finally:
        server.terminate()
        server.wait(10)


def wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"nothing listens on port {port}")


class Launch:
    """Starts and ends demo plants."""

    @staticmethod
    def start(folder: Path, broker: Broker | None = None, *more: str) -> Started:
        wall = time.time_ns()
        words = ["--folder", str(folder), "--pace", f"{wall}:{OPENS}:{RATE}", *more]
        if broker is not None:
            words += ["--broker", broker.url, "--broker-ca", str(broker.ca)]
            words += ["--broker-user", USER, "--broker-password-file", str(broker.password_file)]
        process = subprocess.Popen(
            [sys.executable, "-m", "isthmus.demo", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"the demo ended with {process.wait(10)}")
        said = json.loads(line)
        assert said["ready"] is True
        return Started(folder, process, said["ports"], broker, wall)

    @staticmethod
    def end(started: Started) -> int:
        assert started.process.stdin is not None
        assert started.process.stdout is not None
        started.process.stdin.close()
        try:
            return started.process.wait(15)
        except subprocess.TimeoutExpired:
            started.process.kill()
            raise
        finally:
            started.process.stdout.close()


@pytest.fixture(scope="session")
def launch() -> type[Launch]:
    return Launch


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, broker: Broker) -> Iterator[Started]:
    started = Launch.start(tmp_path_factory.mktemp("demo"), broker)
    try:
        yield started
    finally:
        assert Launch.end(started) == 0


@pytest.fixture
def listening(broker: Broker):
    """A stock MQTT client on all of Sparkplug's topics, and how to wait for a verb's payload."""

    @contextmanager
    def listener() -> Iterator[tuple[Client, Callable[[str], bytes]]]:
        heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        client = Client(CallbackAPIVersion.VERSION2, client_id="hostapplication")
        client.tls_set(str(broker.ca))
        client.username_pw_set(USER, PASSWORD)

        def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
            heard.put((message.topic.split("/")[2], bytes(message.payload)))

        client.on_message = on_message
        client.on_connect = lambda one, *_: one.subscribe("spBv1.0/riverside/#", qos=1)
        client.connect("127.0.0.1", broker.port)
        client.loop_start()

        def wait(verb: str) -> bytes:
            until = time.monotonic() + 20
            while True:
                said, payload = heard.get(timeout=max(0.01, until - time.monotonic()))
                if said == verb:
                    return payload

        try:
            yield client, wait
        finally:
            client.disconnect()
            client.loop_stop()

    return listener
