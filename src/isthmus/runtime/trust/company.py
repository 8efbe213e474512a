"""A company's authority in place of ours: the request, and what comes back signed."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from isthmus.model.errors import ConfigError, StorageError
from isthmus.runtime.trust.certificates import Certificates
from isthmus.trust.pki import build
from isthmus.trust.pki.authority import PlantAuthority
from isthmus.trust.pki.files import certificates_pem, pem, read_key, write_private, write_public

NEXT = "next.key"  # of the authority that was asked for


def ask(authority: PlantAuthority) -> bytes:
    """A request (PEM) for an authority below the company's; its key stays in our folder.

    Asked again, the request is for the same key.
    """
    file, secret = authority.folder / NEXT, authority.terms.passphrase
    if file.exists():
        key = read_key(file, secret)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(file, pem(key, secret))
    name = build.common_of(authority.certificate)
    return build.request(name, key, authority=True).public_bytes(Encoding.PEM)


def install(papers: Certificates, chain: bytes, by: str) -> x509.Certificate:
    """Let the authority that the company signed issue from now on; the old one is kept aside.

    ConfigError where it is not the one that was asked for, or may not issue certificates.
    """
    authority = papers.authority
    folder, secret = authority.folder, authority.terms.passphrase
    try:
        found = x509.load_pem_x509_certificates(chain)
        key = read_key(folder / NEXT, secret)
    except (ValueError, StorageError) as error:
        raise ConfigError(
            f"reading what the company signed: {error}",
            hint="`isthmus cert request` comes first; the chain is PEM, ours at its head",
        ) from error
    made, above = found[0], found[1:]
    if made.public_key() != key.public_key():
        raise ConfigError(
            f"{made.subject.rfc4514_string()} is not for the key that was asked for",
            hint="put ours at the head of the file",
        )
    if build.use_of(made) != "authority":
        raise ConfigError(
            "it may not issue certificates", hint="have it signed with CA:TRUE, pathlen 0"
        )
    for lower, upper in zip(found, above, strict=False):
        if not build.issued_by(lower, upper):
            raise ConfigError(
                f"{upper.subject.rfc4514_string()} has not signed {lower.subject.rfc4514_string()}",
                hint="put each authority below the one that it signed",
            )
    papers.record(by, f"installed the authority {made.subject.rfc4514_string()}", "ca")
    write_private(folder / "ca.key.before", (folder / "ca.key").read_bytes())
    write_public(folder / "ca.crt.before", authority.ca.read_bytes())
    write_private(folder / "ca.key", pem(key, secret))
    if above:
        write_public(folder / "chain.crt", certificates_pem(above))
    write_public(folder / "ca.crt", certificates_pem([made]))
    (folder / NEXT).unlink()
    return made
