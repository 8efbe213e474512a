"""Many alarms at once: a few messages, then one that tells of all."""

from __future__ import annotations

import re

from tests.unit.runtime.notify.site import DOWN, PLANT, Site

from isthmus.runtime.notify.message import State

MANY = 300


def flooding_plant(many, plant=PLANT):
    units = ", ".join(f"u{number}: {{type: Press}}" for number in range(many))
    return re.sub(r"line1: \{units: .*", f"line1: {{units: {{{units}}}}}", plant)


def flooded(tmp_path, many=MANY):
    return Site(tmp_path, flooding_plant(many))


def full(_handle):
    raise OSError(28, "No space left on device")


def test_300_alarms_are_a_few_messages(tmp_path):
    site = flooded(tmp_path)
    site.say(**{f"u{number}__oil": 75 for number in range(MANY)})
    assert len(site.sent()) == 10
    site.look(14)
    assert len(site.sent()) == 10
    site.look(2)
    (digest,) = site.senders["mail"].letters[10:]
    assert digest.subject == "High: 290 messages at once; the first: oil hot, hall/line1/u10"
    assert "290 messages came at once: 290 high." in digest.body
    assert digest.body.count("high: oil hot") == 20
    assert "and 270 more, on the pages" in digest.body
    assert digest.link.endswith("/alarms")
    told = site.notify.outbox.past
    assert sum(each.state is State.GATHERED for each in told) == 290
    assert sum(each.state is State.SENT for each in told) == 11
    assert site.notify.flooding.digests == 1


def test_the_next_step_of_a_flood_is_one_message_too(tmp_path):
    site = flooded(tmp_path, 20)
    site.say(**{f"u{number}__oil": 75 for number in range(20)})
    site.look(20)
    for path in site.alarms.places:
        if path.endswith("oil_hot") and not path.endswith("u7/oil_hot"):
            site.alarms.acknowledge(path, "person:anna")
    site.look(600)
    assert site.sent("floor") == [("carla", "High: oil hot, hall/line1/u7")]


def test_what_was_gathered_when_it_died_is_told_after(tmp_path):
    site = flooded(tmp_path)
    site.senders["mail"].broken = DOWN
    site.say(**{f"u{number}__oil": 75 for number in range(MANY)})
    site.start()
    site.senders["mail"].broken = None
    site.look()
    site.look(20)
    assert len(site.sent()) == 11
    assert not site.notify.outbox.waiting


def test_each_round_of_a_flood_is_told(tmp_path):
    again = PLANT.replace("  routes:", "      repeat: 1\n      every: 1 h\n  routes:")
    site = Site(tmp_path, flooding_plant(20, again))
    site.say(**{f"u{number}__oil": 75 for number in range(20)})
    for _ in range(40):
        site.look(180)
    all_ = site.notify.outbox.all()
    digests = [each.title for each in all_ if "messages at once" in each.title]
    gathered = sum(each.state is State.GATHERED for each in all_)
    assert sum(int(title.split()[0]) for title in digests) == gathered
    assert len(digests) == site.notify.flooding.digests > 2


def test_what_the_disk_does_not_take_of_a_flood_stays_gathered(tmp_path, monkeypatch):
    site = flooded(tmp_path, 20)
    site.say(**{f"u{number}__oil": 75 for number in range(20)})
    with monkeypatch.context() as patched:
        patched.setattr("isthmus.runtime.lines.os.fsync", full)
        site.look(20)
        assert "No space left" in site.notify.trouble
        assert len(site.sent()) == 10
    site.look(1)
    assert site.sent()[10][1].startswith("High: 10 messages at once")
    assert site.notify.trouble == ""
    site.look(400)
    assert not site.notify.outbox.waiting
    assert site.notify.flooding.digests == 1


def test_tests_and_reports_are_never_gathered(tmp_path):
    site = flooded(tmp_path, 20)
    site.say(**{f"u{number}__oil": 75 for number in range(20)})
    site.notify.test(("anna",), "owner")
    site.look()
    assert ("anna@acme.example", "Test: this is only a test") in site.sent()
