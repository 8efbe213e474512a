"""Which certificates of servers are trusted.

The folder is laid out as OPC UA Part 12 (7.8.2) groups a trust list:
`own/`, `trusted/certs/`, `trusted/crl/`, `issuers/certs/`, `rejected/`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import verification
from cryptography.x509.oid import NameOID

from isthmus.connectors.opcua.identity import names, thumbprint, word, write
from isthmus.model.errors import AuthError

KEPT_REJECTED = 50


@dataclass(frozen=True, slots=True)
class Trust:
    """Which certificates of servers are trusted: one that is pinned, or those of a folder."""

    folder: Path
    pinned: Path | None = None

    def check(self, chain: bytes, *, host: str, uri: str) -> x509.Certificate:
        """The server's certificate, leading `chain` (DER), if it may be trusted; else AuthError.

        A pinned one must be the same to the byte, and nothing else. One that lies in
        `trusted/certs` must be in its time and name the application's URI; one that a CA lying
        there has issued must name the host, too, and not be revoked (Part 4, 6.1.3).
        """
        try:
            certificates = list(_split(chain))
            server = certificates[0]
        except (ValueError, IndexError) as error:
            raise AuthError(
                f"checking the certificate of {host}: it cannot be read ({error})",
                hint="give the server a valid certificate",
            ) from error
        if self.pinned is not None:
            self._check_pin(server, host)
            return server
        trusted = list(self._stored("trusted/certs"))
        if server in trusted:
            self._check_time(server, host)
        elif self._issued(server, certificates[1:], trusted):
            self._check_time(server, host)
            self._check_host(server, host)
        else:
            raise self._unknown(server, host)
        if uri and uri not in names(server, x509.UniformResourceIdentifier):
            raise _refused(server, host, f"it is not for the application {uri}")
        return server

    def _check_pin(self, server: x509.Certificate, host: str) -> None:
        pinned = self.pinned
        assert pinned is not None  # noqa: S101 - narrows the type
        try:
            wanted = _loaded(pinned.read_bytes())
        except (OSError, ValueError) as error:
            raise AuthError(
                f"reading the pinned certificate {pinned}: {error}",
                hint="`server_certificate` must name a certificate in DER or PEM",
            ) from error
        if server != wanted:
            raise _refused(
                server,
                host,
                f"another one is pinned, {pinned} with SHA-256 {thumbprint(wanted)}",
            )

    def _check_time(self, server: x509.Certificate, host: str) -> None:
        now = datetime.now(UTC)
        if now < server.not_valid_before_utc:
            raise _refused(server, host, f"it is valid only from {server.not_valid_before_utc}")
        if now > server.not_valid_after_utc:
            raise _refused(server, host, f"it expired on {server.not_valid_after_utc:%Y-%m-%d}")

    def _check_host(self, server: x509.Certificate, host: str) -> None:
        hosts = {name.lower() for name in names(server, x509.DNSName)}
        addresses = _addresses(server)
        try:
            known = str(ipaddress.ip_address(host.strip("[]"))) in addresses
        except ValueError:
            known = host.lower() in hosts
        if not known:
            raise _refused(server, host, f"it is for {', '.join(sorted(hosts | addresses))}")

    def _issued(
        self,
        server: x509.Certificate,
        sent: Sequence[x509.Certificate],
        trusted: Sequence[x509.Certificate],
    ) -> bool:
        """Whether a trusted CA has issued the certificate, through known or sent CAs."""
        authorities = [one for one in trusted if _is_authority(one)]
        if not authorities:
            return False
        anything = verification.ExtensionPolicy.permit_all()
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store(authorities))
            .extension_policies(
                ca_policy=anything.require_present(
                    x509.BasicConstraints, verification.Criticality.AGNOSTIC, _must_be_authority
                ).may_be_present(
                    x509.KeyUsage, verification.Criticality.AGNOSTIC, _must_sign_certificates
                ),
                ee_policy=anything,
            )
            .build_client_verifier()
        )
        try:
            chain = verifier.verify(server, [*sent, *self._stored("issuers/certs")]).chain
        except verification.VerificationError:
            return False
        lists = list(self._revocations())
        for certificate, issuer in pairwise(chain):
            if any(_revokes(revoked, certificate, issuer) for revoked in lists):
                raise _refused(server, "the server", "it, or its issuer, was revoked")
        return True

    def _unknown(self, server: x509.Certificate, host: str) -> AuthError:
        kept = self.folder / "rejected" / f"{word(_common(server))[:60]} [{_short(server)}].der"
        trusted = self.folder / "trusted" / "certs"
        where = f"it lies in {kept}"
        try:
            trusted.mkdir(parents=True, exist_ok=True)
            kept.parent.mkdir(parents=True, exist_ok=True)
            older = sorted(kept.parent.glob("*.der"), key=lambda file: file.stat().st_mtime)
            for file in older[: max(len(older) - KEPT_REJECTED + 1, 0)]:
                file.unlink(missing_ok=True)
            write(kept, server.public_bytes(serialization.Encoding.DER))
        except OSError as error:
            where = f"it could not be kept ({error})"
        return AuthError(
            f"checking the certificate of {host}: {server.subject.rfc4514_string()} is unknown,"
            f" SHA-256 {thumbprint(server)}; {where}",
            hint="compare the SHA-256 with the one that the server shows; if equal, move the file"
            f" to {trusted}, or name it as `server_certificate`",
        )

    def _stored(self, part: str) -> Iterator[x509.Certificate]:
        for file in sorted((self.folder / part).glob("*")):
            if file.suffix.lower() in (".der", ".pem", ".crt", ".cer"):
                try:
                    yield _loaded(file.read_bytes())
                except (OSError, ValueError) as error:
                    raise AuthError(
                        f"reading the trusted certificate {file}: {error}",
                        hint="replace or remove the file",
                    ) from error

    def _revocations(self) -> Iterator[x509.CertificateRevocationList]:
        folders = (self.folder / part / "crl" for part in ("trusted", "issuers"))
        for file in sorted(
            file for folder in folders for file in folder.glob("*") if file.is_file()
        ):
            try:
                content = file.read_bytes()
                pem = content.startswith(b"-----")
                yield (x509.load_pem_x509_crl if pem else x509.load_der_x509_crl)(content)
            except (OSError, ValueError) as error:
                raise AuthError(
                    f"reading the revocation list {file}: {error}",
                    hint="replace or remove the file",
                ) from error


def _revokes(
    revoked: x509.CertificateRevocationList,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
) -> bool:
    if revoked.issuer != certificate.issuer:
        return False
    try:
        sound = revoked.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, ValueError, TypeError):
        return False
    return sound and (
        revoked.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
    )


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _must_be_authority(
    _policy: verification.Policy, _certificate: x509.Certificate, found: x509.BasicConstraints
) -> None:
    if not found.ca:
        raise ValueError("the issuer is no certificate authority")


def _must_sign_certificates(
    _policy: verification.Policy, _certificate: x509.Certificate, found: x509.KeyUsage | None
) -> None:
    if found is not None and not found.key_cert_sign:
        raise ValueError("the issuer's key is not for signing certificates")


def _loaded(content: bytes) -> x509.Certificate:
    if content.startswith(b"-----"):
        return x509.load_pem_x509_certificate(content)
    return x509.load_der_x509_certificate(content)


def _split(chain: bytes) -> Iterator[x509.Certificate]:
    """The certificates of a chain: DER one after the other, leaf first; at most eight."""
    for _ in range(8):
        if len(chain) < 4:  # noqa: PLR2004 - tag and long length
            return
        size = 4 + int.from_bytes(chain[2:4], "big")
        yield x509.load_der_x509_certificate(chain[:size])
        chain = chain[size:]


def first_of(chain: bytes) -> bytes:
    """The server's own certificate of a chain (DER); ValueError where there is none."""
    for found in _split(chain):
        return found.public_bytes(serialization.Encoding.DER)
    raise ValueError("the chain is empty")


def _addresses(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return {str(address) for address in found.value.get_values_for_type(x509.IPAddress)}


def _common(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else "unnamed"


def _short(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()[:16]


def _refused(server: x509.Certificate, host: str, why: str) -> AuthError:
    return AuthError(
        f"checking the certificate of {host}: {server.subject.rfc4514_string()},"
        f" SHA-256 {thumbprint(server)}: {why}",
        hint="renew the server's certificate, or name this very one as `server_certificate`",
    )
