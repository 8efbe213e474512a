"""Users of the SQL endpoint: kept as verifiers, for their owner's eyes alone."""

from __future__ import annotations

import json

import pytest

from isthmus.cli.main import main
from isthmus.model.errors import ConfigError, StorageError
from isthmus.pgwire.guess import Guesses
from isthmus.pgwire.scram import Verifier
from isthmus.runtime.sql.users import SqlUsers


@pytest.fixture
def users(tmp_path):
    return SqlUsers(tmp_path / "sql")


def test_a_password_is_not_kept(users):
    users.add("anna", "long enough")
    text = users.file.read_text("utf-8")
    assert "long enough" not in text
    assert users.file.stat().st_mode & 0o777 == 0o600
    assert Verifier.parse(users.all()["anna"].verifier).rounds >= 4_096


def test_another_process_sees_what_changed(users):
    other = SqlUsers(users.folder)
    assert not other.all()
    users.add("anna", "long enough", equipment=("packaging/**",))
    before = other.all()["anna"]
    users.password("anna", "longer still")
    assert other.all()["anna"].verifier != before.verifier
    assert other.all()["anna"].equipment == ("packaging/**",)
    users.remove("anna")
    assert not other.all()


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("Anna", "long enough", {}),
        ("a b", "long enough", {}),
        ("", "long enough", {}),
        ("x'; --", "long enough", {}),
        ("anna", "short", {}),
        ("anna", "long enough", {"role": "owner"}),
        ("anna", "long enough", {"equipment": ("a//b",)}),
    ],
)
def test_what_is_no_user_is_refused(users, name, password, words):
    with pytest.raises(ConfigError):
        users.add(name, password, **words)


def test_a_damaged_file_lets_nobody_in(users):
    users.add("anna", "long enough")
    users.file.write_text("{", "utf-8")
    with pytest.raises(StorageError):
        users.all()


def test_the_command(tmp_path, capsys):
    data = ["--data", str(tmp_path)]
    assert main(["sql", "user", "add", "anna", "--equipment", "packaging/**", *data, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert len(made["password"]) >= 20
    assert main(["sql", "user", "list", *data]) == 0
    shown = capsys.readouterr().out
    assert "anna" in shown
    assert "packaging/**" in shown
    assert main(["sql", "user", "add", "anna", *data]) == 2
    assert "password" in capsys.readouterr().err
    assert main(["sql", "user", "remove", "eve", *data]) == 2
    assert main(["sql", "url", *data]) == 1
    assert "sql: {}" in capsys.readouterr().err
    for name, text in (("address", "127.0.0.1:5433"), ("database", "riverside")):
        (tmp_path / "sql" / name).write_text(text, "utf-8")
    assert main(["sql", "url", "--user", "anna", *data, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["JDBC"].startswith("jdbc:postgresql://127.0.0.1:5433/riverside?user=anna&")


def test_guesses_delay_one_name_from_one_address():
    now = [0.0]
    guesses = Guesses(lambda: now[0])
    for _ in range(10):
        guesses.failed("10.0.0.9", "anna")
    assert guesses.pause("10.0.0.9", "anna") == 30.0
    assert guesses.pause("10.0.0.8", "anna") == guesses.pause("10.0.0.9", "ben") == 0.0
    guesses.passed("10.0.0.9", "anna")
    assert guesses.pause("10.0.0.9", "anna") == 0.0
    for number in range(20_000):
        guesses.failed(f"10.0.{number >> 8}.{number & 255}", "x")
    assert len(guesses._failed) <= 10_000
    now[0] = 10_000.0
    assert guesses.pause("10.0.78.31", "x") == 0.0
