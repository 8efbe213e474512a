"""Add people, say what they may do, disable them; review emergencies. The site must run."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus user add anna --role operator --at packaging/line1
  isthmus user change anna --role maintainer --at packaging
  isthmus user disable anna
  isthmus user review 5f3a09c1 --note "valve freed by hand, entry was right"
"""
NAMED = {
    "show": "what an account is, and what it may do",
    "enrol": "a new enrolment link; the password and passkeys count no more",
    "disable": "end all its sessions and tokens, and let it in no more",
    "enable": "let it in again",
    "remove": "forget it",
    "sessions": "where it is signed in",
    "sign-out": "end all its sessions",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    what = parser.add_subparsers(dest="what", required=True)
    parts = [what.add_parser("list", help="all accounts")]
    for name, text in NAMED.items():
        part = what.add_parser(name, help=text)
        part.add_argument("name", help="such as `anna`")
        parts.append(part)
    for name, text in (
        ("add", "a new account; prints the link with which its owner enrols, once"),
        ("change", "another title, side, teams, or other roles in place of those it has"),
    ):
        part = what.add_parser(name, help=text)
        part.add_argument("name", help="such as `anna`")
        part.add_argument("--title", help="the name for people")
        part.add_argument("--side", choices=("ot", "it"), help="operations or IT")
        part.add_argument("--team", action="append", help="a team of the plant file")
        part.add_argument("--role", action="append", help="such as operator; may be repeated")
        part.add_argument("--at", action="append", metavar="PATTERN", help="where the roles count")
        parts.append(part)
    review = what.add_parser("review", help="emergencies nobody has looked at; close one")
    review.add_argument("number", nargs="?", help="the one to close")
    review.add_argument("--note", default="", help="what was done, and whether it was right")
    for part in (*parts, review):
        data_argument(part)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    found = _asked(site, args)
    if args.json:
        print(json.dumps(found))
    else:
        _print(args, found)
    return 0


def _asked(site: Remote, args: argparse.Namespace) -> Any:  # noqa: ANN401 - JSON
    if args.what == "list":
        return site.get("/api/accounts")
    if args.what == "review":
        return _reviewed(site, args)
    if args.what == "add":
        return site.send("/api/accounts", _body(name=args.name, **_described(args)))
    place = f"/api/accounts/{quote(args.name, safe='')}"
    changes: dict[str, Callable[[], dict[str, Any]]] = {
        "change": lambda: _described(args),
        "disable": lambda: {"state": "disabled"},
        "enable": lambda: {"state": "active"},
    }
    if args.what in changes:
        return site.send(place, _body(**changes[args.what]()), method="PATCH")
    asks: dict[str, Callable[[], Any]] = {
        "show": lambda: site.get(place),
        "enrol": lambda: site.send(f"{place}/enrolment", b""),
        "remove": lambda: json.loads(site.fetch(place, method="DELETE")),
        "sessions": lambda: site.get(f"{place}/sessions"),
        "sign-out": lambda: site.send(f"{place}/sign-out", b""),
    }
    return asks[args.what]()


def _reviewed(site: Remote, args: argparse.Namespace) -> Any:  # noqa: ANN401 - JSON
    if args.number is None:
        return [one for one in site.get("/api/emergencies") if not one["reviewed"]]
    place = f"/api/emergencies/{quote(args.number, safe='')}/review"
    return [site.send(place, _body(note=args.note))]


def _body(**wish: object) -> bytes:
    return json.dumps(wish).encode()


def _described(args: argparse.Namespace) -> dict[str, Any]:
    """What was said of an account; what was not said is left out."""
    said = {"title": args.title, "side": args.side, "teams": args.team}
    wish: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    if args.role is not None:
        places = args.at or [""]
        wish["roles"] = [{"role": role, "at": at} for role in args.role for at in places]
    return wish


def _print(args: argparse.Namespace, found: Any) -> None:  # noqa: ANN401 - JSON
    name, lines = getattr(args, "name", ""), {"list": _listed, "review": _emergencies}
    said: dict[str, Callable[[], list[str]]] = {
        "add": lambda: [f"{name} enrols with this link, once, in three days:", found["link"]],
        "enrol": lambda: [f"{name} enrols with this link, once, in three days:", found["link"]],
        "sessions": lambda: _sessions(found) or [f"{name} is signed in nowhere"],
        "remove": lambda: [f"{name} is gone"],
        "sign-out": lambda: [f"{found['ended']} sessions of {name} ended"],
    }
    if args.what in lines:
        told = lines[args.what](found)
    else:
        told = said.get(args.what, lambda: _shown(found))()
    print("\n".join(told))


def _listed(found: list[dict[str, Any]]) -> list[str]:
    rows = [f"{one['name']:20} {one['state']:9} {_roles(one)}" for one in found]
    return rows or ["no accounts yet: `isthmus user add NAME --role viewer`"]


def _emergencies(found: list[dict[str, Any]]) -> list[str]:
    rows = []
    for one in found:
        state = f"reviewed by {one['reviewed_by']}" if one["reviewed"] else "OPEN"
        rows.append(f"{one['number']}  {_day(one['opened'])}  {state}  {one['reason']}")
    return rows or ["no emergency waits for a review"]


def _sessions(found: list[dict[str, Any]]) -> list[str]:
    return [
        f"{one['number']}  {one['how']:9} {one['source']:15} seen {_day(one['seen'])}"
        for one in found
    ]


def _shown(one: dict[str, Any]) -> list[str]:
    proofs = ["password"] if one["password"] else []
    proofs += [f"passkey {key['label']}" for key in one["passkeys"]]
    rows = {
        "account": one["name"],
        "title": one["title"],
        "state": one["state"],
        "roles": _roles(one),
        "teams": ", ".join(one["teams"]),
        "signs in by": ", ".join(proofs) or "nothing yet: it has not enrolled",
        "recovery codes": str(one["recovery_codes"]),
        "last sign-in": _day(one["signed_in"]),
        "sessions": str(one["sessions"]),
    }
    return [f"{name:15} {text or '-'}" for name, text in rows.items()]


def _roles(one: dict[str, Any]) -> str:
    told = ", ".join(f"{each['role']} at {each['at'] or 'all'}" for each in one["grants"])
    return told or "no roles of its own"


def _day(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "never"
    return datetime.fromtimestamp(milliseconds / 1e3).astimezone().strftime("%Y-%m-%d %H:%M")
