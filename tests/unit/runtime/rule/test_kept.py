"""What rules remember is written beside the loop, while it changes, and the newest stays."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from tests.unit.runtime.rule.test_rules import Site

from isthmus.model.event import Event
from isthmus.model.sample import Nanoseconds
from isthmus.model.work import Proposal
from isthmus.runtime.rule import kept as module
from isthmus.runtime.rule.kept import Kept


def work(number):
    return Proposal(0, f"r{number}", "press", "oil it", "low", "", 1)


def test_it_changes_while_it_is_written(tmp_path, monkeypatch):
    """Whoever changes it waits for no disk, and is written with the next one."""
    kept, writing, go_on = Kept(tmp_path / "rules.json"), threading.Event(), threading.Event()
    write = module.write_whole

    def slow(file, body):
        writing.set()
        assert go_on.wait(10)
        write(file, body)

    monkeypatch.setattr(module, "write_whole", slow)
    kept.propose(work(1))
    first = threading.Thread(target=kept.save)
    first.start()
    assert writing.wait(10)
    changed = threading.Thread(target=kept.propose, args=(work(2),))
    changed.start()
    changed.join(10)
    assert not changed.is_alive()
    second = threading.Thread(target=kept.save)
    second.start()
    second.join(0.05)
    assert second.is_alive(), "the older one is not to come last"
    go_on.set()
    first.join(10)
    second.join(10)
    assert len(json.loads(kept.file.read_text())["proposals"]) == 2


def test_many_change_it_while_it_is_written(tmp_path, monkeypatch):
    kept, wrong, done = Kept(tmp_path / "rules.json"), [], threading.Event()
    monkeypatch.setattr(module, "write_whole", lambda *_: None)

    def save():
        try:
            while not done.is_set():
                kept.save()
        except RuntimeError as error:
            wrong.append(error)

    saving = threading.Thread(target=save)
    saving.start()
    for number in range(1_500):
        kept.propose(work(number))
        kept.state("r", f"press{number}")
        kept.tell(Event(Nanoseconds(number), "press", "rule", "", 1, {}))
        if number % 3 == 0:
            kept.untold.waiting.popleft()
    done.set()
    saving.join(10)
    assert wrong == []


def test_it_is_written_beside_the_loop(tmp_path, monkeypatch):
    site, threads = Site(tmp_path), []
    monkeypatch.setattr(Kept, "save", lambda _: threads.append(threading.current_thread()))
    site.say(force=150)
    assert len(threads) >= 2
    assert threading.main_thread() not in threads


@pytest.mark.parametrize("change", ["switch", "test", "decide"])
def test_what_people_change_waits_while_it_is_looked_at(tmp_path, change):
    site = Site(tmp_path)
    site.see()
    site.say(force=150)
    ours, heavy = site.rules, site.rules.find("heavy")
    calls = {
        "switch": lambda: ours.switch(heavy, "person:anna", enabled=False),
        "test": lambda: ours.test(heavy, 600, "person:bert"),
        "decide": lambda: ours.acts.decide(1, "person:anna", "", accept=True),
    }
    held = {
        "switch": lambda: "heavy" in ours.kept.disabled,
        "test": lambda: ours.kept.seen["heavy"].by == "person:bert",
        "decide": lambda: ours.kept.proposals[0].state == "accepted",
    }
    with ours.kept.lock:
        changing = threading.Thread(target=calls[change])
        changing.start()
        changing.join(0.1)
        assert not held[change]()
    changing.join(10)
    assert held[change]()
    assert asyncio.run(ours.flush()) >= 0
