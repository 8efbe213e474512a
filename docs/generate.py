"""Writes the reference from the code; with `--check` says what is stale, and exits with 1."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from generators import api, cli, connectors, errors, plantfile, sinks, words

from isthmus.runtime.config import Parts

DOCS = Path(__file__).parent
ROOT = DOCS.parent
BEGIN, END = "<!-- settings: from the code -->", "<!-- end of settings -->"


def documents() -> dict[Path, str]:
    """Every generated file with its text."""
    made = {
        DOCS / "reference" / "cli.md": cli.render(),
        DOCS / "reference" / "plant-file.md": plantfile.render(),
        DOCS / "reference" / "connectors.md": connectors.render(),
        DOCS / "reference" / "sinks.md": sinks.render(),
        DOCS / "reference" / "api.md": api.render(),
        DOCS / "reference" / "errors.md": errors.render(),
        DOCS / "reference" / "words.md": words.render(),
        ROOT / "ui" / "openapi.json": api.document(),
    }
    for kind in Parts():
        path = DOCS / "connectors" / f"{kind}.md"
        made[path] = _filled(path.read_text("utf-8"), connectors.settings(kind))
    return made


def _filled(text: str, settings: str) -> str:
    """`text` with what stands between its marks made new."""
    marks = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return marks.sub(lambda _: f"{BEGIN}\n\n{settings}\n\n{END}", text)


def stale() -> list[Path]:
    """The generated files whose text is not what the code says now."""
    return [
        path
        for path, text in documents().items()
        if not path.is_file() or path.read_text("utf-8") != text
    ]


def main() -> int:
    """Write what is stale, or only name it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, name what is stale")
    check = parser.parse_args().check
    found = stale()
    for path in found:
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(documents()[path], "utf-8")
    if check and found:
        print("hint: run `make docs`, then commit what it wrote", file=sys.stderr)
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
