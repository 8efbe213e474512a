"""The TLS of channels: the other end's certificate is always checked."""

from __future__ import annotations

import ssl

from isthmus.model.errors import LinkError


def context(ca: str) -> ssl.SSLContext:
    """A client's context that trusts `ca`, or else what the machine trusts."""
    try:
        made = ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise LinkError(
            f"reading the authorities in {ca}: {error}", hint="`ca` is a PEM file of certificates"
        ) from error
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made
