"""See who may do what and why; try a change of the policy, let it act, roll it back.

The policy is the section `access` of the plant file and the members of its teams. `diff` and
`dry-run` take a changed plant file and change nothing; `apply` lets the running site take what its
own plant file says now, and `rollback` returns to what acted before.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from isthmus.cli.remote import Remote, data_argument, data_folder
from isthmus.model.access import Right

EXAMPLE = """examples:
  isthmus policy show
  isthmus policy check plant.yaml
  isthmus policy explain person:anna write packaging/line1/filler/speed
  isthmus policy diff new.yaml
  isthmus policy dry-run new.yaml --days 30
  isthmus policy apply
  isthmus policy rollback
"""
WORDS = ("show", "check", "explain", "diff", "dry-run", "apply", "rollback")
DAYS = 30


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("what", choices=WORDS, nargs="?", default="show")
    parser.add_argument("words", nargs="*", metavar="FILE | WHO RIGHT [PATH]")
    parser.add_argument("--days", type=int, default=DAYS, help="dry-run: of the last so many (30)")
    data_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    if args.what == "check":
        return _check(args)
    site = Remote.of(data_folder(args.data))
    body, lines = {
        "show": _show,
        "explain": _explain,
        "diff": _diff,
        "dry-run": _dry_run,
        "apply": _turn,
        "rollback": _turn,
    }[args.what](args, site)
    print(json.dumps(body) if args.json else "\n".join(lines))
    return 0


Told = tuple[Any, list[str]]


def _check(args: argparse.Namespace) -> int:
    from isthmus.runtime.config import load
    from isthmus.trust.policy.change import as_json, lines

    access = load(_file(args)).access
    told = lines(access) or [
        "nothing is granted: only the owner of the data folder may do anything"
    ]
    print(json.dumps(as_json(access)) if args.json else "\n".join(told))
    return 0


def _show(_: argparse.Namespace, site: Remote) -> Told:
    body = site.get("/api/policy")
    told = [f"grant {one['role']} to {one['who']} at {_place(one)}" for one in body["grants"]]
    told += [
        f"deny {' '.join(one['rights'])} to {one['who']} at {_place(one)}" for one in body["deny"]
    ]
    told += [f"{one['name']}: {', '.join(one['members']) or 'nobody'}" for one in body["teams"]]
    if body["rolled_back"]:
        told.append("rolled back: the plant file says something else; `isthmus policy apply`")
    return body, told or ["nothing is granted: only the owner of the data folder may do anything"]


def _explain(args: argparse.Namespace, site: Remote) -> Told:
    from isthmus.model.errors import ConfigError

    if len(args.words) not in (2, 3) or args.words[1] not in list(Right):
        raise ConfigError(
            "explaining: name who, which right and where",
            hint=f"such as `person:anna write packaging/line1`; rights: {', '.join(Right)}",
        )
    who, right, path = (*args.words, "")[:3]
    body = site.get("/api/policy/explain", who=who, right=right, at=path)
    return body, [*body["lines"], *([f"hint: {body['hint']}"] if body["hint"] else [])]


def _diff(args: argparse.Namespace, site: Remote) -> Told:
    body = _tried(args, site)
    return body, body["lines"] or ["nothing changes"]


def _dry_run(args: argparse.Namespace, site: Remote) -> Told:
    body = _tried(args, site)
    denied = body["denied"]
    head = f"would have denied {denied} {'use' if denied == 1 else 'uses'} of {body['uses']}"
    told = [f"{head} in the last {body['days']} days"]
    told += [
        f"  {use['day']}  {use['who']}  {use['right']} {use['path'] or 'the whole site'}"
        f"  {use['count']} times: {use['reason']}"
        for use in body["would_deny"]
    ]
    return body, [*body["lines"], *told]


def _tried(args: argparse.Namespace, site: Remote) -> Any:  # noqa: ANN401 - JSON
    from isthmus.runtime.config import load

    access = load(_file(args)).access
    new = {
        "access": {
            "grants": [
                {"who": one.who, "role": one.role, "at": one.at, "zone": one.zone}
                for one in access.grants
            ],
            "deny": [
                {"who": one.who, "right": sorted(one.rights), "at": one.at, "zone": one.zone}
                for one in access.deny
            ],
        },
        "teams": {team: sorted(members) for team, members in access.teams.items()},
        "days": args.days,
    }
    return site.send("/api/policy/diff", json.dumps(new).encode())


def _turn(args: argparse.Namespace, site: Remote) -> Told:
    body = site.send(f"/api/policy/{args.what}", b"")
    return body, body["lines"] or ["nothing changes"]


def _file(args: argparse.Namespace) -> Path:
    from isthmus.model.errors import ConfigError

    if len(args.words) != 1:
        raise ConfigError(f"{args.what}: name one plant file", hint=f"{args.what} new.yaml")
    return Path(args.words[0])


def _place(one: dict[str, str]) -> str:
    return (one["at"] or "the whole site") + (f" in zone {one['zone']}" if one["zone"] else "")
