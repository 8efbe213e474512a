"""What the JetStream API says is there, is not there, or cannot be said now."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest

from isthmus.bus.jetstream import find
from isthmus.model.errors import LinkError, StorageError


@dataclass
class Answering:
    """Answers every request with the same."""

    data: bytes
    headers: None = None

    async def request(self, subject, data, *, headers=None):
        return self


def found(**answer):
    return asyncio.run(find(Answering(json.dumps(answer).encode()), "STREAM.MSG.GET.S", {"seq": 1}))


def test_only_what_is_not_there_is_none():
    assert found(message={"seq": 1}) == {"message": {"seq": 1}}
    assert found(error={"err_code": 10037, "description": "no message found"}) is None
    with pytest.raises(StorageError, match="insufficient resources"):
        found(error={"err_code": 10023, "description": "insufficient resources"})
    with pytest.raises(LinkError, match="temporarily unavailable"):
        found(error={"err_code": 10008, "description": "temporarily unavailable"})
