"""A secret is in the environment, in a file or in the keyring, and its absence says what to do."""

import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from isthmus.model.errors import LinkError
from isthmus.model.secret import Secret


class Chain(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept, self.locked = {}, False

    def get_password(self, service, username):
        if self.locked:
            raise KeyringLocked("nobody opened it")
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def chain():
    before, ours = keyring.get_keyring(), Chain()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def test_the_keyring_gives_what_it_has_at_this_moment(chain):
    secret = Secret(keyring="filler")
    with pytest.raises(LinkError, match="the keyring has no `filler`") as caught:
        secret.reveal()
    assert "keyring set isthmus filler" in caught.value.hint
    keyring.set_password("isthmus", "filler", "s3cret")
    assert secret.reveal() == "s3cret"
    assert "s3cret" not in repr(secret)
    chain.locked = True
    with pytest.raises(LinkError, match="nobody opened it"):
        secret.reveal()


def test_without_the_package_the_line_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(LinkError) as caught:
        Secret(keyring="filler").reveal()
    assert caught.value.hint == "pip install 'isthmus[keyring]'"


@pytest.mark.parametrize(
    "places", [{}, {"env": "A", "file": "b"}, {"file": "b", "keyring": "c"}, {"keyring": ""}]
)
def test_it_is_in_one_place(places):
    with pytest.raises(ValueError, match="a secret is"):
        Secret(**places)
