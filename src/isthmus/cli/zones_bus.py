"""What `isthmus zones bus` tells: the accounts of the bus, as the plant file makes them."""

from __future__ import annotations

import argparse
import json

from isthmus.cli.remote import data_folder
from isthmus.cli.screen import table


def bus(args: argparse.Namespace) -> int:
    """Accounts, who is in them, what is led into each; then the server's words, without secrets."""
    from isthmus.bus.accounts import Client, accounts, written
    from isthmus.runtime.config import load
    from isthmus.runtime.local_bus import OURS
    from isthmus.runtime.trust.zones import FOLDER, Zones
    from isthmus.trust.zones.islands import Islands

    plant = load(args.plant)
    zones = Zones(plant, Islands.open(data_folder(args.data) / FOLDER), _Unwritten())
    out = zones.shut_out()
    clients = (Client(OURS), *(one.kept(barred=one.name in out) for one in zones.clients()))
    made = accounts(clients, zones.here)
    lines = ["accounts {", *written(made, "jetstream { }"), "}"]
    if args.json:
        body = {
            "accounts": [
                {
                    "name": one.name,
                    "zone": one.zone,
                    "clients": [client.name for client in one.clients],
                    "imports": [
                        {"kind": passage.kind, "subject": passage.subject}
                        for passage in one.imports
                    ],
                    "answers": [passage.subject for passage in one.exports],
                }
                for one in made
            ],
            "kept_out": sorted(out),
            "configuration": "\n".join(lines) + "\n",
        }
        print(json.dumps(body))
        return 0
    if plant.bus.get("url"):
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
        print(f"\nkept out, no conduit or an island: {', '.join(sorted(out))}")
    print("\n" + "\n".join(lines))
    return 0


class _Unwritten:
    """A record for who only looks."""

    def record(self, *_: object, **__: object) -> None:
        """Nothing is done here that would be recorded."""
        raise NotImplementedError
