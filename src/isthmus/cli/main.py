"""The command line: finds the command, prints its errors with what to do next.

Heavy imports stand inside the commands, so that help comes at once.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from keyword import iskeyword
from types import ModuleType
from typing import NoReturn

from isthmus import __version__

COMMANDS = {
    "demo": "run the demonstration plant, nothing to set up",
    "run": "run your plant",
    "new": "write a commented plant file, or a connection to paste into one",
    "check": "find all mistakes of a plant file; --probe tries the devices too",
    "browse": "see what a device has; --add writes it into the plant file",
    "query": "ask history by tag pattern or SQL",
    "export": "write history into an Excel, Parquet or CSV file",
    "history": "see what history holds, how long it is kept, and when the disk is full",
    "backup": "back a site up while it runs; --list and --verify what lies there",
    "restore": "put a backup back into a new folder",
    "import": "bring old history in: CSV, Parquet, SQL",
    "gaps": "see where history knows nothing, and why",
    "explain": "see how a key figure was computed, from what, and what it was before",
    "kpi": "see key figures: formulas, units, elements; those of your own as well",
    "stops": "see why machines stood, say why, take it back",
    "scorecard": "see the goals that operations and IT share; comment, decide, hand out work",
    "energy": "see a line's energy, what measures saved, the load ahead; judge forecasts of files",
    "report": "write the report of a shift, a day or a week: HTML, PDF, Excel",
    "grafana": "write Grafana dashboards and provisioning from the plant file",
    "sql": "let BI tools read history: users of the SQL endpoint, how they connect",
    "watch": "see values as they change",
    "list": "list equipment, tags, connections or installed connectors",
    "write": "write a value to a machine, where every guard lets it pass",
    "alarm": "see alarms, acknowledge and shelve them, learn which come too often",
    "notify": "see who is on call and what was told to whom, send a test",
    "rule": "see rules, test them against history, decide on the work that they propose",
    "permit": "request, approve and review permits to write to machines",
    "lock": "lock equipment while somebody works on it",
    "unlock": "free equipment that was locked",
    "ledger": "see what was done and by whom, prove that it was not changed, export it",
    "doctor": "find out what is wrong with this installation",
    "config": "carry the configuration as a signed bundle; apply it, go back if it fails",
    "sbom": "print the bill of materials: every part, version and licence",
    "schema": "print the JSON Schema of the plant file, for editors",
    "zones": "zones and conduits: shown, asked, simulated, made rules of a boundary",
    "cert": "see, renew and revoke certificates; trust those of devices",
    "edge": "issue the certificate of an edge, to carry to its machine",
    "user": "add people, say what they may do, disable them; review emergencies",
    "token": "let programs in: tokens with rights, equipment and an end",
    "policy": "see who may do what and why; try a change, let it act, roll it back",
    "who-can": "list everyone who may do something at some equipment",
    "link": "print a new one-time sign-in link of the running plant",
}
EXIT_MISTAKE, EXIT_TROUBLE, EXIT_STOPPED = 2, 1, 130

DISK = "check the path, who may use it, and the free space; `isthmus doctor` looks at all three"

HELP = """\
isthmus joins a factory's machines to its business systems

usage: isthmus COMMAND [options]

{commands}

examples:
  isthmus demo
  isthmus new plant > plant.yaml
  isthmus browse opc.tcp://10.4.1.20:4840 --add plant.yaml
  isthmus query "packaging/**/power" --last 1h --every 1m

`isthmus COMMAND --help` tells more. Every command takes --json.
"""


class Parser(argparse.ArgumentParser):
    """An argument parser that says what to do next."""

    def error(self, message: str) -> NoReturn:
        """Print the mistake and where help is, and leave with 2."""
        complain(message, hint=f"`{self.prog} --help` shows what it takes")
        raise SystemExit(EXIT_MISTAKE)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 for trouble, 2 for a mistake in the input."""
    given = list(sys.argv[1:] if words is None else words)
    try:
        code = _main(given)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _main(given: Sequence[str]) -> int:
    if not given or given[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0
    if given[0] in ("-V", "--version"):
        print(f"isthmus {__version__}")
        return 0
    name = given[0]
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1, 0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"commands: {', '.join(COMMANDS)}"
        complain(f"there is no command `{name}`", hint=hint)
        return EXIT_MISTAKE
    return _run(name, given[1:])


def command(name: str) -> ModuleType:
    """The module of a command; a word that Python keeps for itself ends with `_`, `-` is `_`."""
    module = f"{name}_" if iskeyword(name) else name.replace("-", "_")
    return importlib.import_module(f"isthmus.cli.{module}")


def _run(name: str, words: Sequence[str]) -> int:
    module = command(name)
    parser = Parser(
        prog=f"isthmus {name}",
        description=module.__doc__,
        epilog=module.EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    module.configure(parser)
    args = parser.parse_args(words)
    from isthmus.model.errors import IsthmusError

    try:
        return int(module.run(args))
    except IsthmusError as error:
        return told(error, json_wanted=args.json)
    except KeyboardInterrupt:
        return EXIT_STOPPED
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"using {error.filename}: " if error.filename else ""
        told_error = IsthmusError(f"{where}{error.strerror or error}", hint=DISK)
        return told(told_error, json_wanted=args.json)


def told(error: Exception, *, json_wanted: bool) -> int:
    """Print an error of ours, all its mistakes at once; the exit code that fits it."""
    from isthmus.model.errors import ConfigError

    mistakes = error.mistakes if isinstance(error, ConfigError) else ()
    hint = str(getattr(error, "hint", ""))
    if json_wanted:
        import json

        body = {
            "error": str(error),
            "hint": hint,
            "mistakes": [
                {"file": m.file, "line": m.line, "text": m.text, "hint": m.hint} for m in mistakes
            ],
        }
        print(json.dumps(body))
    elif mistakes:
        for mistake in mistakes:
            complain(str(mistake), hint=mistake.hint)
    else:
        complain(str(error), hint=hint)
    return EXIT_MISTAKE if isinstance(error, ConfigError) else EXIT_TROUBLE


def complain(text: str, *, hint: str = "") -> None:
    """Say on standard error what is wrong and what to do next."""
    print(f"error: {text}", file=sys.stderr)
    if hint:
        print(f"hint: {hint}", file=sys.stderr)


def help_text() -> str:
    """All commands in a line each."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return HELP.format(commands="\n".join(lines)).rstrip()


if __name__ == "__main__":
    sys.exit(main())
