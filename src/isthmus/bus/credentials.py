"""How we say who we are to a bus, and whom we believe."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from isthmus.bus.port import TlsFiles
from isthmus.model.errors import AuthError


@dataclass(frozen=True, slots=True)
class Credentials:
    """How we say who we are, where a client certificate does not say it.

    `file` is a NATS credentials file (JWT and seed); values come from the environment or from
    files that the plant file names, never from the plant file itself.
    """

    user: str = ""
    password: str = ""
    token: str = ""
    file: str = ""


def client_context(tls: TlsFiles) -> ssl.SSLContext:
    """TLS 1.3 with our certificate, trusting nobody but the plant's own authority."""
    try:
        context = ssl.create_default_context(cafile=str(tls.ca))
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # ours may stand below a company's
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise AuthError(
            f"reading the certificate {tls.certificate}: {error}",
            hint="does the file exist, and may this user read it?",
        ) from error
    return context
