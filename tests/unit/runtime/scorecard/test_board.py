"""The scorecard goes on looking, whatever is in the way."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from isthmus.model.errors import StorageError
from isthmus.runtime.scorecard import board
from isthmus.runtime.scorecard.board import Scorecard

AWAY, OURS = StorageError("history is away"), OverflowError("int too big to convert")


def test_whatever_is_in_the_way_is_told_once_and_ends_nothing(monkeypatch, caplog):
    monkeypatch.setattr(board, "LOOK", 0.0)
    monkeypatch.setattr(board, "SAVE", -1.0)
    told, steps = [], [AWAY, AWAY, OURS, OURS, StopIteration(), None]
    saved = []

    def look(card):
        told.append(card.trouble)
        if not steps:
            raise asyncio.CancelledError
        if error := steps.pop(0):
            raise error

    monkeypatch.setattr(Scorecard, "look", look)
    looks = SimpleNamespace(save=lambda: saved.append(1))
    card = Scorecard(SimpleNamespace(), SimpleNamespace(), looks, SimpleNamespace())
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asyncio.wait_for(card.run(), 30))
    ours = "a mistake of ours: OverflowError: int too big to convert"
    away = "history is away"
    assert told == ["", away, away, ours, ours, "a mistake of ours: StopIteration: ", ""]
    assert len(saved) == 1
    assert caplog.text.count("the scorecard waits: history is away") == 1
    assert caplog.text.count("OverflowError: int too big to convert") == 1
