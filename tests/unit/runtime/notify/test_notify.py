"""People are told of alarms, step by step, once each, over restarts and outages."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.runtime.notify.site import DOWN, NEVER, PLANT, Site

from isthmus.model.errors import Refused
from isthmus.model.notice import Attachment, Notice
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.notify.courier import LaterError, Threaded
from isthmus.runtime.notify.message import State
from isthmus.web.attention_told import untold

HOT = "High: oil hot, hall/line1/one"
OIL = "hall/line1/one/oil_hot"


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def notice(key="n", **more):
    told = {"kind": "rule", "title": "Too heavy", "text": "for an hour", "at": Nanoseconds(10**18)}
    return Notice(key, **{**told, **more})


def test_an_alarm_goes_to_who_is_on_call_then_to_the_next(site):
    site.say(one__oil=75)
    assert site.sent() == [("anna@acme.example", HOT)]
    body = site.senders["mail"].letters[0].body
    assert "oil hot raised: 75 degC, limit 70 degC" in body.replace("°C", "degC")
    assert "What to do: clean the cooler" in body
    assert "https://riverside.acme.example:8800/alarms?alarm=hall%2Fline1%2Fone%2Foil_hot" in body
    assert "Step 1 of 3 of the escalation line" in body
    site.look(599)
    assert len(site.sent()) == 1
    site.look(1)
    assert site.sent()[1:] == [("anna@acme.example", HOT)]
    assert site.sent("floor") == [("carla", HOT)]
    site.look(1_200)
    assert site.sent("floor") == [("carla", HOT), ("", HOT)]
    site.look(100_000)
    assert len(site.sent() + site.sent("floor")) == 4
    assert "told anna by mail: oil hot, hall/line1/one" in site.records


@pytest.mark.parametrize("end", ["acknowledge", "shelve", "return"])
def test_it_stops_when_somebody_has_seen_it_or_it_is_over(site, end):
    site.say(one__oil=75)
    if end == "acknowledge":
        site.alarms.acknowledge(OIL, "person:anna")
    elif end == "shelve":
        site.alarms.shelve(OIL, "person:anna", "on order", 3_600)
    else:
        site.say(one__oil=60)
    site.look(5_000)
    assert len(site.sent() + site.sent("floor")) == 1
    assert not site.notify.outbox.incidents


def test_one_that_is_over_before_anybody_looked_is_told_all_the_same(site):
    hall = site.namespace.id("hall/line1/one/oil")
    for value in (75, 60):
        site.live.value[hall], site.live.quality[hall] = value, 0
        site.alarms.look()
    site.look()
    assert site.sent() == [("anna@acme.example", HOT)]
    assert not site.notify.outbox.incidents


def test_an_alarm_that_comes_back_is_told_anew(site):
    site.say(one__oil=75)
    site.say(one__oil=60)
    site.look(60)
    site.say(one__oil=76)
    assert site.sent() == [("anna@acme.example", HOT)] * 2


def test_a_restart_changes_nothing(site):
    site.say(one__oil=75)
    site.start()
    site.look(300)
    site.start()
    site.look(300)
    site.start()
    site.look(1)
    assert [to for to, _ in site.sent() + site.sent("floor")] == [
        *("anna@acme.example", "anna@acme.example"),
        "carla",
    ]


def test_what_nobody_heard_before_a_crash_is_told_after_it(site):
    site.alarms.told.clear()  # it dies between the alarm and its message
    site.say(one__oil=75)
    assert site.sent() == []
    site.start()
    site.look()
    assert site.sent() == [("anna@acme.example", HOT)]


def full(_handle):
    raise OSError(28, "No space left on device")


def test_what_is_sent_while_the_disk_is_full_is_sent_once(site, monkeypatch):
    site.notify.put(notice(), site.notify.whom.addresses(["anna"], 0), 0)
    with monkeypatch.context() as patched:
        patched.setattr("isthmus.runtime.lines.os.fsync", full)
        for _ in range(5):
            site.look(1)
        assert len(site.sent()) == 1
        assert "No space left" in site.notify.trouble
    site.look()
    assert len(site.sent()) == 1
    assert not site.notify.outbox.waiting
    assert site.notify.trouble == ""
    site.start()
    site.look()
    assert len(site.sent()) == 1


def test_an_escalation_that_fails_keeps_none_from_the_others(site, monkeypatch):
    site.say(one__oil=75)
    addresses = site.notify.whom.addresses  # of the class, bound before it is patched

    def broken(names, at):
        if "carla" in names:
            raise OverflowError("a mistake of ours")
        return addresses(names, at)

    monkeypatch.setattr(type(site.notify.whom), "addresses", lambda _whom, *told: broken(*told))
    site.wall += 600
    site.say(two__oil=75)
    assert site.sent()[1:] == [("anna@acme.example", HOT.replace("one", "two"))]
    assert "OverflowError" in site.notify.trouble
    monkeypatch.undo()
    site.look()
    assert site.sent("floor") == [("carla", HOT)]
    assert site.notify.trouble == ""


def test_an_alarm_that_comes_back_before_anybody_has_seen_it_begins_anew(tmp_path):
    site = Site(tmp_path, PLANT.replace("    line:\n", "    line:\n      on_return: go-on\n"))
    for value in (75, 60, 76):
        site.say(one__oil=value)
        site.look(1)
    assert site.sent() == [("anna@acme.example", HOT)] * 2
    assert len(site.notify.outbox.incidents) == 1
    site.start()
    site.look(598)
    assert site.sent("floor") == []
    site.look(2)
    assert site.sent("floor") == [("carla", HOT)]


@pytest.mark.parametrize("to", ["line", "anna"])
def test_of_two_routes_to_the_same_the_one_that_does_not_wait_counts(tmp_path, to):
    quiet = 'quiet: "22:00-06:00", quiet_for: high'
    routes = f"    calm: {{priorities: high, to: {to}, {quiet}}}\n    hot: {{to: {to}}}\n"
    site = Site(tmp_path, re.sub(r"    hot: .*\n", routes, PLANT))
    site.look(2 * 3_600)  # 00:26 in Berlin
    site.say(one__oil=75)
    assert site.sent() == [("anna@acme.example", HOT)]
    site.notify.tell(notice(kind="alarm", priority=2), ())
    site.look()
    assert site.sent()[1:] == [("anna@acme.example", "High: Too heavy")]


def test_an_outage_delays_and_the_message_says_how_late_it_is(site):
    site.senders["mail"].broken = DOWN
    site.say(one__oil=75)
    site.look(1_000)
    assert site.sent() == []
    assert site.notify.couriers["mail"].trouble == "it is down"
    site.senders["mail"].broken = None
    site.start()
    site.look(2_000)
    first = site.senders["mail"].letters[0]
    assert "This message is 50 min late" in first.body
    assert not site.notify.couriers["mail"].trouble
    assert not site.notify.outbox.waiting


def test_a_refusal_and_an_outage_that_is_too_long_fail(site):
    site.senders["mail"].broken = NEVER
    site.notify.tell(notice("one"), ("anna",))
    site.look()
    site.senders["mail"].broken = DOWN
    site.notify.tell(notice("two"), ("anna",))
    site.look()
    site.look(86_401)
    assert [(each.state, each.key) for each in site.notify.outbox.past] == [
        (State.FAILED, "one"),
        (State.FAILED, "two"),
    ]
    assert "given up after 2 tries: it is down" in site.notify.outbox.past[1].why
    assert site.records == ["not told anna by mail: Too heavy"] * 2


@pytest.mark.parametrize("error", [Refused("410 Gone", hint="is the address right?"), KeyError()])
def test_a_channel_that_takes_no_message_needs_a_person_until_it_takes_one(site, error):
    courier, sender = site.notify.couriers["floor"], site.senders["floor"]
    sender.broken = error
    for number in range(3):
        site.notify.tell(notice(str(number)), ("carla",))
        site.look(5)
    assert (courier.failed, courier.wait, courier.ready()) == (3, 0.0, True)  # none had to wait
    (told,) = (each for each in untold(site) if "floor" in each.title)
    assert told.title == "Messages by floor do not get through"
    assert type(error).__name__ in told.detail or told.detail == "410 Gone"
    assert told.advice == getattr(error, "hint", "`isthmus notify list` tells more")
    assert told.since == (site.wall - 10) * 1e3
    sender.broken = None
    site.notify.tell(notice("taken"), ("carla",))
    site.look()
    assert site.sent("floor") == [("carla", "Too heavy")]
    assert (courier.trouble, courier.since) == ("", 0)
    assert not [each for each in untold(site) if "floor" in each.title]


@pytest.mark.parametrize("error", [DOWN, LaterError("451 greylisted")])
def test_it_is_tried_for_as_long_as_the_plant_file_says(site, error):
    courier, ends = site.notify.couriers["mail"], []
    courier.entry = courier.entry.model_copy(update={"give_up": 7 * 86_400.0})
    (message,) = site.notify.put(notice(), site.notify.whom.addresses(["anna"], 0), 0)
    site.senders["mail"].broken = error

    async def done(_, why):
        ends.append(why)

    async def main():
        while not ends:
            await courier.carry(message)
            site.wall += 225  # the longest pause, less what chance may take from it

    courier.done = done
    message.due = courier.wall()
    begun = site.wall
    asyncio.run(main())
    assert 7 * 86_400 < site.wall - begun < 7 * 86_400 + 500


def test_those_who_were_told_hear_of_the_end_and_nobody_else(tmp_path):
    """Whoever is on call by then knows nothing of it; whoever was told waits for it."""
    site = Site(tmp_path, PLANT.replace("    line:\n", "    line:\n      tell_end: true\n"))
    site.say(one__oil=75)
    first = {to for to, _ in site.sent()}
    site.start()  # it is kept who was told
    site.look(500)
    before = len(site.sent())
    site.wall += 7 * 86_400  # the next one is on call
    assert site.notify.whom.addresses(["maintenance"], site.notify.wall())[0].mail not in first
    site.alarms.acknowledge(OIL, "person:x")
    site.look()
    told = site.sent()[before:]
    assert {to for to, _ in told} == first
    assert all("acknowledged" in subject for _, subject in told)


def test_the_end_of_an_incident_of_an_earlier_version_is_told(tmp_path):
    """It kept how many steps were told, and not to whom: those on call then."""
    site = Site(tmp_path, PLANT.replace("    line:\n", "    line:\n      tell_end: true\n"))
    site.say(one__oil=75)
    first = site.sent()[0][0]
    (incident,) = site.notify.outbox.incidents.values()
    incident.to = []
    site.wall += 7 * 86_400  # the next one is on call
    site.alarms.acknowledge(OIL, "person:x")
    site.look()
    (to, subject) = site.sent()[-1]
    assert (to, "acknowledged" in subject) == (first, True)


def test_names_stand_for_people_rotas_teams_and_channels(site):
    tell = {
        "office": ["office@acme.example"],
        "keepers": ["anna@acme.example", "ben@acme.example"],
        "maintenance": ["anna@acme.example"],
        "ben": ["ben@acme.example"],
    }
    for name, expected in tell.items():
        before = len(site.sent())
        site.notify.tell(notice(name), (name,))
        site.look()
        assert [to for to, _ in site.sent()[before:]] == expected
    assert site.sent("floor") == [("ben", "Too heavy")] * 2
    site.notify.tell(notice("by route"))
    site.look()
    assert site.sent()[-1] == ("office@acme.example", "Too heavy")


def test_a_channel_of_mail_tells_each_it_names_by_itself(tmp_path):
    site = Site(
        tmp_path, PLANT.replace("kind: mail,", "kind: mail, to: [c@x.example, d@x.example],")
    )
    site.notify.tell(notice(), ("mail",))
    site.senders["mail"].refused = {"c@x.example": NEVER}
    site.look()
    assert site.sent() == [("d@x.example", "Too heavy")]
    assert site.records == [
        "not told c@x.example by mail: Too heavy",
        "told d@x.example by mail: Too heavy",
    ]


def test_one_mailbox_that_is_gone_is_no_channel_that_is_down(tmp_path):
    site = Site(
        tmp_path, PLANT.replace("kind: mail,", "kind: mail, to: [c@x.example, d@x.example],")
    )
    courier, sender = site.notify.couriers["mail"], site.senders["mail"]
    sender.refused = {"d@x.example": NEVER}  # the last one: nothing is taken behind it
    for number in range(2):
        site.notify.tell(notice(str(number)), ("mail",))
        site.look(5)
    assert (courier.sent, courier.failed, courier.trouble) == (2, 2, "")
    sender.refused = {"c@x.example": NEVER, "d@x.example": NEVER}
    site.notify.tell(notice("both"), ("mail",))
    site.look(5)
    assert courier.trouble == str(NEVER)


def test_a_channel_of_mail_that_names_nobody_is_counted_and_does_not_hang(site):
    site.notify.tell(notice(), ("mail",))
    site.look()
    assert (site.notify.nobody, site.sent()) == (1, [])
    with pytest.raises(Refused, match="cannot be reached") as refused:
        site.notify.test(("mail",), "owner")
    assert "`to`" in refused.value.hint


def test_one_that_is_not_taken_now_waits_alone(site):
    site.senders["mail"].refused = {"anna@acme.example": LaterError("451 greylisted")}
    site.notify.tell(notice(), ("keepers",))
    site.look()
    assert [to for to, _ in site.sent()] == ["ben@acme.example"]
    courier = site.notify.couriers["mail"]
    assert (courier.trouble, courier.wait) == ("", 0.0)
    (waiting,) = site.notify.outbox.waiting.values()
    assert (waiting.tries, waiting.why) == (1, "451 greylisted")
    site.look(1)
    assert waiting.tries == 1
    site.look(1)
    assert waiting.tries == 2
    site.look(86_401)
    assert "given up after 3 tries: 451 greylisted" in site.notify.outbox.past[-1].why


def test_a_sender_whose_iterator_ends_does_not_hang_its_channel():
    with pytest.raises(RuntimeError):
        asyncio.run(asyncio.wait_for(Threaded(lambda _: next(iter(()))).send(None), 5))


def test_the_same_key_is_told_once_whoever_tells_it(site):
    for _ in range(3):
        site.notify.tell(notice(), ("anna", "keepers"))
        site.look()
        site.start()
    assert [to for to, _ in site.sent()] == ["anna@acme.example", "ben@acme.example"]


def test_nobody_on_call_is_counted_and_recorded(site):
    site.notify.tell(notice(), ("nobody",))
    site.look()
    assert site.notify.nobody == 1
    assert site.records == ["nobody was told: Too heavy"]


def test_low_ones_wait_for_the_end_of_the_night(site):
    site.look(2 * 3_600)  # 00:26 in Berlin
    site.say(one__force=101)
    site.look(5 * 3_600)
    assert site.sent("floor") == []
    site.look(34 * 60)
    assert site.sent("floor") == [("", "Low: heavy, hall/line1/one")]


def test_files_go_along_and_survive_a_restart(site):
    site.senders["mail"].broken = DOWN
    site.notify.tell(
        notice(attachments=(Attachment("a.pdf", "application/pdf", b"%PDF"),)), ("anna",)
    )
    site.look()
    site.senders["mail"].broken = None
    site.start()
    site.look()
    (letter,) = site.senders["mail"].letters
    assert [(each.name, each.media, each.body) for each in letter.files] == [
        ("a.pdf", "application/pdf", b"%PDF")
    ]


def test_a_test_says_that_it_is_one(site):
    (made,) = site.notify.test(("anna",), "person:carla")
    site.look()
    assert site.sent() == [("anna@acme.example", "Test: this is only a test")]
    assert made.state is State.SENT
    with pytest.raises(Refused, match="nobody called `ana`") as refused:
        site.notify.test(("ana",), "person:carla")
    assert refused.value.hint == "did you mean `anna`?"


def test_a_mistake_of_ours_costs_one_message_not_the_plant(site):
    site.senders["mail"].broken = ValueError("unexpected")
    site.notify.tell(notice("one"), ("anna",))
    site.look()
    site.senders["mail"].broken = None
    site.notify.tell(notice("two", attachments=("no file",)), ("anna",))
    site.notify.tell(notice("three"), ("anna",))
    site.look()
    assert "a mistake of ours" in site.notify.trouble
    site.look()
    assert site.notify.trouble == ""
    assert site.notify.lost == 1
    assert site.sent() == [("anna@acme.example", "Too heavy")]
    failed = [each.why for each in site.notify.outbox.past if each.state is State.FAILED]
    assert failed == ["a mistake of ours: ValueError: unexpected"]


STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 299, 600, 1_500])),
    st.tuples(st.sampled_from(["up", "down", "restart", "ack", "broken", "mended"]), st.just(0)),
)


def story(folder, steps, *, restarts):
    """All that was sent while `steps` happened: each message's identity, and to whom."""
    site = Site(folder)
    for step, seconds in steps:
        if step == "restart" and restarts:
            site.start()
        elif step in ("up", "down"):
            site.say(one__oil=75 if step == "up" else 60)
        elif step == "ack":
            with suppress(Refused):
                site.alarms.acknowledge(OIL, "person:anna")
        elif step in ("broken", "mended"):
            site.senders["mail"].broken = DOWN if step == "broken" else None
        site.look(seconds)
    site.senders["mail"].broken = None
    site.look(1)
    letters = [one for sender in site.senders.values() for one in sender.letters]
    return [(one.id, one.to, one.fields["step"], one.fields["time"]) for one in letters]


@settings(max_examples=25)
@given(st.lists(STEPS, max_size=15))
def test_restarts_change_nothing_and_no_step_is_told_twice(tmp_path_factory, steps):
    with_restarts = story(tmp_path_factory.mktemp("a"), steps, restarts=True)
    without = story(tmp_path_factory.mktemp("b"), steps, restarts=False)
    assert sorted(with_restarts) == sorted(without)
    assert len({number for number, *_ in without}) == len(without)
    told = [(to, step, time) for _, to, step, time in without]
    assert len(set(told)) == len(told)


def test_tell_never_waits_and_counts_what_it_cannot_take(site, monkeypatch):
    monkeypatch.setattr("isthmus.runtime.notify.notify.MOST_HEARD", 2)
    for number in range(5):
        site.notify.tell(notice(str(number)), ("anna",))
    assert site.notify.lost == 3
    site.look()
    assert len(site.sent()) == 2
