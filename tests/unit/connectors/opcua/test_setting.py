"""What a user may write, and what is refused with which words."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from isthmus.connectors.opcua import Mode, OpcUa, OpcUaAddress, Policy, Security
from isthmus.model.errors import LinkError
from isthmus.model.sample import Nanoseconds

URL = "opc.tcp://10.4.1.20:4840"


@pytest.mark.parametrize(
    "node",
    ["ns=2;s=Filler.Speed", "i=2258", "ns=3;i=7", "s=a;b=c", "nsu=http://acme/x;s=Speed",
     "ns=1;g=09087e75-8e5e-499b-954f-f2a9603db28a", "ns=1;b=AQID", "ns=2;s=Füller 1"],
)  # fmt: skip
def test_an_address_is_a_node_id_in_short(node):
    assert OpcUaAddress.parse(node) == OpcUaAddress(node=node)
    assert OpcUaAddress.parse({"node": node, "index": 3, "scale": 0.1}).index == 3


@pytest.mark.parametrize(
    "node", ["", "Filler.Speed", "ns=x;s=A", "ns=2;i=abc", "ns=70000;i=1", "ns=2", "ns=2;q=1", "s="]
)
def test_what_is_no_node_id_is_refused(node):
    with pytest.raises(ValidationError):
        OpcUaAddress.parse(node)


def test_the_defaults_protect():
    setting = OpcUa(name="line", url=URL)
    assert (setting.security, setting.policy) == (Security.SIGN_AND_ENCRYPT, Policy.BASIC256SHA256)
    assert (setting.mode, setting.clear_password) == (Mode.SUBSCRIBE, "refuse")
    assert (setting.endpoint, setting.wire) == (URL, "sign+encrypt")
    assert OpcUa(name="line", url=URL, security="none").wire == "none"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"policy": "Basic128Rsa15"}, "deprecated"),
        ({"policy": "Basic256"}, "SHA-1"),
        ({"policy": "Basic999"}, "Basic256Sha256"),
        ({"security": "maybe"}, "sign-and-encrypt"),
        ({"url": "http://10.4.1.20"}, "opc"),
        ({"url": "opc.tcp://user:secret@10.4.1.20"}, "opc"),
        ({"password": {"env": "A"}}, "needs `user`"),
        ({"user": "a", "password": {"env": "A", "file": "b"}}, "env: NAME"),
        ({"user": "a", "password": {"vault": "b"}}, "vault"),
        ({"publish": 0}, "0.01"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_mistakes_are_named(given, said):
    with pytest.raises(ValidationError, match=said):
        OpcUa(**{"name": "line", "url": URL, **given})


def test_secrets_are_read_late_and_never_shown(monkeypatch):
    monkeypatch.setenv("FILLER", "hidden")
    setting = OpcUa(name="line", url=URL, user={"env": "FILLER"}, password={"env": "FILLER"})
    assert "hidden" not in repr(setting) + setting.model_dump_json()
    link = setting.build([], now=lambda: Nanoseconds(0), state="")
    assert "hidden" not in repr(link)
    monkeypatch.delenv("FILLER")
    with pytest.raises(LinkError, match="no environment variable `FILLER`"):
        setting.build([], now=lambda: Nanoseconds(0), state="")


def test_a_password_in_the_file_is_refused_without_repeating_it():
    with pytest.raises(ValidationError) as caught:
        OpcUa(name="line", url=URL, user="operator", password="hidden")
    assert "does not stand in the file" in str(caught.value)
    assert "hidden" not in str(caught.value)
    with pytest.raises(ValidationError) as caught:
        OpcUa(name="line", url=URL, user="operator", password={"vault": "hidden"})
    assert "hidden" not in str(caught.value)
