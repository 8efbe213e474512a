"""The plant's own certificate authority: made at first start, trusted by nobody else.

Keys are EC P-256 (NIST SP 800-186), certificates X.509 v3 (RFC 5280), all files PEM. Keys are
written readable by their owner alone and never overwritten but by a renewal. Lives are short:
what is issued is renewed after two thirds of its life, while the old one still holds.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from isthmus.model.errors import Refused, StorageError
from isthmus.model.sample import Clock
from isthmus.trust.pki import build
from isthmus.trust.pki.build import Signer, Use, Wish
from isthmus.trust.pki.files import (
    certificates_pem,
    pem,
    read_certificates,
    read_pair,
    write_private,
    write_public,
)
from isthmus.trust.pki.names import due, ends, local_names
from isthmus.trust.pki.opened import Terms, of_company, own
from isthmus.trust.pki.register import Issued, Reason, Register

__all__ = [
    "Identity",
    "PlantAuthority",
    "Terms",
    "Use",
    "due",
    "ends",
    "local_names",
    "write_private",
]

ANEW = timedelta(days=1)  # the age at which a revocation list is made anew
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Where the PEM files of one identity are, and when it ends."""

    name: str
    ca: Path
    certificate: Path
    key: Path
    ends: datetime


class PlantAuthority:
    """Issues certificates for the servers and clients of one plant, and takes them back."""

    def __init__(self, folder: Path, signer: Signer, now: Clock, terms: Terms) -> None:
        self.folder, self.terms = folder, terms
        self.ca = folder / "ca.crt"
        self.list = folder / "ca.crl"  # what is revoked, DER
        self.register = Register(folder / "issued.jsonl")
        self._signer = signer
        self._now = now

    @classmethod
    def open(
        cls, folder: Path, name: str, now: Clock, terms: Terms | None = None
    ) -> PlantAuthority:
        """The authority kept in `folder`, made there at first start.

        `name` is the plant's, such as `acme riverside`. Raises StorageError where the files are
        damaged, unreadable or belong to each other no more.
        """
        terms = terms or Terms()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if terms.certificate is not None and terms.key is not None:
            signer = of_company(folder, terms.certificate, terms.key, terms)
        else:
            signer = own(folder, name, _instant(now), terms.passphrase)
        made = cls(folder, signer, now, terms)
        made._adopt()
        return made

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate that signs what is issued."""
        return self._signer.certificate

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the authority's certificate, for people to compare."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":")

    def server(self, name: str, hosts: Sequence[str] = ()) -> Identity:
        """A server's identity, valid for this machine's names and `hosts` besides."""
        return self.issue(name, Use.SERVER, hosts=(*local_names(), *hosts))

    def client(self, name: str) -> Identity:
        """A client's identity; its common name is `name`."""
        return self.issue(name, Use.CLIENT)

    def broker(self, name: str = "mqtt", hosts: Sequence[str] = ()) -> Identity:
        """The identity of an MQTT broker on this machine, also known as `hosts`."""
        return self.server(name, hosts)

    def issue(
        self, name: str, use: Use, *, hosts: Sequence[str] = (), anew: bool = False
    ) -> Identity:
        """The identity `name`, from its files where they are still good, else made or renewed.

        Renewed after two thirds of its life, where it lacks a host, was revoked, lives longer
        than our terms allow or was issued by another authority; `anew` renews it in any case.
        """
        wish = self._wish(name, use, hosts)
        certificate_file, key_file = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        with contextlib.suppress(StorageError):
            known = read_pair(certificate_file, key_file)[0][0]
            if not anew and self._good(known, wish):
                return self._identity(name, known)
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(wish, key.public_key(), self.terms.life)
        # a certificate without its key is renewed at the next start, so the order is safe
        certificate_file.unlink(missing_ok=True)
        write_private(key_file, pem(key))
        write_public(certificate_file, certificates_pem([made, *self._above()]))
        return self._identity(name, made)

    def hand_out(
        self, name: str, file: str, folder: Path, use: Use = Use.CLIENT, hosts: Sequence[str] = ()
    ) -> Identity:
        """A new identity `name` in `folder`, to be carried away: no key stays here.

        Writes `ca.crt`, `<file>.crt` and `<file>.key`, which only the owner may read.
        """
        wish = self._wish(name, use, hosts)
        if not _NAME.fullmatch(file) or file == "ca":
            raise ValueError(f"`{file}` is no name for a certificate: letters, digits and . _ -")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(wish, key.public_key(), self.terms.carried)
        certificate_file, key_file = folder / f"{file}.crt", folder / f"{file}.key"
        certificate_file.unlink(missing_ok=True)
        write_private(key_file, pem(key))
        write_public(certificate_file, certificates_pem([made, *self._above()]))
        write_public(folder / "ca.crt", self.ca.read_bytes())
        return Identity(
            name, folder / "ca.crt", certificate_file, key_file, made.not_valid_after_utc
        )

    def answer(
        self,
        request: bytes,
        name: str,
        use: Use = Use.CLIENT,
        hosts: Sequence[str] = (),
        *,
        renews: bool = False,
    ) -> bytes:
        """A certificate for the key of `request` (PEM, RFC 2986), and its chain.

        Whoever asks must be allowed to be `name`. Refused where the request does not ask for
        `name`, or is not signed with the key that it holds; one that `renews` must name whom the
        certificate of before named, which one made before a revocation does not.
        """
        wish = self._wish(name, use, hosts)
        try:
            asked = x509.load_pem_x509_csr(request)
            public = asked.public_key()
            sound = asked.is_signature_valid and asked.subject == (
                wish.subject if renews else build.common(name)
            )
        except (ValueError, TypeError) as error:
            raise Refused(f"reading the request of {name}: {error}") from error
        if not sound or not isinstance(public, ec.EllipticCurvePublicKey):
            raise Refused(f"the request is not one of {name} with an elliptic-curve key")
        made = self._sign(wish, public, self.terms.carried)
        return certificates_pem([made, *self._above()])

    # ------------------------------------------------------------ taking back
    def subject(self, name: str) -> str:
        """Whom a certificate of `name` names that holds now (RFC 4514)."""
        wish = Wish(name, Use.CLIENT, generation=self.register.generation(name))
        return wish.subject.rfc4514_string()

    def revoke(self, name: str, reason: Reason, by: str) -> Sequence[Issued]:
        """What held of `name` and holds no more; the list that says so is written.

        Also what was issued for it before there was a record is worth nothing from then on.
        """
        self._wish(name, Use.CLIENT, ())
        hit = self.register.revoke(name, reason, by, _instant(self._now))
        self.publish()
        return hit

    def publish(self) -> Path:
        """Write the revocation list anew."""
        now = _instant(self._now)
        entries = [
            (int(found.serial, 16), found.revoked, found.reason)
            for found in self.register.all()
            if found.revoked is not None and found.ends > now - build.LIST_LIFE
        ]
        made = build.revocation_list(entries, self._signer, now)
        write_public(self.list, made.public_bytes(serialization.Encoding.DER))
        return self.list

    def published(self) -> bytes:
        """The revocation list (DER), made anew where it is a day old or does not say all."""
        try:
            made = x509.load_der_x509_crl(self.list.read_bytes())
        except (OSError, ValueError):
            return self.publish().read_bytes()
        now = _instant(self._now)
        known = {entry.serial_number for entry in made}
        missing = any(
            int(found.serial, 16) not in known
            for found in self.register.all()
            if found.state == "revoked" and found.ends > now
        )
        ours = made.is_signature_valid(self._signer.key.public_key())
        if missing or not ours or not timedelta(0) <= now - made.last_update_utc < ANEW:
            self.publish()
        return self.list.read_bytes()

    # ------------------------------------------------------------ what is good
    def _wish(self, name: str, use: Use, hosts: Sequence[str]) -> Wish:
        if not _NAME.fullmatch(name) or name == "ca":
            raise ValueError(f"`{name}` is no name for a certificate: letters, digits and . _ -")
        return Wish(name, use, tuple(hosts), self.register.generation(name))

    def _good(self, known: x509.Certificate, wish: Wish) -> bool:
        begins, ends_at, now = (
            known.not_valid_before_utc,
            known.not_valid_after_utc,
            _instant(self._now),
        )
        life = ends_at - begins
        if not begins <= now < begins + life * 2 / 3:
            return False
        if life > timedelta(days=self.terms.life) + 2 * build.BACKDATE:
            return False
        if not build.issued_by(known, self.certificate) or known.subject != wish.subject:
            return False
        found = self.register.find(known.serial_number)
        if found is not None and found.state == "revoked":
            return False
        return build.says(known, wish.use, wish.hosts)

    def _sign(self, wish: Wish, public: ec.EllipticCurvePublicKey, days: float) -> x509.Certificate:
        now = _instant(self._now)
        if now >= self.certificate.not_valid_after_utc:
            raise StorageError(
                f"issuing {wish.name}: the authority itself ended "
                f"on {self.certificate.not_valid_after_utc:%Y-%m-%d}",
                hint="`isthmus cert request` asks for a new one, `isthmus cert install` takes it",
            )
        made = build.leaf(wish, public, self._signer, now, timedelta(days=days))
        self.register.add(_issued(made, wish.name, wish.hosts))
        return made

    def _above(self) -> list[x509.Certificate]:
        """What a server shows besides its own, so that who trusts the company's root finds it."""
        if self._signer.rooted:
            return []
        chain = self.folder / "chain.crt"
        return [self.certificate, *(read_certificates(chain) if chain.exists() else [])]

    def _adopt(self) -> None:
        """Write down what was issued before there was a record."""
        for file in sorted(self.folder.glob("*.crt")):
            with contextlib.suppress(StorageError):
                found = read_certificates(file)[0]
                ours = build.issued_by(found, self.certificate) and found != self.certificate
                if ours and self.register.find(found.serial_number) is None:
                    self.register.add(_issued(found, file.stem, ()))

    def _identity(self, name: str, certificate: x509.Certificate) -> Identity:
        return Identity(
            name,
            self.ca,
            self.folder / f"{name}.crt",
            self.folder / f"{name}.key",
            certificate.not_valid_after_utc,
        )


def _issued(made: x509.Certificate, name: str, hosts: Sequence[str]) -> Issued:
    return Issued(
        f"{made.serial_number:x}",
        name,
        build.use_of(made),
        made.fingerprint(hashes.SHA256()).hex(":"),
        made.not_valid_before_utc,
        made.not_valid_after_utc,
        tuple(hosts),
    )


def _instant(now: Clock) -> datetime:
    return datetime.fromtimestamp(now() // 1_000_000_000, UTC)
