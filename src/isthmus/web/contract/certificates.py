"""Certificates: what was issued, what is seen in the plant, what waits for a person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from isthmus.web.contract.answer import Answer

Wall = Annotated[float, Field(description="Milliseconds since 1970 UTC, by the wall's clock.")]


class IssuedCertificate(Answer):
    """One that the plant's authority issued; `superseded` still holds until it ends."""

    serial: str
    name: str
    use: str
    sha256: str
    begins: Wall
    ends: Wall
    due: Wall
    hosts: list[str]
    state: Literal["good", "superseded", "revoked", "expired"]
    reason: str = ""
    revoked: Wall | None = None
    breaks: str


class SeenCertificate(Answer):
    """One that lies in the plant's folders or was shown on a wire, whoever issued it.

    `breaks` says what stops when it ends, `renews` whether that is prevented by itself, `do` what
    a person does else. `sha256` is what is compared with the device.
    """

    place: str
    name: str
    issuer: str
    use: str
    sha256: str
    serial: str
    begins: Wall
    ends: Wall
    standing: Literal[
        "good",
        "due",
        "superseded",
        "expired",
        "revoked",
        "trusted",
        "pending",
        "refused",
        "authority",
        "shown",
        "replaced",
    ]
    names: list[str]
    breaks: str
    renews: bool
    do: str
    link: str
    weak: Annotated[list[str], Field(description="What is not fit for use any more.")]
    where: Annotated[str, Field(description="Address and port, if it was shown on a wire.")]
    first: Annotated[Wall | None, Field(description="When it was shown there first.")] = None
    last: Annotated[Wall | None, Field(description="When it was shown there last.")] = None


class WaitingCertificate(Answer):
    """One that a device showed and nobody has judged; `since` is when it was last shown."""

    link: str
    endpoint: str
    sha256: str
    subject: str
    issuer: str
    begins: Wall
    ends: Wall
    since: Wall


class Hop(Answer):
    """A way that nothing protects, or not enough: what, where, what to do."""

    what: str
    where: str
    found: str
    do: str
    weight: Literal["note", "wrong"]


class Asked(BaseModel):
    """What a person asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Revoke(Asked):
    """Take back all that was issued for a name; reasons are those of RFC 5280."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Literal[
        "unspecified",
        "keyCompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "privilegeWithdrawn",
    ] = "unspecified"


class Sign(Asked):
    """Sign the request (PEM, RFC 2986) of somebody whose key stays with him."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    request: Annotated[str, Field(max_length=16_384)]
    use: Literal["client", "server", "both"] = "client"
    hosts: Annotated[list[Annotated[str, Field(max_length=253)]], Field(max_length=32)] = []


class Signed(Answer):
    """The certificate and those above it, PEM."""

    chain: str


class Renew(Asked):
    """Issue a new certificate for a part of the site at once."""

    name: Annotated[str, Field(min_length=1, max_length=64)]


class Judge(Asked):
    """Approve or refuse a device's certificate by its SHA-256, all 64 digits."""

    sha256: Annotated[str, Field(pattern=r"^[0-9A-Fa-f: ]{64,128}$")]
    link: Annotated[str, Field(max_length=200)] = ""
