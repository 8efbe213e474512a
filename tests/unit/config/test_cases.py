"""Wrong plant files, and word for word what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from isthmus.model.errors import ConfigError
from isthmus.runtime.config import lint, load

CASES = Path(__file__).parents[2] / "cases" / "plant"


def told(mistakes):
    return "".join(
        f"{mistake}\n" + (f"    hint: {mistake.hint}\n" if mistake.hint else "")
        for mistake in mistakes
    )


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_every_mistake_is_told_with_line_and_nearest_word(case, parts, monkeypatch):
    monkeypatch.chdir(CASES / case)
    path = Path("plant.yaml") if Path("plant.yaml").exists() else Path("plant")
    plant, mistakes = lint(path, parts=parts)
    assert plant is None
    assert told(mistakes) == Path("expected.txt").read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"reading {path}: \d+ mistakes?") as caught:
        load(path, parts=parts)
    assert list(caught.value.mistakes) == mistakes
