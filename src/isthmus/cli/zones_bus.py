"""What `isthmus zones bus` tells: the accounts of the bus, as the plant file makes them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from isthmus.cli.remote import data_folder
from isthmus.cli.screen import table

if TYPE_CHECKING:
    from isthmus.bus.accounts import Account


def bus(args: argparse.Namespace) -> int:
    """Accounts, who is in them, what is led into each; then the server's words, without secrets."""
    from isthmus.bus.accounts import written
    from isthmus.runtime.config import load

    made, out = _accounts(args)
    lines = ["accounts {", *written(made, "jetstream { }"), "}"]
    if args.json:
        told = {
            "accounts": _plain(made),
            "kept_out": out,
            "configuration": "\n".join(lines) + "\n",
        }
        print(json.dumps(told))
        return 0
    if load(args.plant).bus.get("url"):
        print("the bus is a cluster of yours: its own configuration says who may enter")
        return 0
    rows = [
        (
            one.name,
            one.zone or "-",
            ", ".join(client.name for client in one.clients) or "nobody",
            f"{passage.kind} {passage.subject}" if passage else "",
        )
        for one in made
        for passage in one.imports or (None,)
    ]
    print(table(("account", "zone", "lets in", "has of the site's"), rows))
    if out:
        print(f"\nkept out, no conduit or an island: {', '.join(out)}")
    print("\n" + "\n".join(lines))
    return 0


def accounts_told(args: argparse.Namespace) -> list[dict[str, object]]:
    """The accounts of the plant file's bus as JSON takes them."""
    return _plain(_accounts(args)[0])


def _accounts(args: argparse.Namespace) -> tuple[list[Account], list[str]]:
    """The accounts as a start would make them now, and who is kept out of them."""
    from isthmus.bus.accounts import Client, accounts
    from isthmus.model.record import Unrecorded
    from isthmus.runtime.config import load
    from isthmus.runtime.local_bus import OURS
    from isthmus.runtime.trust.zones import FOLDER, Zones
    from isthmus.trust.zones.islands import Islands

    islands = Islands.open(data_folder(args.data) / FOLDER)
    zones = Zones(load(args.plant), islands, Unrecorded())
    out = zones.shut_out()
    clients = (Client(OURS), *(one.kept(barred=one.name in out) for one in zones.clients()))
    return accounts(clients, zones.here), sorted(out)


def _plain(made: Sequence[Account]) -> list[dict[str, object]]:
    return [
        {
            "name": one.name,
            "zone": one.zone,
            "clients": [client.name for client in one.clients],
            "imports": [
                {"kind": passage.kind, "subject": passage.subject} for passage in one.imports
            ],
            "answers": [passage.subject for passage in one.exports],
        }
        for one in made
    ]
