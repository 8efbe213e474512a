"""What is typed, what is said of it, and with which exit code."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from isthmus.cli import length
from isthmus.cli.main import COMMANDS, Parser, command, help_text, main
from isthmus.cli.screen import Progress, table
from isthmus.model.errors import ConfigError
from isthmus.model.selection import select
from isthmus.runtime.config import lint

EXAMPLE = Path(__file__).parents[3] / "examples" / "01_own_plant" / "plant.yaml"
HEAVY = (
    *("numpy", "pydantic", "pyarrow", "duckdb", "deltalake", "fastapi", "uvicorn", "nats"),
    *("asyncua", "paho", "google.protobuf", "cryptography", "yaml"),
)


def said(capsys, *words):
    """Exit code, standard output, standard error."""
    try:
        code = main(words)
    except SystemExit as left:
        code = left.code
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example_and_takes_json(capsys, name):
    code, out, err = said(capsys, name, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: isthmus {name}")
    assert "examples:" in out
    assert f"isthmus {name}" in out.partition("examples:")[2]
    assert "--json" in out


def steps_of(parser):
    """Each step of a group of commands, and those of its steps."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, step in action.choices.items():
                yield name, step
                yield from steps_of(step)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_said_of_a_group_holds_for_its_steps(name):
    """`isthmus GROUP --json STEP`: no step takes back what was said before its name."""
    parser = Parser()
    parser.add_argument("--json", action="store_true")
    command(name).configure(parser)
    said_before = {action.dest for action in parser._actions}
    for step, steps in steps_of(parser):
        for action in steps._actions:
            if action.dest in said_before and action.option_strings:
                assert action.default is argparse.SUPPRESS, f"isthmus {name} {step}: {action.dest}"


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_help_lists_all_commands(capsys, words):
    code, out, err = said(capsys, *words)
    assert (code, out.rstrip("\n"), err) == (0, help_text(), "")
    assert all(f"\n  {name} " in out for name in COMMANDS)


def test_help_imports_nothing_heavy():
    """One process asks every command for help; what it then holds is what help costs."""
    script = (
        "import contextlib, io, sys\n"
        "from isthmus.cli.main import COMMANDS, main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    main([])\n"
        "    for name in COMMANDS:\n"
        "        with contextlib.suppress(SystemExit):\n"
        "            main([name, '--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "code", "told", "hint"),
    [
        (("lst",), 2, "there is no command `lst`", "did you mean `list`?"),
        (("xyzzy",), 2, "there is no command `xyzzy`", "commands: demo, run"),
        (("run", "--prot", "1", "a"), 2, "unrecognized arguments", "isthmus run --help"),
        (("run",), 2, "reading plant.yaml: there is no", "isthmus new plant --to plant.yaml"),
        (("run", "lines.yaml"), 2, "reading lines.yaml", "isthmus new plant --to lines.yaml"),
        (("check",), 2, "reading plant.yaml", "isthmus new plant --to plant.yaml"),
        (("new", "modbuss"), 2, "no kind `modbuss`", "did you mean `modbus`?"),
        (("list", "tgas"), 2, "`tgas` cannot be listed", "did you mean `tags`?"),
        (("list", "xyzzy"), 2, "`xyzzy` cannot be listed", "equipment, tags"),
        (("query",), 2, "what shall be asked?", "--sql"),
        (("query", "a/b"), 2, "there is no history in .isthmus", "--data"),
        (("query", "a/b", "--rows", "many"), 2, "invalid int value", "isthmus query --help"),
        (("watch",), 1, "no site has run with its data in .isthmus", "isthmus run"),
        (("link",), 1, "no site has run with its data in .isthmus", "isthmus run"),
        (("browse",), 2, "required: device", "isthmus browse --help"),
        (("browse", "filler-plc"), 2, "`filler-plc` is no URL", "opc.tcp://"),
        (("browse", "http://x"), 2, "what speaks http://x?", "--kind"),
        (("browse", "opc.tcp://x", "--set", "a"), 2, "--set a", "KEY=VALUE"),
        (("browse", "opc.tcp://x", "--set", "securty=none"), 2, "no key `securty`", "`security`?"),
        (("browse", "opc.tcp://x", "--set", "security=nnone"), 2, "`security`", "`none`?"),
        (
            ("browse", "opc.tcp://x", "--set", "user=a", "--set", "password=hunter2"),
            *(2, "a secret does not stand", "isthmus new opcua"),
        ),
        (("browse", "mqtts://x", "--kind", "mqtts"), 2, "kind `mqtts`", "did you mean `mqtt`?"),
        (("browse", "opc.tcp://x", "--add", "p.yaml"), 2, "where do the tags belong?", "--equip"),
        (("demo", "falut", "bearing"), 2, "is not understood", "demo fault bearing|leak"),
        (("demo", "fault", "brearing"), 2, "is not understood", "demo fault bearing|leak"),
        (("demo", "fault", "leak"), 2, "no demo plant in", "isthmus demo"),
        (("demo", "--speed", "0"), 2, "a speed of 0", "--speed"),
    ],
)
def test_a_mistake_is_told_on_standard_error_with_what_to_do_next(capsys, words, code, told, hint):
    found, out, err = said(capsys, *words)
    assert (found, out) == (code, "")
    first, second = err.splitlines()[:2]
    assert first.startswith("error: ")
    assert told in first
    assert second.startswith("hint: ")
    assert hint in second
    assert "hunter2" not in err


