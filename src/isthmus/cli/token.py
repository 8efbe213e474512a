"""Let programs in: tokens with rights, equipment and an end. The site must run."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from urllib.parse import quote

from isthmus.cli.remote import Remote, data_argument, data_folder

EXAMPLE = """examples:
  isthmus token add bi --right read --at "packaging/**" --days 90
  isthmus token list
  isthmus token revoke bi
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    what = parser.add_subparsers(dest="what", required=True)
    add = what.add_parser("add", help="a new token for the service NAME; it is printed this once")
    revoke = what.add_parser("revoke", help="let a token count no more, at once")
    listed = what.add_parser("list", help="all tokens, without their text")
    add.add_argument("name", help="what uses it, such as `bi`")
    revoke.add_argument("name", help="its name or number")
    add.add_argument("--right", action="append", help="read (the default), export, annotate, ...")
    add.add_argument(
        "--at", action="append", default=[], metavar="PATTERN", help="this equipment alone"
    )
    add.add_argument("--days", type=float, default=90.0, help="until it ends (90)")
    for part in (add, revoke, listed):
        data_argument(part)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    site = Remote.of(data_folder(args.data))
    if args.what == "list":
        return _list(site, args)
    if args.what == "revoke":
        gone = json.loads(site.fetch(f"/api/tokens/{quote(args.name, safe='')}", method="DELETE"))
        print(json.dumps(gone) if args.json else f"{args.name} counts no more")
        return 0
    wish = {"name": args.name, "rights": args.right or [], "at": args.at, "days": args.days}
    made = site.send("/api/tokens", json.dumps(wish).encode())
    if args.json:
        print(json.dumps(made))
        return 0
    print(f"the token of {made['who']} is shown this once:\n{made['token']}")
    print(
        f"it may {', '.join(made['rights'])} at {', '.join(made['at']) or 'all of the plant'}",
        end="",
    )
    print(f" until {_day(made['until'])}; send it as `Authorization: Bearer ...`")
    return 0


def _list(site: Remote, args: argparse.Namespace) -> int:
    found = site.get("/api/tokens")
    if args.json:
        print(json.dumps(found))
        return 0
    for one in found:
        end = "ended" if one["expired"] else "until"
        used = _day(one["used"]) if one["used"] else "never"
        print(
            f"{one['number']}  {one['who']:24} {','.join(one['rights'])} at "
            f"{', '.join(one['at']) or 'all'}, {end} {_day(one['until'])}, used {used}"
        )
    if not found:
        print("no tokens yet: `isthmus token add NAME --right read`")
    return 0


def _day(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1e3).astimezone().strftime("%Y-%m-%d %H:%M")
