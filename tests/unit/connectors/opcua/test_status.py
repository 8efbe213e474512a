"""Which error a status or a failure becomes."""

from __future__ import annotations

import pytest
from asyncua import ua
from asyncua.common.utils import NotEnoughData, ServiceError
from cryptography.exceptions import InvalidSignature

from isthmus.connectors.opcua.status import ANSWER, AUTH, LINK, failed, meaning, name, translated
from isthmus.model.errors import AuthError, LinkError, ProtocolError, StorageError


@pytest.mark.parametrize("word", [*AUTH, *LINK, *ANSWER])
def test_each_status_of_the_table_exists_and_has_advice(word):
    code = getattr(ua.StatusCodes, word)
    error = failed(code, "opening opc.tcp://x")
    wanted = AuthError if word in AUTH else LinkError if word in LINK else ProtocolError
    assert type(error) is wanted
    assert error.hint
    assert str(error) == f"opening opc.tcp://x: {word}"


def test_an_unknown_status_is_named_by_its_number():
    assert name(0x8FFF_0000) == "0x8FFF0000"
    assert name(0x8034_0480) == "BadNodeIdUnknown"
    assert type(failed(0x8FFF_0000, "reading")) is ProtocolError


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (TimeoutError(), LinkError),
        (ConnectionRefusedError("refused"), LinkError),
        (ServiceError(ua.StatusCodes.BadUserAccessDenied), AuthError),
        (ua.uaerrors.BadTooManySessions(), LinkError),
        (ua.uaerrors.BadTypeMismatch(), ProtocolError),
        (ua.UaError("odd"), ProtocolError),
        (NotEnoughData("short"), ProtocolError),
        (InvalidSignature(), AuthError),
        (AttributeError("gone"), ProtocolError),
    ],
)
def test_failures_of_libraries_become_ours(error, wanted):
    found = translated(error, "reading x")
    assert type(found) is wanted
    assert str(found).startswith("reading x: ")


def test_our_own_errors_pass_and_foreign_ones_keep_their_cause():
    own = StorageError("full")
    with pytest.raises(StorageError) as raised, meaning("writing"):
        raise own
    assert raised.value is own
    cause = OSError("no route")
    with pytest.raises(LinkError, match="opening y: no route") as raised, meaning("opening y"):
        raise cause
    assert raised.value.__cause__ is cause