def test_an_error_for_machines_is_json_with_the_same_words(capsys):
    code, out, err = said(capsys, "check", "--json")
    body = json.loads(out)
    assert (code, err) == (2, "")
    assert set(body) == {"error", "hint", "mistakes"}
    assert "plant.yaml" in body["error"]


def test_a_new_plant_has_no_mistake_and_is_not_written_over(capsys):
    code, out, _ = said(capsys, "new", "plant", "--to", "plant.yaml", "--site", "lakeside")
    assert (code, "isthmus check plant.yaml" in out) == (0, True)
    plant, mistakes = lint(Path("plant.yaml"))
    assert (mistakes, plant.site) == ([], "lakeside")
    code, _, err = said(capsys, "new", "plant", "--to", "plant.yaml")
    assert (code, "is there already" in err) == (2, True)
    code, out, _ = said(capsys, "check")
    assert (code, "no mistakes" in out) == (0, True)
    code, out, _ = said(capsys, "new", "plant", "--json")
    assert (code, set(json.loads(out))) == (0, {"kind", "text"})


def test_check_ends_with_what_has_no_effect_yet(capsys):
    text = "isthmus: 1\nenterprise: acme\nsite: a\n"
    Path("plant.yaml").write_text(text, encoding="utf-8")
    assert "note" not in said(capsys, "check")[1]
    assert json.loads(said(capsys, "check", "--json")[1])["notes"] == []
    more = "people: {teams: {a: {}}}\nerp: {kind: tryton}\n"
    Path("plant.yaml").write_text(text + more, encoding="utf-8")
    code, out, _ = said(capsys, "check")
    note = "note: kept for later, without effect yet: erp"
    assert (code, out.splitlines()[-1]) == (0, note)
    notes = ["`erp` has no effect yet"]
    assert json.loads(said(capsys, "check", "--json")[1])["notes"] == notes


def test_check_tells_of_a_rota_whose_file_is_damaged(capsys):
    """The plant runs without it: only who asks is told so with an exit code."""
    Path("plant.yaml").write_text(
        "isthmus: 1\nenterprise: acme\nsite: a\nnotify: {on_call: {keepers: {file: rota.ics}}}\n",
        encoding="utf-8",
    )
    Path("rota.ics").write_text("BEGIN:VCALENDAR\r\n", encoding="utf-8")
    code, out, err = said(capsys, "check")
    assert (code, out) == (2, "")
    assert "error: plant.yaml:4: reading rota.ics" in err
    assert lint(Path("plant.yaml"))[1] == []


@pytest.mark.parametrize("kind", ["opcua", "modbus", "mqtt", "sparkplug", "files"])
def test_new_connections_are_commented_yaml(capsys, kind):
    code, out, _ = said(capsys, "new", kind)
    assert code == 0
    assert f"kind: {kind}" in out
    assert "#" in out


