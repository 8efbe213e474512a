"""A distribution of connectors that is not ours, found as any installed one is."""

from __future__ import annotations

from pathlib import Path

import pytest

from isthmus.runtime.config import Parts

PLUGIN = Path(__file__).parent / "plugin"


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.syspath_prepend(str(PLUGIN))
    return Parts()
