"""The documentation says what the program does: commands parse, plants lint, links lead."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import generate  # noqa: E402
from generators import cli  # noqa: E402

from isthmus.cli.main import COMMANDS  # noqa: E402
from isthmus.model.errors import IsthmusError  # noqa: E402
from isthmus.model.sample import Status  # noqa: E402
from isthmus.model.tag import ROLES  # noqa: E402
from isthmus.runtime.config import Parts, load, schema  # noqa: E402
from isthmus.trust.zones.levels import requirements  # noqa: E402
from isthmus.web.openapi import openapi  # noqa: E402

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *(ROOT / "examples").glob("*/README.md"),
    ]
)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
PLANTS = [*(ROOT / "examples").glob("*/plant.yaml"), *(ROOT / "examples").glob("*/plant")]


def named(path):
    return str(path.relative_to(ROOT))


def blocks(page, language):
    return re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )


def reference(name):
    return (DOCS / "reference" / name).read_text("utf-8")


def test_the_generated_reference_is_fresh():
    assert [named(path) for path in generate.stale()] == []


def test_the_check_names_what_is_stale_and_how_to_mend_it(tmp_path, monkeypatch, capsys):
    old = tmp_path / "old.md"
    old.write_text("old", "utf-8")
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "documents", lambda: {old: "new"})
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 1
    told = capsys.readouterr()
    assert "old.md" in told.out
    assert "make docs" in told.err
    assert old.read_text("utf-8") == "old"
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generate.main() == 0
    assert old.read_text("utf-8") == "new"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_in_the_reference(command):
    part = reference("cli.md").partition(f"## isthmus {command}\n")[2].partition("\n## ")[0]
    assert part
    for action in cli.parser_of(command)._actions:
        for option in action.option_strings:
            if option not in {"-h", "--help"}:
                assert f"`{option}" in part.replace(", ", "`, `"), option


@pytest.mark.parametrize("kind", list(Parts()))
def test_every_field_of_every_connector_is_in_the_reference_and_in_its_guide(kind):
    config = Parts()[kind]
    part = reference("connectors.md").partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
    shared = reference("connectors.md").partition("\n## Shared by all\n")[2].partition("\n## ")[0]
    guide = (DOCS / "connectors" / f"{kind}.md").read_text("utf-8")
    for model in (config, config.address):
        for name, info in model.model_fields.items():
            row = f"| `{info.alias or name}` |"
            if name not in {"name", "kind"}:
                assert row in part or row in shared, row
                assert row in guide or row in shared, row
    for word in ("bronze", "silver", "gold", "## Example", "## When it does not work", "## Limits"):
        assert word in guide


def test_every_route_and_answer_is_in_the_reference():
    text, made = reference("api.md"), openapi()
    for path, operations in made["paths"].items():
        for method in operations:
            assert f"\n## {method.upper()} {path}\n" in text
    for model in made["components"]["schemas"]:
        assert f"\n### {model}\n" in text


def test_every_error_quality_role_and_key_is_in_the_reference():
    errors, words, keys = reference("errors.md"), reference("words.md"), reference("plant-file.md")
    tree = [IsthmusError]
    for kind in tree:
        tree += [below for below in kind.__subclasses__() if below.__module__ == kind.__module__]
        assert f"`{kind.__name__}`" in errors
    for code in Status:
        assert f"`{Status.word(code)}`" in errors
    for role in ROLES:
        assert f"`{role}`" in words
    made = schema()
    entries = [entry for name, entry in made["$defs"].items() if name.endswith("Entry")]
    for entry in [made, *entries]:
        for key in entry.get("properties", {}):
            assert f"| `{key}` |" in keys


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_plants_in_the_text_have_no_mistake(page, tmp_path):
    for number, block in enumerate(blocks(page, "yaml")):
        file = tmp_path / f"{number}.yaml"
        file.write_text(block, "utf-8")
        assert load(file).enterprise == "acme"


@pytest.mark.parametrize("plant", PLANTS, ids=named)
def test_examples_have_no_mistake_and_a_page(plant):
    assert list(load(plant).tags())
    assert (plant.parent / "README.md").is_file()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_in_the_text_are_commands(page):
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").split("\n"):
            words = shlex.split(line, comments=True)
            for mark in (">", "|", "&&"):
                words = words[: words.index(mark)] if mark in words else words
            if words[:1] == ["isthmus"]:
                cli.parser_of(words[1]).parse_args(words[2:])
            elif words[:1] == ["make"]:
                assert re.search(
                    rf"^{words[1]}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
                )
            else:
                assert not words or words[0] == "curl", line


def anchors(page):
    plain = [re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", text) for text in HEADING.findall(page)]
    return {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in plain}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_and_pictures_lead_somewhere(page):
    for link in LINK.findall(re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)):
        if link.startswith("http"):
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), link
        if anchor:
            assert anchor in anchors(file.read_text("utf-8")), link


def test_every_page_can_be_found_from_the_index():
    seen, edge = set(), [DOCS / "index.md", ROOT / "README.md"]
    while edge:
        page = edge.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(page.read_text("utf-8")))
        edge += [(page.parent / link).resolve() for link in links if link and "://" not in link]
    assert {page for page in PAGES if page not in seen} == set()


@pytest.mark.parametrize("page", sorted((DOCS / "specs").glob("*.md")), ids=named)
def test_each_clause_names_a_test_that_exists(page):
    clauses = re.findall(r"^\| .+ \| (.+) \|$", page.read_text("utf-8"), re.MULTILINE)
    shown = [name for clause in clauses for name in re.findall(r"`(tests/[^`]+)`", clause)]
    assert shown
    for name in shown:
        file, _, function = name.partition("::")
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        assert function in {
            node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
        }


def test_names_of_tests_in_the_guides_are_files():
    files = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    for page in PAGES:
        for name in re.findall(r"`(test_\w+\.py)`", page.read_text("utf-8")):
            assert name in files, f"{named(page)}: {name}"


def test_the_screenshot_is_small():
    picture = DOCS / "pictures" / "plant.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 200_000


def test_pages_types_are_made_from_the_document(tmp_path):
    tool = ROOT / "ui" / "node_modules" / "openapi-typescript" / "bin" / "cli.js"
    node = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if not tool.is_file() or node is None:
        pytest.skip("the pages' tools are not installed; `make ui` installs them")
    made = tmp_path / "types.ts"
    subprocess.run(
        [node, tool, ROOT / "ui" / "openapi.json", "-o", made], check=True, capture_output=True
    )
    text = (ROOT / "ui" / "src" / "api" / "types.ts").read_text("utf-8")
    assert made.read_text("utf-8") == text, "run `npm run types` in ui/"


@pytest.mark.parametrize("page", [DOCS / "data.md"], ids=named)
def test_python_in_the_text_runs(page, tmp_path, monkeypatch):
    from isthmus.historian.delta.lake import Lake
    from isthmus.model.sample import Batch, Nanoseconds, TagId
    from isthmus.model.tag import Tag

    lake = Lake.open(tmp_path / "history", now=lambda: Nanoseconds(10**18))
    lake.write_tags([(TagId(0), Tag("packaging/line1/filler/power", unit="kW"))])
    for position, value in enumerate((1.5, 2 / 3)):
        row = Batch.of([TagId(0)], Nanoseconds(10**18 + position), [value])
        lake.append(row, stream="s", position=position + 1)
        lake.seal()
    lake.close()
    monkeypatch.chdir(tmp_path)
    found = blocks(page, "python")
    assert len(found) == 4
    for block in found:
        done = subprocess.run(
            [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert re.search(r"1\.08|\b2\b", done.stdout)


def test_headings_go_down_one_step_at_a_time():
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        depths = [len(mark) for mark in re.findall(r"^(#+) ", text, re.MULTILINE)]
        assert depths[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(depths)), named(page)


def test_types_that_the_architecture_names_are_in_their_folders():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w/]+)` \| .+ \| ?(.*) \|$", text, re.MULTILINE)
    folders = {path.name for path in (ROOT / "src" / "isthmus").iterdir() if path.is_dir()}
    runtime = ROOT / "src" / "isthmus" / "runtime"
    folders |= {f"runtime/{path.parent.name}" for path in runtime.glob("*/__init__.py")}
    assert {folder for folder, _ in rows} == folders - {"__pycache__", "static"}
    for folder, types in rows:
        code = "\n".join(
            path.read_text("utf-8") for path in (ROOT / "src" / "isthmus" / folder).rglob("*.py")
        )
        for name in re.findall(r"`([A-Z]\w+)`", types):
            assert re.search(rf"^class {name}\b", code, re.MULTILINE), f"{folder}: {name}"


def test_each_requirement_of_the_security_page_names_a_test_that_exists():
    text = (DOCS / "security.md").read_text("utf-8")
    rows = re.findall(
        r"^\| (\d\.\d+)(?: RE \d)? \| .+ \| `([\w/.]+)::(\w+)` \|$", text, re.MULTILINE
    )
    known = {one.id for one in requirements()}
    assert len(rows) >= 35
    assert {number for number, _, _ in rows} <= known
    for number, file, test in rows:
        written = (ROOT / file).read_text("utf-8")
        assert re.search(rf"^\s*(async )?def {test}\(", written, re.MULTILINE), (
            f"SR {number}: {test}"
        )