def test_check_tells_all_mistakes_at_once(capsys):
    Path("plant.yaml").write_text(
        "isthmus: 1\nenterprise: acme\nsite: riverside\ntimezone: Europe/Berlni\n"
        "equipment: {hall: {line1: {units: {press: {type: Pres}}}}}\n"
        "types: {Press: {tags: {force: {unit: kNN}}}}\n"
        "connections: {plc: {kind: modbuss, tags: {}}}\n",
        encoding="utf-8",
    )
    code, out, err = said(capsys, "check")
    assert (code, out) == (2, "")
    assert err.count("error: plant.yaml:") >= 4
    for line, near in ((4, "Europe/Berlin"), (5, "Press"), (7, "modbus")):
        after = err.partition(f"plant.yaml:{line}:")[2].splitlines()[1]
        assert after.startswith("hint: ")
        assert near in after
    code, out, err = said(capsys, "check", "--json")
    body = json.loads(out)
    assert (code, err) == (2, "")
    assert len(body["mistakes"]) >= 4
    assert set(body["mistakes"][0]) == {"file", "line", "text", "hint"}


def test_what_is_listed_has_stable_keys(capsys):
    keys = {
        "equipment": {"equipment", "level", "type", "tags"},
        "tags": {"tag", "unit", "kind", "connection", "description"},
        "connections": {"connection", "kind", "endpoint", "zone", "wire", "tags"},
        "connectors": {"kind", "state", "about"},
    }
    for what, wanted in keys.items():
        code, out, _ = said(capsys, "list", what, "--plant", str(EXAMPLE), "--json")
        rows = json.loads(out)
        assert code == 0
        assert rows
        assert all(set(row) == wanted for row in rows)
        code, out, _ = said(capsys, "list", what, "--plant", str(EXAMPLE))
        assert out.splitlines()[0].split()[0] in wanted


def test_the_schema_is_json_on_one_line_or_for_people(capsys):
    _, out, _ = said(capsys, "schema", "--json")
    assert out.count("\n") == 1
    _, again, _ = said(capsys, "schema")
    assert json.loads(out) == json.loads(again)
    secret = json.loads(out)["$defs"]["Secret"]
    assert {"required": ["env"]} in secret["oneOf"]
    assert {"required": ["file"]} in secret["oneOf"]


def test_a_file_that_cannot_be_used_is_no_traceback(capsys):
    said(capsys, "new", "plant", "--to", "plant.yaml")
    code, _, err = said(capsys, "new", "plant", "--to", "plant.yaml/other.yaml")
    assert (code, err.count("\n")) == (1, 2)
    assert "plant.yaml/other.yaml" in err


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("1h", 3600), ("7d", 604_800), ("30 min", 1800), ("1 m", 60), ("250 ms", 0.25)],
)
def test_lengths_of_time(text, seconds):
    assert length.seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["soon", "5 kW", "", "h"])
def test_what_is_no_length_of_time_is_said(text):
    with pytest.raises(ConfigError, match="no length of time"):
        length.seconds(text)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hall/line1/pres/force", "hall/line1/press/force"),
        ("**/forc", "**/force"),
        ("hall/*/press", "hall/*/press/**"),
        ("hall/*/force", "hall/**/force"),
        ("hal/*/press/force", "hall/*/press/force"),
        ("hall/line1/press/forcee", "hall/line1/press/force"),
    ],
)
def test_the_nearest_selection_is_named(typed, meant):
    with pytest.raises(ConfigError) as caught:
        select(["hall/line1/press/force", "hall/line1/press/count"], typed, "acme/riverside")
    assert caught.value.hint == f"did you mean `{meant}`?"


def test_a_pattern_that_is_none_is_said():
    with pytest.raises(ConfigError, match="stands alone"):
        select(["a/b"], "a/**b", "")


def test_a_table_is_aligned_and_has_no_colour(capsys):
    text = table(("tag", "value"), [("a/b", 1.5), ("a/long", None)])
    assert text.splitlines() == ["tag     value", "a/b       1.5", "a/long      -"]
    assert "\033" not in text
    with Progress() as progress:
        progress.show("filling", 0.5)
    assert "\033" not in capsys.readouterr().err


def test_whoever_reads_may_stop_reading():
    """`isthmus schema | head -1`, as a shell does it: the reader is gone before all is said."""
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "isthmus", "schema"], stdout=write, stderr=subprocess.PIPE
    )
    os.close(write)
    os.read(read, 1)
    os.close(read)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


def test_the_demo_says_what_is_not_installed(capsys, monkeypatch):
    from isthmus.runtime import demonstration

    monkeypatch.setattr(demonstration, "NEEDS", ("asyncua", "no_such_library.at_all"))
    code, out, err = said(capsys, "demo", "--for", "1")
    assert (code, out) == (2, "")
    assert "needs `no_such_library.at_all`" in err
    assert "hint: install it: pip install 'isthmus[demo]'" in err
    assert not Path("demo-plant").exists()
