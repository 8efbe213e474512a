"""The section `web: {sign_in: ...}` of a plant file: who may enter, and how long they stay."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from isthmus.model.plantfile_fields import Entry, Period, Text, WrongError
from isthmus.model.secret import Secret

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _issuer(url: str) -> str:
    found = urlsplit(url)
    safe = found.scheme == "https" or (found.scheme == "http" and found.hostname in _LOOPBACK)
    if url and not (safe and found.hostname and not found.query and not found.fragment):
        raise WrongError(
            f"`{url}` is no address of a sign-in",
            hint="write its issuer, such as `https://login.acme.com/realms/plant`",
        )
    return url.rstrip("/")


class SignInEntry(Entry):
    """Who may enter, and how long they stay."""

    oidc: Annotated[
        Text,
        AfterValidator(_issuer),
        Field(description="Issuer of the company's sign-in (OpenID Connect); empty for none."),
    ] = ""
    client: Annotated[Text, Field(description="Our name at the company's sign-in.")] = "isthmus"
    secret: Annotated[
        Secret | None, Field(description="Where our secret for it is kept; none with PKCE alone.")
    ] = None
    groups: Annotated[Text, Field(description="The claim that lists somebody's groups.")] = "groups"
    name: Annotated[Text, Field(description="The claim that accounts are named by.")] = (
        "preferred_username"
    )
    scopes: Annotated[list[Text], Field(description="What else is asked of it.")] = []
    fallback: Annotated[
        Literal["local", "none"],
        Field(description="Whether accounts kept here may sign in beside the company's."),
    ] = "local"
    offline: Annotated[
        Period,
        Field(
            ge=0,
            le=90 * DAY,
            description="For how long after their last sign-in at the company people may sign in "
            "here with a passkey or password, such as `7 d`; 0 is never.",
        ),
    ] = 0.0
    idle: Annotated[
        Period, Field(gt=0, le=30 * DAY, description="A browser that asks nothing is signed out.")
    ] = 12 * HOUR
    longest: Annotated[
        Period, Field(gt=0, le=30 * DAY, description="A session ends at the latest.")
    ] = 14 * DAY
    sessions: Annotated[
        int, Field(ge=1, le=100, description="Sessions of one account; the oldest one ends.")
    ] = 20
    lock: Annotated[
        Period,
        Field(
            ge=0,
            le=DAY,
            description="Pages lock after so long without a hand on them; 0 s is never.",
        ),
    ] = 15 * MINUTE
    displays: Annotated[
        list[Text],
        Field(
            max_length=200,
            description="Accounts of displays on walls: they do not lock while they may only read.",
        ),
    ] = []
    notice: Annotated[
        Text, Field(max_length=2_000, description="What everybody is told before signing in.")
    ] = ""
