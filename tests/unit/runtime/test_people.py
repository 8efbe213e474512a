"""What a plant file says of signing in, as a running plant has it."""

from __future__ import annotations

import pytest

from isthmus.model.errors import ConfigError
from isthmus.runtime.config import load
from isthmus.runtime.trust.people import sign_in_settings

PLANT = "isthmus: 1\nenterprise: acme\nsite: riverside\n"


def settings(folder, text=""):
    file = folder / "plant.yaml"
    file.write_text(PLANT + text, encoding="utf-8")
    return sign_in_settings(load(file))


def test_a_plant_that_says_nothing_has_the_defaults(tmp_path):
    found = settings(tmp_path)
    assert (found.oidc, found.fallback, found.idle, found.lock) == ("", "local", 43_200.0, 900.0)


def test_a_plant_says_how_long_and_where_the_secret_is(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGN_IN_SECRET", "quiet")
    found = settings(
        tmp_path,
        "web:\n  sign_in: {oidc: 'https://login.acme.com/realms/plant/', idle: 10 min,"
        " offline: 7 d, secret: {env: SIGN_IN_SECRET}, notice: Authorised use only.}\n",
    )
    assert found.oidc == "https://login.acme.com/realms/plant"
    assert (found.idle, found.offline, found.longest) == (600.0, 604_800.0, 1_209_600.0)
    assert found.secret.reveal() == "quiet"
    assert found.notice == "Authorised use only."


@pytest.mark.parametrize(
    "wrong",
    [
        *("oidc: 'http://login.acme.com'", "oidc: 'ftp://a'", "oidc: 'https://a?x=1'", "idle: 5"),
        *("secret: quiet", "sessions: 0", "offline: 1 a", "fallback: always"),
    ],
)
def test_mistakes_are_told(tmp_path, wrong):
    with pytest.raises(ConfigError):
        settings(tmp_path, f"web: {{sign_in: {{{wrong}}}}}\n")
