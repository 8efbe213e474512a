"""TLS to PostgreSQL: who answers is checked, and what is wrong is told with what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.servers.process import NOBODY

from isthmus.historian.postgresql.connect import connect
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.postgresql.visit import visit
from isthmus.model.errors import IsthmusError
from isthmus.runtime.trust.wire import Wire, look


def certificate(address: str) -> tuple[bytes, bytes]:
    """A certificate that signs itself, and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "db")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made.public_bytes(serialization.Encoding.PEM), private


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"], ids=["its own", "another's"])
def test_the_server_must_prove_who_it_is(postgresql_alone, tmp_path, address):
    cluster, (public, private) = postgresql_alone, certificate(address)
    for name, data in (("server.crt", public), ("server.key", private)):
        file = cluster.folder / "data" / name
        file.write_bytes(data)
        file.chmod(0o600)
        if os.geteuid() == 0:
            shutil.chown(file, NOBODY)
    cluster.sql("alter system set ssl = on")
    cluster.stop()
    cluster.start()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(public)
    url = cluster.database()
    with connect(PostgreSqlSettings(url, tls="require")) as connection:
        assert connection.pgconn.ssl_in_use, "encrypted, whoever it is"
    (shown,) = asyncio.run(look(Wire("history", "127.0.0.1", cluster.port, "postgresql")))
    assert x509.load_der_x509_certificate(shown) == x509.load_pem_x509_certificate(public)
    with pytest.raises(IsthmusError, match="certificate") as told:
        connect(PostgreSqlSettings(url, tls="verify-full"))
    assert "history: {ca: FILE}" in told.value.hint
    known = PostgreSqlSettings(url, tls="verify-full", ca=str(ca))
    if address == "127.0.0.1":
        assert ", TLS" in visit(known)
    else:
        with pytest.raises(IsthmusError, match=r"127\.0\.0\.1"):
            connect(known)
