"""See, renew and revoke certificates; trust those that devices show."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.noted import Noted, running
from isthmus.cli.remote import Remote, data_argument, data_folder

if TYPE_CHECKING:
    from isthmus.runtime.trust.certificates import Certificates

EXAMPLE = """examples:
  isthmus cert list
  isthmus cert forecast --days 60
  isthmus cert inventory
  isthmus cert trust
  isthmus cert trust approve 4F:1A:... --link filler-plc
  isthmus cert revoke edge.edge1 --reason keyCompromise
  isthmus cert renew nats
  isthmus cert issue historian-reader --to reader-identity
  isthmus cert request --to riverside.csr
  isthmus cert install riverside-chain.pem
"""
WHATS = (
    *("list", "show", "issue", "renew", "revoke", "forecast"),
    *("inventory", "trust", "request", "install"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    parts = {
        "list": what.add_parser("list", help="what the plant's authority issued"),
        "show": what.add_parser("show", help="all of one name, with hosts and numbers"),
        "issue": what.add_parser("issue", help="a new identity in a folder, to be carried away"),
        "renew": what.add_parser("renew", help="a new certificate for a part of the site"),
        "revoke": what.add_parser("revoke", help="take back all that was issued for a name"),
        "forecast": what.add_parser("forecast", help="what ends when, and what that breaks"),
        "inventory": what.add_parser("inventory", help="every certificate seen in the plant"),
        "trust": what.add_parser("trust", help="those of devices: see, approve, refuse"),
        "request": what.add_parser("request", help="ask the company for an authority below its"),
        "install": what.add_parser("install", help="take the authority that the company signed"),
    }
    for name in ("show", "issue", "renew", "revoke"):
        parts[name].add_argument("name", help="such as `nats` or `edge.edge1`")
    parts["issue"].add_argument("--to", type=Path, help="the folder to write (NAME-identity)")
    parts["issue"].add_argument("--server", action="store_true", help="for a server, not a client")
    parts["issue"].add_argument("--host", action="append", default=[], help="a server's name")
    parts["revoke"].add_argument("--reason", default="unspecified", help="as RFC 5280 words it")
    parts["forecast"].add_argument("--days", type=float, default=400, help="how far ahead (400)")
    trust = parts["trust"]
    trust.add_argument("act", nargs="?", choices=["list", "approve", "refuse"], default="list")
    trust.add_argument("sha256", nargs="?", default="", help="all 64 digits, as the device shows")
    trust.add_argument("--link", default="", help="the connection, where several have shown it")
    parts["request"].add_argument("--to", type=Path, default=Path("authority.csr"), help="the file")
    parts["install"].add_argument("chain", type=Path, help="PEM: ours first, those above it after")
    for part in parts.values():
        part.add_argument("--plant", type=Path, help="plant file or folder (found beside the data)")
        data_argument(part)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    from isthmus.cli import cert_shown as shown

    folder = data_folder(args.data)
    papers = _papers(args, folder)
    if args.what == "trust":
        return _trust(args, papers, folder)
    if args.what in ("list", "show"):
        rows = papers.issued()
        if args.what == "show":
            papers.known(args.name)
            rows = [row for row in rows if row.name == args.name]
        return shown.issued(args, rows, papers.breaks)
    if args.what in ("inventory", "forecast"):
        found = papers.inventory() if args.what == "inventory" else papers.forecast(args.days)
        return shown.seen(args, found)
    acts: Mapping[str, Callable[[], int]] = {
        "issue": lambda: _issue(args, papers, folder),
        "renew": lambda: _renew(args, papers, folder),
        "revoke": lambda: _revoke(args, papers, folder),
        "request": lambda: _request(args, papers, folder),
        "install": lambda: _install(args, papers),
    }
    return acts[args.what]()


def _papers(args: argparse.Namespace, folder: Path) -> Certificates:
    from isthmus.model.errors import ConfigError
    from isthmus.runtime.config import load
    from isthmus.runtime.trust.certificates import Certificates
    from isthmus.runtime.trust.record import Later

    if not (folder / "pki").is_dir():
        raise ConfigError(
            f"there is no site with its data in {folder}",
            hint="name --data, or start it with `isthmus run`",
        )
    usual = (folder.parent / "plant.yaml", folder.parent / "plant" / "plant.yaml")
    file = args.plant or next((place for place in usual if place.exists()), None)
    return Certificates(load(file) if file else None, folder, Later(folder))


def _post(site: Remote, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
    return site.send(f"/api/certificates/{path}", json.dumps(body).encode())


def _trust(args: argparse.Namespace, papers: Certificates, folder: Path) -> int:
    from isthmus.cli import cert_shown as shown
    from isthmus.model.access import OWNER
    from isthmus.model.errors import ConfigError

    if args.act == "list":
        return shown.waiting(args, papers.devices.waiting(), papers.plant)
    if not args.sha256:
        raise ConfigError(
            "which certificate is it?", hint="give its SHA-256, compared with the device"
        )
    found = papers.devices.find(args.sha256, args.link)
    if site := running(folder):
        _post(site, args.act, sha256=found.sha256, link=found.link)
    else:
        judge = papers.approve if args.act == "approve" else papers.refuse
        judge(found.sha256, OWNER, found.link)
    word = "trusted" if args.act == "approve" else "refused"
    told = {"link": found.link, "sha256": found.sha256, "standing": word}
    return shown.said(args, told, f"{found.link}: {word} {found.sha256}")


def _issue(args: argparse.Namespace, papers: Certificates, data: Path) -> int:
    from isthmus.cli import cert_shown as shown
    from isthmus.model.access import OWNER
    from isthmus.trust.pki.asked import Asking

    asking = Asking.of(args.name)  # the key is made here, and goes nowhere else
    use, hosts = "server" if args.server else "client", list(args.host)
    if site := running(data):
        body = {"name": args.name, "request": asking.text, "use": use, "hosts": hosts}
        got = _post(site, "issue", **body)["chain"].encode()
    else:
        got = papers.sign(args.name, asking.text.encode(), OWNER, use=use, hosts=hosts)
    folder = args.to or Path(f"{args.name}-identity")
    ends = asking.keep(folder, args.name.removeprefix("edge."), got, papers.authority.ca)
    told = {"folder": str(folder), "name": args.name, "ends": ends.isoformat()}
    return shown.said(
        args, told, f"{folder}: {args.name}, ends {ends:%Y-%m-%d}; keep no copy of its key"
    )


def _renew(args: argparse.Namespace, papers: Certificates, folder: Path) -> int:
    from isthmus.cli import cert_shown as shown
    from isthmus.model.access import OWNER

    if site := running(folder):
        _post(site, "renew", name=args.name)
    else:
        papers.renew(args.name, OWNER)
    made = [one for one in papers.issued() if one.name == args.name][-1]
    told = {"name": made.name, "serial": made.serial, "ends": made.ends.isoformat()}
    return shown.said(args, told, f"{made.name} was renewed until {made.ends:%Y-%m-%d}")


def _revoke(args: argparse.Namespace, papers: Certificates, folder: Path) -> int:
    from isthmus.cli import cert_shown as shown
    from isthmus.model.access import OWNER

    if site := running(folder):
        taken = [one["serial"] for one in _post(site, "revoke", name=args.name, reason=args.reason)]
    else:
        taken = [one.serial for one in papers.revoke(args.name, args.reason, OWNER)]
    told = {"name": args.name, "serials": taken, "list": str(papers.authority.list)}
    now = "is out" if site else "is kept out once the site runs"
    return shown.said(args, told, f"{args.name} {now}; {papers.authority.list} says so to others")


def _request(args: argparse.Namespace, papers: Certificates, folder: Path) -> int:
    from isthmus.cli import cert_shown as shown
    from isthmus.model.access import OWNER
    from isthmus.model.record import Kind
    from isthmus.runtime.trust.company import ask

    text = "asked the company for an authority in place of ours"
    Noted(folder).record(Kind.CERTIFICATE, OWNER, text, about="ca")
    args.to.write_bytes(ask(papers.authority))
    text = f"{args.to}: have the company sign it as an authority (CA:TRUE, pathlen 0)"
    hint = "then: isthmus cert install CHAIN.pem"
    return shown.said(args, {"request": str(args.to)}, f"{text}\n{hint}")


def _install(args: argparse.Namespace, papers: Certificates) -> int:
    from isthmus.cli import cert_shown as shown
    from isthmus.model.access import OWNER
    from isthmus.runtime.trust.company import install

    made = install(papers, args.chain.read_bytes(), OWNER)
    told = {"authority": made.subject.rfc4514_string(), "ends": str(made.not_valid_after_utc)}
    text = f"{told['authority']} issues from now on, until {made.not_valid_after_utc:%Y-%m-%d}"
    hint = "restart the site; issue each edge a new identity with `isthmus edge issue`"
    return shown.said(args, told, f"{text}\n{hint}")
