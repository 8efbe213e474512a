"""The section `history` of a plant that keeps its history in a server of its own."""

from __future__ import annotations

import pytest

from isthmus.historian.engines import postgresql_settings
from isthmus.model.errors import ConfigError
from isthmus.runtime.config import load
from isthmus.runtime.history.opened import HistoryPlace, open_historian
from isthmus.runtime.settings import Settings

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
{history}
"""


def plant(folder, history):
    file = folder / "plant.yaml"
    file.write_text(PLANT.format(history=history), "utf-8")
    return load(file)


def test_a_server_is_told_whole(tmp_path, monkeypatch):
    found = plant(
        tmp_path,
        "history: {engine: postgresql, url: 'postgresql://isthmus@db.acme.example/plant', "
        "password: {env: ISTHMUS_PG}, schema: riverside, ca: /etc/ca.pem, keep: {raw: 400 d}}",
    )
    settings = Settings.of(found, tmp_path)
    assert settings.engine == "postgresql"
    chosen = postgresql_settings(settings.history_options)
    monkeypatch.setenv("ISTHMUS_PG", "secret")
    assert chosen.password.reveal() == "secret"
    assert (chosen.schema, chosen.ca, chosen.keep) == ("riverside", "/etc/ca.pem", 400 * 86_400)
    assert chosen.sslmode == "verify-full"
    assert "secret" not in chosen.place


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ("history: postgresql", "says too little"),
        ("history: {engine: postgresql}", "needs the server's `url`"),
        ("history: {engine: postgresql, url: 'mysql://db/plant'}", "needs the server's `url`"),
        (
            "history: {engine: postgresql, url: 'postgresql://db/p', backup: {to: /mnt/nas}}",
            "`backup` and `archive` copy files",
        ),
        (
            "sql: {}\nhistory: {engine: postgresql, url: 'postgresql://a@db/plant'}",
            "connect your tools to postgresql://a@db/plant itself",
        ),
        ("history: {url: 'postgresql://db/plant'}", "the engine `lake` has none"),
        (
            "history: {engine: postgresql, url: 'postgresql://a:b@db/plant'}",
            "a password does not stand in the file",
        ),
        (
            "history: {engine: postgresql, url: 'postgresql://db/p', password: geheim}",
            "a secret does not stand in the file",
        ),
    ],
)
def test_mistakes_are_told_with_what_to_write(tmp_path, history, said):
    with pytest.raises(ConfigError) as told:
        plant(tmp_path, history)
    (mistake,) = told.value.mistakes
    assert said in f"{mistake.text} {mistake.hint}"
    assert mistake.line == 5


def test_an_unknown_engine_is_told_with_those_there_are(tmp_path):
    settings = Settings.of(plant(tmp_path, "history: {engine: postgres}"), tmp_path)
    with pytest.raises(ConfigError, match="no engine of history is called `postgres`") as told:
        open_historian(settings, lambda: 0)
    assert "did you mean `postgresql`?" in told.value.hint


def test_where_history_is_is_told_to_tools_beside(tmp_path):
    assert HistoryPlace.of(tmp_path).engine == "lake"
    settings = Settings.of(plant(tmp_path, ""), tmp_path)
    open_historian(settings, lambda: 0).close()
    assert HistoryPlace.of(tmp_path).engine == "lake"
    HistoryPlace.of(tmp_path).require_lake("asking")
    with pytest.raises(ConfigError, match="postgresql keeps it at db/plant"):
        HistoryPlace("postgresql", "db/plant").require_lake("asking")
