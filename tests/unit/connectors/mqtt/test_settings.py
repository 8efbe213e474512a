"""Settings, secrets and addresses of the MQTT connector."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from isthmus.connectors.mqtt import Mqtt, MqttAddress
from isthmus.model.errors import LinkError
from isthmus.model.secret import Secret


def settings(**more) -> Mqtt:
    return Mqtt(name="shop floor", **{"broker": "mqtts://10.4.0.5", **more})


@pytest.mark.parametrize(
    "wrong",
    [
        {"broker": "10.4.0.5:1883"},
        {"broker": "http://b"},
        {"broker": "mqtts://user:secret@b"},
        {"broker": "mqtts://b:99999"},
        {"broker": "mqtts://b/path"},
        {"password": "plain"},
        {"password": {"env": "A", "file": "b"}, "user": "u"},
        {"password": {"env": "A"}},
        {"certificate": "c"},
        {"certificate": "c", "key": "k", "identity": "plant"},
        {"broker": "mqtt://b", "identity": "plant"},
        {"identity": "ours"},
        {"broker": "mqtt://b", "ca": "ca.pem"},
        {"version": "4"},
        {"queue": 65_536, "largest": 70_000},
    ],
)
def test_wrong_settings(wrong):
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_yaml_numbers_are_versions():
    assert settings(version=5).version == "5"


def test_ipv6_brokers():
    assert settings(broker="mqtts://[fe80::1]:1").endpoint == "mqtts://[fe80::1]:1"


def test_the_client_id_is_made_once_and_kept(tmp_path):
    made = settings().named(str(tmp_path))
    assert made.isalnum()
    assert made.startswith("isthmusshopfloo")
    assert len(made) <= 23
    assert settings().named(str(tmp_path)) == made
    assert settings(client_id="own").named(str(tmp_path)) == "own"


def test_secrets_are_revealed_late(tmp_path, monkeypatch):
    kept = tmp_path / "secret"
    kept.write_text("from file\n")
    assert Secret(file=str(kept)).reveal() == "from file"
    monkeypatch.setenv("SECRET_7", "from env")
    assert Secret(env="SECRET_7").reveal() == "from env"
    for missing in (Secret(env="NO_SUCH_7"), Secret(file=str(tmp_path / "none"))):
        with pytest.raises(LinkError) as refused:
            missing.reveal()
        assert refused.value.hint


def test_unusable_certificates_are_a_link_error(tmp_path):
    broken = tmp_path / "ca.pem"
    broken.write_text("no certificate")
    for ca in (str(broken), str(tmp_path / "none.pem")):
        with pytest.raises(LinkError) as refused:
            settings(ca=ca).tls()
        assert "PEM" in refused.value.hint


@pytest.mark.parametrize(
    ("written", "topic", "value"),
    [
        ("a/b", "a/b", "$"),
        ("a/b#$.data[0].temp", "a/b", "$.data[0].temp"),
        ("a/#", "a/#", "$"),
        ("a/#$.x", "a/", "$.x"),
        ("a/##$.x", "a/#", "$.x"),
        ({"topic": "t", "value": "$['x y']"}, "t", "$['x y']"),
    ],
)
def test_addresses(written, topic, value):
    found = MqttAddress.parse(written)
    assert (found.topic, found.value) == (topic, value)


@pytest.mark.parametrize(
    "wrong",
    [
        "", "a/#/b", "a#$.", "a#$.x[", {"topic": "a", "value": "x"}, {"topic": "a", "time": "x"},
        {"topic": "a", "write": "a/+"}, {"topic": "a", "unit": "x"},
    ],
)  # fmt: skip
def test_wrong_addresses(wrong):
    with pytest.raises(ValidationError):
        MqttAddress.parse(wrong)
