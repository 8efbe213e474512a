"""Let BI tools read history: users of the SQL endpoint, and where it answers."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.cli.remote import data_argument, data_folder

if TYPE_CHECKING:
    from isthmus.runtime.sql.users import SqlUsers

EXAMPLE = """examples:
  isthmus sql url
  isthmus sql user add anna
  isthmus sql user add ben --equipment 'packaging/line1/**'
  isthmus sql user list
  isthmus sql user password anna
  isthmus sql user remove ben
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    what = parser.add_subparsers(dest="what", required=True, metavar="{url,user}")
    url = what.add_parser("url", help="print how psql, Python, JDBC, ODBC and BI tools connect")
    url.add_argument("--user", default="NAME", help="the user to connect as")
    user = what.add_parser("user", help="add, list and remove users, give new passwords")
    action = user.add_subparsers(dest="action", required=True)
    add = action.add_parser("add", help="a new user; the password is asked for, or made")
    password = action.add_parser("password", help="a new password")
    remove = action.add_parser("remove", help="forget a user")
    listed = action.add_parser("list", help="who may read")
    for part in (add, password, remove):
        part.add_argument("name", help="such as `anna`")
    for part in (add, password):
        part.add_argument(
            "--generate", action="store_true", help="make a password and print it, once"
        )
    add.add_argument("--role", default="reader", help="what the user may do (reader)")
    add.add_argument(
        "--equipment",
        action="append",
        default=[],
        metavar="PATTERN",
        help="see this alone, such as 'packaging/**'; may be given several times",
    )
    for part in (url, add, password, remove, listed):
        data_argument(part)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    folder = data_folder(args.data)
    return _url(args, folder) if args.what == "url" else _user(args, folder)


# ------------------------------------------------------------------ users
def _user(args: argparse.Namespace, folder: Path) -> int:
    from isthmus.cli.noted import Noted
    from isthmus.model.access import OWNER
    from isthmus.model.record import Kind
    from isthmus.runtime.sql.endpoint import FOLDER
    from isthmus.runtime.sql.users import SqlUsers

    def note(text: str, name: str) -> None:
        Noted(folder).record(Kind.ACCOUNT, OWNER, text, about=f"service:{name}")

    users = SqlUsers(folder / FOLDER, note)
    if args.action == "list":
        return _list(args, users)
    made = ""
    if args.action == "remove":
        users.remove(args.name)
    else:
        made, word = _password(args)
        if args.action == "add":
            users.add(args.name, word, role=args.role, equipment=tuple(args.equipment))
        else:
            users.password(args.name, word)
    if args.json:
        print(json.dumps({"user": args.name, **({"password": made} if made else {})}))
    elif made:
        print(f"{args.name}: the password is shown this once: {made}")
    else:
        said = {"add": "may read now", "remove": "is gone", "password": "has the new password"}
        print(f"{args.name} {said[args.action]}")
    return 0


def _list(args: argparse.Namespace, users: SqlUsers) -> int:
    found = users.all().values()
    if args.json:
        rows = [{"name": u.name, "role": u.role, "equipment": list(u.equipment)} for u in found]
        print(json.dumps(rows))
        return 0
    for user in found:
        print(f"{user.name:20} {user.role:10} {', '.join(user.equipment) or 'all of the plant'}")
    if not found:
        print("nobody may read yet: `isthmus sql user add NAME`")
    return 0


def _password(args: argparse.Namespace) -> tuple[str, str]:
    """What was made, empty where it was typed; and the password."""
    from isthmus.model.errors import ConfigError
    from isthmus.runtime.sql.users import made_password

    if args.generate or args.json or not sys.stdin.isatty():
        made = made_password()
        return made, made
    typed = getpass.getpass(f"password for {args.name} (empty: one is made): ")
    if not typed:
        made = made_password()
        return made, made
    if getpass.getpass("again: ") != typed:
        raise ConfigError("the two passwords differ", hint="type the same twice")
    return "", typed


# ------------------------------------------------------------------ addresses
def _url(args: argparse.Namespace, folder: Path) -> int:
    from isthmus.model.errors import LinkError
    from isthmus.runtime.sql.endpoint import ADDRESS, FOLDER

    try:
        address = (folder / FOLDER / ADDRESS).read_text("ascii").strip()
    except OSError as error:
        raise LinkError(
            f"no SQL endpoint runs with its data in {folder}",
            hint="write `sql: {}` in the plant file and start it, or name --data",
        ) from error
    host, _, port = address.rpartition(":")
    ca = (folder / "pki" / "ca.crt").absolute()
    database = (folder / FOLDER / "database").read_text("utf-8").strip()
    told = addresses(host.strip("[]"), port, database, args.user, ca)
    if args.json:
        print(json.dumps(told))
        return 0
    width = max(map(len, told))
    for name, text in told.items():
        print(f"{name:{width}}  {text}")
    return 0


def addresses(host: str, port: str, database: str, user: str, ca: Path) -> dict[str, str]:
    """How each client connects; the certificate is checked where the client can."""
    shown = f"[{host}]" if ":" in host else host
    place = f"{shown}:{port}/{database}"
    safe = f"sslmode=verify-full&sslrootcert={ca}"
    return {
        "psql": f'psql "postgresql://{user}@{place}?{safe}"',
        "SQLAlchemy": f"postgresql+psycopg://{user}:PASSWORD@{place}?{safe}",
        "JDBC": f"jdbc:postgresql://{place}?user={user}&{safe}",
        "ODBC": (
            f"Driver={{PostgreSQL Unicode}};Server={host};Port={port};Database={database};"
            f"Uid={user};Pwd=PASSWORD;SSLmode=require"
        ),
        "Superset": f"postgresql+psycopg2://{user}:PASSWORD@{place}?sslmode=require",
        "Power BI": f"PostgreSQL database: server {shown}:{port}, database {database}",
        "Excel": "Data > Get Data > From Other Sources > From ODBC, with the ODBC line above",
        "Tableau": f"PostgreSQL: server {host}, port {port}, database {database}, require SSL",
        "Grafana": f"PostgreSQL: host {shown}:{port}, database {database}, TLS mode verify-ca",
        "authority": str(ca),
    }
