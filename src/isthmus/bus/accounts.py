"""The accounts of a server: one for the site, one for each edge, one for each zone of readers.

An account is a space of subjects of its own: what is not led into it by name is not there. The
site's own account keeps its name whatever its zone is called, since its streams lie under it.

An edge has its account alone, a cell of its zone, though zones have accounts: a server sends an
answer wherever the request says, so of two that share an account and may ask, one could pass
anything off on the other. Readers ask nothing, and share the account of their zone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

CORE, EVENTS, FLOOR = "PLANT", "SYS", "FLOOR"
ANSWER_S = 120  # seconds in which a request may be answered
STANDARD = '["STANDARD", "WEBSOCKET", "LEAFNODE"]'


@dataclass(frozen=True, slots=True)
class Client:
    """Who may connect: the common name of a certificate, and the subjects it may use.

    One that is `apart` is in an account of its own, out of which only what it publishes leads: a
    server sends its answers wherever a request says, past what the asking client may publish.
    One of another `zone` that publishes nothing is in the account of that zone, into which only
    what it subscribes to leads. On what one that is apart `answers` the site alone may ask it,
    each request once.
    """

    name: str
    publish: tuple[str, ...] = (">",)
    subscribe: tuple[str, ...] = (">",)
    apart: bool = False
    answers: tuple[str, ...] = ()  # of one that is apart
    subject: str = ""  # of its certificate (RFC 4514), `CN=name` where empty
    barred: bool = False  # kept out for a while
    zone: str = ""  # where it stands, empty for the site's own

    @property
    def account(self) -> str:
        """The account that it is in."""
        if self.apart:
            return self.name
        return f"zone.{self.zone}" if self.zone else CORE

    def kept(self, *, barred: bool) -> Client:
        """The same client, let in or kept out."""
        return replace(self, barred=barred)


@dataclass(frozen=True, slots=True)
class Passage:
    """A subject of the site that another account has: a stream out of it, or requests into it."""

    kind: Literal["stream", "service"]
    subject: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account, who is in it, and what it has of the site's."""

    name: str
    zone: str = ""
    clients: tuple[Client, ...] = ()
    imports: tuple[Passage, ...] = ()
    exports: tuple[Passage, ...] = ()  # what the site has of it


def accounts(clients: Iterable[Client], here: str = "") -> list[Account]:
    """The accounts of `clients`, the site's own first; none for a zone where nobody is let in.

    That of an edge stays while the edge is kept out, with nobody in it: a server that is told of
    it anew does not lead requests out of it.
    """
    members: dict[str, list[Client]] = {CORE: []}
    for client in clients:
        if client.apart or not client.barred:
            members.setdefault(client.account, []).append(client)
    return [
        Account(
            name,
            held[0].zone if name != CORE else here,
            tuple(client for client in held if not client.barred),
            _imports(name, held),
            tuple(Passage("service", one) for client in held for one in client.answers),
        )
        for name, held in members.items()
    ]


def _imports(name: str, held: Sequence[Client]) -> tuple[Passage, ...]:
    if name == CORE:
        return ()
    asked = [Passage("service", one) for client in held for one in client.publish]
    heard = [
        Passage("stream", one) for client in held if not client.apart for one in client.subscribe
    ]
    return tuple(dict.fromkeys([*asked, *heard]))


def written(made: Sequence[Account], limits: str, core: Sequence[str] = ()) -> Iterator[str]:
    """Lines of a configuration file: the accounts, `core` the site's own users where given."""
    for account in made:
        users = [_user(client) for client in account.clients]
        if account.zone:
            yield f"  # zone {quote(account.zone)}"
        if account.name == CORE:
            asked = _listed("imports", _asked(made))
            yield from block(
                CORE, core or users, limits, *_listed("exports", _exports(made)), *asked
            )
        else:
            yield from block(quote(account.name), users, *_into_core(account))


def _exports(made: Sequence[Account]) -> list[str]:
    """What leads to others, each to the accounts that have it and no further."""
    told: dict[Passage, list[str]] = {}
    for account in made:
        for passage in account.imports:
            told.setdefault(passage, []).append(account.name)
    return [
        f"{{ {passage.kind}: {quote(passage.subject)}, "
        f"accounts: [{', '.join(map(quote, names))}] }}"
        for passage, names in told.items()
    ]


def _asked(made: Sequence[Account]) -> list[str]:
    """What others answer to the site."""
    return [
        f"{{ service: {{ account: {quote(account.name)}, subject: {quote(one.subject)} }} }}"
        for account in made
        for one in account.exports
    ]


def _into_core(account: Account) -> list[str]:
    """What an account has of the site's, and what it answers to the site.

    Its server answers the store's API there itself, and that there is none: those subjects are
    mapped to other names, and by these to the site's.
    """
    imports, mapped = [], []
    for passage in account.imports:
        subject = passage.subject
        source = f"{{ account: {CORE}, subject: {quote(subject)} }}"
        if passage.kind == "stream":
            imports.append(f"{{ stream: {source} }}")
            continue
        imports.append(f"{{ service: {source}, to: {quote(local(subject))} }}")
        if subject != local(subject):
            mapped.append(f"  {quote(subject)}: {quote(local(subject))}")
    exports = [
        f"{{ service: {quote(one.subject)}, accounts: [{CORE}] }}" for one in account.exports
    ]
    shared = (*_listed("exports", exports), *_listed("imports", imports))
    return [*shared, *(["mappings {", *mapped, "}"] if mapped else [])]


def local(subject: str) -> str:
    """What a subject of the site is called in the account of a client that is apart."""
    return f"plant.{subject[1:]}" if subject.startswith("$JS.") else subject


def _user(client: Client) -> str:
    said = [local(one) for one in client.publish] if client.apart else client.publish
    publish = json.dumps(said) if said else '{ deny: [">"] }'  # none listed would allow all
    heard = (*client.subscribe, *client.answers)
    answer = f', allow_responses: {{ max: 1, expires: "{ANSWER_S}s" }}' if client.answers else ""
    named = quote(client.subject or f"CN={client.name}")
    return (
        f"user: {named}, allowed_connection_types: {STANDARD}, "
        f"permissions {{ publish: {publish}, "
        f"subscribe: {json.dumps(heard)}{answer} }}"
    )


def block(name: str, users: Sequence[str], *more: str) -> list[str]:
    """The lines of an account."""
    listed = _listed("users", [f"{{ {user} }}" for user in users])
    return [f"  {name} {{", *(f"    {line}" for line in (*more, *listed)), "  }"]


def _listed(key: str, entries: Sequence[str]) -> list[str]:
    return [f"{key}: [", *(f"  {entry}" for entry in entries), "]"] if entries else []


def quote(text: str) -> str:
    """`text` as a string of the server's configuration language."""
    return json.dumps(text, ensure_ascii=False)
