"""Mistakes in the section `notify`: each with its line and what was meant."""

from __future__ import annotations

import pytest

from isthmus.model.errors import ConfigError
from isthmus.runtime.config.load import lint, load

PLANT = """isthmus: 1
enterprise: acme
site: riverside
equipment: {hall: {line1: {units: {press: {}}}}}
people: {teams: {office: {notify: "mailto:o@acme.example"}}}
notify:
  channels:
    mail: {kind: mail, server: "smtps://mail.acme.example", from: p@acme.example}
    hook: {kind: webhook, url: "https://acme.example/x"}
  people: {anna: {mail: a@acme.example}, ben: {by: hook}}
  on_call: {keepers: {turns: [{people: [anna, ben]}]}}
  escalation: {line: {steps: [{to: keepers}, {to: office, after: 5 min}]}}
  routes: {all: {at: hall, to: line}}
"""


def wrong(tmp_path, before, after, *, beside=False):
    assert before in PLANT
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT.replace(before, after, 1))
    return [(each.line, each.text, each.hint) for each in lint(file, beside=beside)[1]]


def test_it_is_right(tmp_path):
    assert wrong(tmp_path, "", "") == []


@pytest.mark.parametrize(
    ("before", "after", "line", "text", "hint"),
    [
        ("[anna, ben]", "[ana, ben]", 11, "nobody is called `ana`", "did you mean `anna`?"),
        ("to: office", "to: ofice", 12, "nobody is called `ofice`", "did you mean `office`?"),
        ("to: line}", "to: lime}", 13, "nobody is called `lime`", "did you mean `line`?"),
        ("at: hall", "at: hell", 13, "nothing is selected by `hell`", "did you mean `hall`?"),
        ("by: hook", "by: hock", 10, "there is no channel `hock`", "did you mean `hook`?"),
        ("ben: {by: hook}", "ben: {}", 10, "ben has no mail address", "write `mail:`, or other"),
        ("keepers: {turns", "anna: {turns", 11, "`anna` is the name of one of the people", "give"),
        ("kind: mail", "kind: male", 8, "there is no channel of kind `male`", "did you mean"),
        ("smtps://", "http://", 8, "`http://mail.acme.example` is no address", "smtps://"),
        ("https://", "http://", 9, "`http://` is readable on the way", "write `https://`"),
        ("after: 5 min", "after: 10", 12, "`10` has no unit of time", "`10 min`"),
        ("after: 5 min", "after: -1 s", 12, "`after` must be at least 0", ""),
        ("{to: keepers}", "{to: keepers, after: 1 h}", 12, "step 2 comes before step 1", "from"),
        ("mailto:o@acme.example", "nowhere", 5, "there is no channel `nowhere`", "known: "),
        ("to: line}", "to: mail}", 13, "the channel `mail` does not say to whom", "give it `to:"),
        ("to: office", "to: mail", 12, "the channel `mail` does not say to whom", "give it `to:"),
        ("mailto:o@acme.example", "mail", 5, "the channel `mail` does not say to whom", "give it"),
        (", from: p@acme.example", ', from: "p"', 8, "`p` is no mail address", "anna@acme"),
    ],
)
def test_mistakes_are_told_where_they_are(tmp_path, before, after, line, text, hint):
    found = wrong(tmp_path, before, after)
    assert any(told[0] == line and text in told[1] and hint in told[2] for told in found), found


def test_a_rule_cannot_tell_a_channel_of_mail_that_names_nobody(tmp_path):
    routes = "  routes: {all: {at: hall, to: line}}\n"
    rules = 'rules:\n  night: {at: hall, when: "1 > 2", then: [{notify: mail}]}\n'
    found = wrong(tmp_path, routes, routes + rules)
    assert (15, "the channel `mail` does not say to whom its mails go") in [
        each[:2] for each in found
    ]
    assert wrong(tmp_path, "from: p@", "to: [b@acme.example], from: p@") == []


def test_a_rota_that_has_only_a_file_needs_one_that_can_be_read(tmp_path):
    """That is told where somebody asks; a file cut in half keeps no plant from running."""
    turns = "{turns: [{people: [anna, ben]}]}"
    ((line, text, hint),) = wrong(tmp_path, turns, "{file: nothere.ics}", beside=True)
    assert line == 11
    assert "nothere.ics: FileNotFoundError" in text
    assert "`turns` stand in" in hint
    assert load(tmp_path / "plant.yaml").notify.on_call["keepers"].file == "nothere.ics"
    with pytest.raises(ConfigError):
        load(tmp_path / "plant.yaml", beside=True)
    rota = tmp_path / "rota.ics"
    rota.write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert len(wrong(tmp_path, turns, "{file: rota.ics}", beside=True)) == 1
    assert wrong(tmp_path, turns, "{file: rota.ics}") == []
    rota.write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:acme\r\nEND:VCALENDAR\r\n")
    assert wrong(tmp_path, turns, "{file: rota.ics}", beside=True) == []
    found = wrong(tmp_path, "{turns:", "{file: nothere.ics, turns:", beside=True)
    assert found == []  # these stand in
