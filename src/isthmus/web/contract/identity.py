"""Who is signed in, and what accounts, sessions and tokens there are; times by the wall clock."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from isthmus.web.contract.answer import Answer, Milliseconds

Word = Annotated[str, Field(max_length=64)]
Proof = Annotated[str, Field(max_length=1_024)]
Pattern = Annotated[str, Field(max_length=300)]


class Wish(BaseModel):
    """Base of what is sent to us: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SignInWays(Answer):
    """How one may sign in here; `company` is the host of the company's sign-in, empty for none."""

    local: bool
    company: str
    notice: Annotated[str, Field(description="Shown before anybody signs in.")]
    site: str


class PasswordProof(Wish):
    """An account and its password."""

    account: Word
    password: Proof


class RecoveryProof(Wish):
    """An account and one of its recovery codes."""

    account: Word
    code: Proof


class EnrolmentCode(Wish):
    """The code of an enrolment link."""

    code: Proof


class EnrolmentProof(EnrolmentCode):
    """The code of an enrolment link, and the password to begin with."""

    password: Proof


class EnrolmentInfo(Answer):
    """Whom an enrolment link is for."""

    account: str
    title: str


class RecoveryCodes(Answer):
    """Codes that each sign in once; they are told this once."""

    codes: list[str]


class LinkWish(Wish):
    """What a sign-in link is for; one that breaks the glass needs a reason."""

    break_glass: bool = False
    reason: Annotated[str, Field(max_length=1_000)] = ""


class SignInLink(Answer):
    """A link that signs in, or enrols, once."""

    link: str


class GrantInfo(Answer):
    """A role, at what a pattern selects, in a zone; empty is everywhere."""

    role: str
    at: str = ""
    zone: str = ""


class SessionInfo(Answer):
    """One signed-in browser."""

    number: str
    how: str
    source: str
    agent: str
    began: Milliseconds
    seen: Milliseconds
    until: Milliseconds
    locked: bool
    this: bool


class Me(Answer):
    """Who asks; `fresh_until` is how long what is dangerous may be done."""

    id: str
    name: str
    how: str
    owner: bool
    locked: bool
    roles: list[GrantInfo]
    groups: list[str]
    fresh_until: Milliseconds | None
    until: Milliseconds | None
    lock_after: Annotated[float, Field(description="Seconds without a hand; 0 is never.")]
    administers: bool
    unreviewed: Annotated[int, Field(description="Emergencies nobody has reviewed.")]


class PasskeyInfo(Answer):
    """One passkey of an account."""

    id: str
    label: str
    created: Milliseconds
    used: Milliseconds | None


class TokenInfo(Answer):
    """One token, without its text."""

    number: str
    name: str
    who: str
    rights: list[str]
    at: list[str]
    created: Milliseconds
    until: Milliseconds
    used: Milliseconds | None
    by: str
    expired: bool


class NewToken(TokenInfo):
    """A token and its text, which is told this once."""

    token: str


class TokenWish(Wish):
    """What a new token is to be for."""

    name: Word
    rights: Annotated[list[Word], Field(max_length=20)] = []
    at: Annotated[list[Pattern], Field(max_length=64)] = []
    days: float = 90.0


class AccountInfo(Answer):
    """One account, without its secrets."""

    name: str
    id: str
    title: str
    side: Literal["", "ot", "it"]
    state: Literal["active", "disabled"]
    teams: list[str]
    groups: list[str]
    grants: list[GrantInfo]
    password: bool
    passkeys: list[PasskeyInfo]
    recovery_codes: int
    company: Annotated[bool, Field(description="Whether the company's sign-in knows it.")]
    enrolment_until: Milliseconds | None
    created: Milliseconds
    signed_in: Milliseconds | None
    sessions: int


class MyAccount(AccountInfo):
    """One's own account, with its sessions and tokens."""

    open_sessions: list[SessionInfo]
    tokens: list[TokenInfo]


class NewAccount(Answer):
    """An account, and the link with which its owner enrols, once."""

    account: AccountInfo
    link: str


class RoleWish(Wish):
    """A role to be granted."""

    role: Word
    at: Pattern = ""


class AccountWish(Wish):
    """What a new account is to be."""

    name: Word
    title: Annotated[str, Field(max_length=120)] = ""
    side: Literal["", "ot", "it"] = ""
    teams: Annotated[list[Word], Field(max_length=64)] = []
    roles: Annotated[list[RoleWish], Field(max_length=64)] = []


class AccountChange(Wish):
    """What is to be another; what is left out stays."""

    title: Annotated[str | None, Field(max_length=120)] = None
    side: Literal["", "ot", "it"] | None = None
    teams: Annotated[list[Word] | None, Field(max_length=64)] = None
    roles: Annotated[list[RoleWish] | None, Field(max_length=64)] = None
    state: Literal["active", "disabled"] | None = None


class NewPassword(Wish):
    """Another password."""

    password: Proof


class PasskeyChallenge(Answer):
    """A ticket, and the options of WebAuthn as JSON for the browser."""

    ticket: str
    options: str


class PasskeyAnswer(Wish):
    """What the browser's authenticator answered, as WebAuthn writes it in JSON."""

    ticket: Word
    credential: dict[str, Any]


class NewPasskey(PasskeyAnswer):
    """A passkey that the browser made, and what to call it."""

    label: Annotated[str, Field(max_length=60)] = ""


class OwnPassword(Wish):
    """One's password, to prove oneself again."""

    password: Proof


class Ended(Answer):
    """How many were ended."""

    ended: int


class EmergencyInfo(Answer):
    """One use of the break-glass link."""

    number: str
    reason: str
    opened: Milliseconds
    until: Milliseconds
    by: str
    reviewed_by: str
    reviewed: Milliseconds | None
    note: str


class Review(Wish):
    """What was found when an emergency was reviewed."""

    note: Annotated[str, Field(max_length=1_000)]
