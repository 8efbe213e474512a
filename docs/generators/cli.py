"""The command line, from its own parsers."""

from __future__ import annotations

import argparse
from types import ModuleType

from generators.markdown import block, code, page, sentence, table
from isthmus.cli.main import (
    COMMANDS,
    EXIT_MISTAKE,
    EXIT_STOPPED,
    EXIT_TROUBLE,
    Parser,
    command,
)


def parser_of(name: str) -> argparse.ArgumentParser:
    """The parser of one command, as the program builds it."""
    module = command(name)
    made = Parser(prog=f"isthmus {name}", description=module.__doc__)
    made.add_argument("--json", action="store_true", help="print JSON for machines")
    module.configure(made)
    return made


def render() -> str:
    """The page."""
    listed = table(
        ("command", "does"),
        ((f"[`{name}`](#isthmus-{name})", text) for name, text in COMMANDS.items()),
    )
    codes = table(
        ("exit code", "means"),
        (
            ("0", "done"),
            (str(EXIT_TROUBLE), "trouble: a device, a disk or a site did not do its part"),
            (str(EXIT_MISTAKE), "a mistake in what was given: words, options, the plant file"),
            (str(EXIT_STOPPED), "stopped by Ctrl-C"),
        ),
    )
    intro = (
        "Data goes to standard output; what is wrong goes to standard error, "
        "with a `hint:` of what to do next."
    )
    return page("Command line", intro, listed, codes, *(_command(name) for name in COMMANDS))


def _command(name: str) -> str:
    module = command(name)
    parser = parser_of(name)
    rows = [_argument(action) for action in parser._actions if action.dest != "help"]  # noqa: SLF001
    parts = [
        f"## isthmus {name}",
        sentence(module.__doc__ or ""),
        table(("argument", "what", "default"), rows),
        _examples(module),
    ]
    return "\n\n".join(parts)


def _argument(action: argparse.Action) -> tuple[str, str, str]:
    if action.option_strings:
        word = ", ".join(action.option_strings)
        if action.nargs != 0:
            word += f" {action.metavar or action.dest.upper()}"
    else:
        word = str(action.metavar or action.dest)
    default = action.default
    shown = "" if default in (None, False, "") or default == [] else code(str(default))
    return f"`{word}`", str(action.help or ""), shown


def _examples(module: ModuleType) -> str:
    head, _, rest = str(module.EXAMPLE).partition("\n")
    lines = [line.strip() if line.startswith("  ") else line for line in rest.rstrip().split("\n")]
    told = "\n".join(lines)
    return block(told.split("\n\n")[0], "sh") if head.startswith("examples") else ""
