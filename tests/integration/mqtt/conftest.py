"""Real brokers on loopback: mosquitto, plain and TLS, and the MQTT listener of nats-server."""

from __future__ import annotations

import datetime as dt
import getpass
import ipaddress
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = "riverside-7"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Broker:
    """A broker process that can be killed and started again on the same port."""

    command: list[str]
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"no broker on {self.port}: {self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def mosquitto_command(folder: Path, lines: list[str]) -> list[str]:
    found = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
    if found is None:
        pytest.skip("mosquitto is not installed (apt-get install mosquitto)")
    config = folder / "mosquitto.conf"
    config.write_text(
        "\n".join([f"user {getpass.getuser()}", "per_listener_settings false", *lines])
    )
    return [found, "-c", str(config)]


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0"]
    broker = Broker(mosquitto_command(tmp_path, lines), port, tmp_path / "broker.log")
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def locked_mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """Knows one user, `isthmus`, by password."""
    port, users = free_port(), tmp_path / "users"
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous false", f"password_file {users}"]
    command = mosquitto_command(tmp_path, lines)
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "isthmus", PASSWORD], check=True)
    broker = Broker(command, port, tmp_path / "broker.log")
    broker.start()
    yield broker
    broker.kill()


@dataclass(frozen=True)
class Papers:
    """PEM files: an authority, and a certificate with key of a server and of a client."""

    ca: str
    server: tuple[str, str]
    client: tuple[str, str]


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder = tmp_path_factory.mktemp("papers")
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "acme plant authority")])
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)

    def signed(name: x509.Name, key: ec.EllipticCurvePrivateKey, ca: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), False
            )
        )
        if ca:
            builder = builder.add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
            ).add_extension(
                x509.KeyUsage(True, False, False, False, False, True, True, False, False), True
            )
        else:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), False)
        return builder.sign(ca_key, hashes.SHA256())

    def pem(name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey):
        files = folder / f"{name}.crt", folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return str(files[0]), str(files[1])

    authority = pem("ca", signed(ca_name, ca_key, True), ca_key)
    made = {}
    for name in ("server", "client"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made[name] = pem(name, signed(subject, key, False), key)
    return Papers(authority[0], made["server"], made["client"])


@pytest.fixture
def tls_mosquitto(tmp_path: Path, papers: Papers) -> Callable[[bool], Broker]:
    started: list[Broker] = []

    def start(ask: bool) -> Broker:
        port = free_port()
        lines = [
            f"listener {port} 127.0.0.1",
            "allow_anonymous true",
            f"cafile {papers.ca}",
            f"certfile {papers.server[0]}",
            f"keyfile {papers.server[1]}",
            f"require_certificate {str(ask).lower()}",
        ]
        broker = Broker(mosquitto_command(tmp_path, lines), port, tmp_path / "broker.log")
        broker.start()
        started.append(broker)
        return broker

    yield start
    for broker in started:
        broker.kill()


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[Broker]:
    port = free_port()
    config = tmp_path / "nats.conf"
    config.write_text(
        f'server_name: riverside\nlisten: "127.0.0.1:{free_port()}"\n'
        f'jetstream {{ store_dir: "{tmp_path}/js" }}\nmqtt {{ listen: "127.0.0.1:{port}" }}\n'
    )
    broker = Broker(
        [str(Path(sys.executable).with_name("nats-server")), "-c", str(config)],
        port,
        tmp_path / "broker.log",
    )
    broker.start()
    yield broker
    broker.kill()
