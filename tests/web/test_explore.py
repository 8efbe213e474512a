"""The explore page as people use it: wheel, drag, keys, comparing, links, statistics, files."""

from __future__ import annotations

import io
import json
import re
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import numpy as np
import openpyxl
import polars as pl
import pytest
from tests.web.conftest import eventually

from isthmus.historian.ingest.wire import pack
from isthmus.model.sample import Batch

UNIT = "packaging/line1/filler"
SPEED, COUNT, STATE = f"{UNIT}/speed", f"{UNIT}/good_count", f"{UNIT}/state"
PRESSURE = f"{UNIT}/bowl_pressure"
HOUR = 3_600_000
MINUS = "\u2212"
SPAN = "() => { const one = document.querySelector('isthmus-trend'); return [one.from, one.to]; }"
DRAWN = (
    "() => document.querySelector('isthmus-trend')"
    ".pens.every((pen) => pen.columns?.time.length > 1)"
)
SHOWN = """() => {
  const t = document.querySelector('isthmus-trend');
  const pens = t.pens.map((pen) => [pen.letter, pen.tag.path, pen.scale ?? null]);
  return [t.from, t.to, t.cursors, pens];
}"""
AT = """(x) => {
  const t = document.querySelector('isthmus-trend'), box = t.getBoundingClientRect();
  return t.from + (t.to - t.from) * (x - box.left - 66) / (box.width - 66 - 82);
}"""
YEAR = """async () => {
  const trend = document.querySelector('isthmus-trend');
  const began = performance.now();
  const button = [...document.querySelectorAll('isthmus-range button')].at(-1);
  button.click();
  for (;;) {
    await new Promise(requestAnimationFrame);
    const year = trend.to - trend.from > 364 * 86400000;
    if (year && trend.pens.every((pen) => pen.columns)) return performance.now() - began;
    if (performance.now() - began > 20000) return Infinity;
  }
}"""


@pytest.fixture(scope="module")
def desk(visit):
    return visit()


@pytest.fixture(scope="module")
def past(plant):
    """An hour and a half that stands still."""
    return round(plant["now"] - 3 * HOUR), round(plant["now"] - 1.5 * HOUR)


def opened(desk, past, pens=SPEED, **more):
    start, end = past
    extra = "".join(f"&{key}={value}" for key, value in more.items())
    page = desk.open(f"/explore?pens={pens}&range={start}-{end}{extra}")
    page.wait_for_function(DRAWN)
    return page


def over(page):
    """The middle of the picture."""
    box = page.locator("isthmus-trend .over").bounding_box()
    return box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.4, box


def rested(page):
    """The range in the address, once a gesture is over."""
    page.wait_for_timeout(350)
    start, end = parse_qs(urlsplit(page.url).query)["range"][0].split("-")
    assert page.evaluate(SPAN) == [int(start), int(end)]
    return int(start), int(end)


def asked(page):
    """Count what is asked of history from now on, and how much of it at once."""
    count = {"asked": 0, "now": 0, "most": 0}

    def begun(request):
        if "/api/history" in request.url:
            count["asked"] += 1
            count["now"] += 1
            count["most"] = max(count["most"], count["now"])

    def over(request):
        if "/api/history" in request.url:
            count["now"] -= 1

    page.on("request", begun)
    page.on("requestfinished", over)
    page.on("requestfailed", over)
    return count


class TestHands:
    def test_the_wheel_zooms_at_the_pointer_without_a_storm(self, desk, past):
        page = opened(desk, past)
        x, y, _ = over(page)
        requests = asked(page)
        page.mouse.move(x, y)
        before = page.evaluate(AT, x)
        for _ in range(20):
            page.mouse.wheel(0, -60)
        start, end = rested(page)
        assert end - start < (past[1] - past[0]) / 5
        assert page.evaluate(AT, x) == pytest.approx(before, abs=2_000)
        assert requests["most"] == 1, "one in flight, the newest next"
        assert requests["asked"] <= 20
        page.mouse.wheel(0, 240)
        wider = rested(page)
        assert wider[1] - wider[0] > end - start

    def test_a_drag_moves_by_what_it_was_dragged(self, desk, past):
        page = opened(desk, past)
        x, y, box = over(page)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 100, y, steps=5)
        page.mouse.up()
        start, end = rested(page)
        assert end - start == past[1] - past[0]
        moved = 100 / (box["width"] - 148) * (past[1] - past[0])
        assert past[0] - start == pytest.approx(moved, rel=0.03)

    def test_a_shift_drag_chooses_and_the_back_button_goes_back(self, desk, past):
        page = opened(desk, past)
        x, y, box = over(page)
        page.keyboard.down("Shift")
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 200, y, steps=4)
        page.mouse.up()
        page.keyboard.up("Shift")
        start, end = rested(page)
        wide = 200 / (box["width"] - 148) * (past[1] - past[0])
        assert end - start == pytest.approx(wide, rel=0.03)
        page.go_back()
        page.wait_for_function(f"() => location.search.includes('{past[0]}-{past[1]}')")
        assert page.evaluate(SPAN) == list(past)

    def test_a_double_click_goes_back_and_sets_no_cursor(self, desk, past):
        page = opened(desk, past)
        x, y, _ = over(page)
        page.mouse.move(x, y)
        page.mouse.wheel(0, -200)
        assert rested(page) != past
        page.mouse.dblclick(x, y)
        page.wait_for_function(f"() => location.search.includes('{past[0]}-{past[1]}')")
        assert page.locator(".cursor").count() == 0

    def test_all_of_it_by_keys(self, desk, past):
        page = opened(desk, past)
        page.locator("isthmus-trend .over").focus()
        page.keyboard.press("+")
        zoomed = rested(page)
        assert zoomed[1] - zoomed[0] == pytest.approx((past[1] - past[0]) / 1.6, rel=0.01)
        page.keyboard.press("ArrowLeft")
        moved = rested(page)
        assert moved[0] < zoomed[0]
        page.keyboard.press("PageUp")
        assert rested(page)[1] < moved[1]
        page.keyboard.press("Backspace")
        page.wait_for_function(f"() => location.search.includes('{moved[0]}-{moved[1]}')")
        page.keyboard.press("1")
        page.wait_for_selector(".cursor")
        first = page.inner_text(".cursor span")
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            f"() => document.querySelector('.cursor span').innerText !== '{first}'"
        )
        page.keyboard.press("2")
        page.wait_for_function("() => document.querySelectorAll('.cursor').length === 2")
        page.keyboard.press("Escape")
        page.wait_for_function("() => document.querySelectorAll('.cursor').length === 0")

    def test_two_fingers_zoom(self, browser, demo, past):
        from tests.web.conftest import Visitor

        window = Visitor(browser, demo, size=(1024, 768))
        try:
            page = opened(window, past)
            touch = page.context.new_cdp_session(page)
            page.locator("isthmus-trend").scroll_into_view_if_needed()
            x, y, _ = over(page)

            def send(kind, gap=None):
                points = [] if gap is None else [(x - gap, 1), (x + gap, 2)]
                touches = [{"x": at, "y": y, "id": finger} for at, finger in points]
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

            send("touchStart", 40)
            for gap in (60, 80, 120):
                send("touchMove", gap)
            send("touchEnd")
            start, end = rested(page)
            assert end - start == pytest.approx((past[1] - past[0]) / 3, rel=0.1)
        finally:
            window.close()

    def test_what_is_known_is_drawn_while_finer_is_fetched(self, desk, past):
        page = opened(desk, past)
        page.route("**/api/history*", lambda route: None)  # the site says nothing more
        x, y, _ = over(page)
        page.mouse.move(x, y)
        page.mouse.wheel(0, -200)
        rested(page)
        assert page.evaluate(DRAWN)
        assert page.locator("isthmus-card.picture[state=loading]").count() == 0
        page.unroute("**/api/history*")


class TestPicture:
    def test_a_year_is_drawn_and_takes_one_request(self, desk, past):
        page = opened(desk, past)
        requests = asked(page)
        took = page.evaluate(YEAR)
        assert took < 5_000, "on a machine that does much else; benchmarks tell the figure"
        assert requests["asked"] == 1

    def test_comparing_draws_the_other_day_and_tells_the_difference(self, desk, plant):
        start, end = round(plant["now"] - HOUR), round(plant["now"] - HOUR / 2)
        page = opened(desk, (start, end), compare=HOUR, **{"with": "an hour before"})
        page.wait_for_function(
            "() => document.querySelector('isthmus-trend').pens[0].compared?.time.length > 1"
        )
        first = page.evaluate(
            "() => document.querySelector('isthmus-trend').pens[0].compared.time[0]"
        )
        assert first <= end, "moved over the range"
        page.wait_for_selector("tr.compared .difference")
        own, before = (
            page.locator(f"{row} td.num").nth(4).inner_text()
            for row in ("tbody tr:not(.compared)", "tr.compared")
        )
        told = page.inner_text("tr.compared .difference").replace(MINUS, "-")
        assert float(told) == pytest.approx(
            float(own.replace(MINUS, "-")) - float(before.replace(MINUS, "-")), abs=0.011
        )
        page.click("isthmus-compare [aria-label='Stop comparing']")
        page.wait_for_function("() => !location.search.includes('compare')")

    def test_the_menu_offers_days_shifts_and_orders(self, desk, past):
        page = opened(desk, past)
        page.click("isthmus-compare summary")
        page.wait_for_selector("isthmus-compare .panel >> text=Shifts")
        page.click("isthmus-compare >> text=the day before")
        page.wait_for_function("() => /compare=86400000/.test(location.search)")
        assert "the day before" in page.inner_text("isthmus-compare summary")

    def test_a_gap_is_hatched_with_its_reason(self, desk, plant):
        page = desk.open(
            f"/explore?pens={SPEED}&range={round(plant['now'] - 24 * HOUR)}-{plant['now']:.0f}"
        )
        page.wait_for_function(DRAWN)
        held = page.evaluate(
            "() => document.querySelector('isthmus-trend').pens[0].columns.quality"
        )
        assert all(one["code"] >= 0x40000000 for one in held)

    def test_a_healthy_page_has_no_strong_colour(self, desk, past):
        from tests.web.looks import CHARTS, CUT, MUTE, WIDE, coloured, pixels

        page = opened(desk, past, f"{SPEED},{STATE}", compare=HOUR)
        page.wait_for_timeout(400)
        assert coloured(pixels(page))[:3] == []
        for look in (CHARTS, CUT, MUTE, WIDE):
            assert page.evaluate(look) == []

    @pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)])
    def test_menus_fit_the_window(self, visit, past, size):
        window = visit(size=size)
        page = opened(window, past)
        for name in ("isthmus-export", "isthmus-compare"):
            page.locator(f"{name} summary").click()
            box = page.locator(f"{name} .panel").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= size[0] + 0.5
            page.keyboard.press("Escape")
            page.wait_for_function(f"() => !document.querySelector('{name} details').open")


class TestView:
    def test_a_link_is_the_view(self, desk, visit, past):
        page = opened(desk, past, f"{SPEED},{COUNT}", compare=HOUR, scale="a:0:150")
        x, y, _ = over(page)
        page.mouse.click(x - 100, y)
        page.wait_for_timeout(400)
        page.mouse.click(x + 100, y)
        page.wait_for_function("() => /cursors=\\d+-\\d+/.test(location.search)")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.click("text=Copy link")
        page.wait_for_selector("text=copied")
        link = page.evaluate("navigator.clipboard.readText()")
        there = visit().open(link.removeprefix(desk.demo.url))
        there.wait_for_function(DRAWN)
        assert there.evaluate(SHOWN) == page.evaluate(SHOWN)
        assert parse_qs(urlsplit(there.url).query)["compare"] == [str(HOUR)]

    def test_a_fixed_axis_stands_in_the_address(self, desk, past):
        page = opened(desk, past)
        page.locator("isthmus-cursor-table details.scale summary").click()
        low, high = page.locator("isthmus-cursor-table .scale input").all()
        low.fill("0")
        high.fill("200")
        page.click("isthmus-cursor-table >> text=fix")
        page.wait_for_function("() => /scale=a:0:200/.test(location.search)")
        assert page.evaluate("() => document.querySelector('isthmus-trend').pens[0].scale") == [
            0,
            200,
        ]


class TestNumbers:
    def test_statistics_equal_those_of_the_samples(self, desk, client, past, tag):
        page = opened(desk, past, f"{UNIT}/power,{STATE},{COUNT}")
        page.wait_for_selector("tbody tr:nth-child(3)")
        query = {"tags": f"{UNIT}/power", "from": past[0], "to": past[1]}
        rows = pl.read_csv(io.BytesIO(client.get("/api/export", params=query).content))
        times = (
            rows["time"].str.to_datetime(time_zone="UTC").dt.epoch("ms").to_numpy().astype(float)
        )
        value = rows["value"].to_numpy()
        mean = (value * np.diff(np.append(times, past[1]))).sum() / (past[1] - times[0])
        cells = page.locator("tbody tr").first.locator("td.num").all_inner_texts()
        assert float(cells[3]) == pytest.approx(value.min(), abs=0.06)
        assert float(cells[4]) == pytest.approx(mean, abs=0.06)
        assert float(cells[5]) == pytest.approx(value.max(), abs=0.06)
        found = {
            one["tag"]: one
            for one in client.get(
                "/api/statistics", params={**query, "tags": f"{STATE},{COUNT}"}
            ).json()
        }
        states = found[tag[STATE]]["states"]
        assert sum(one["seconds"] for one in states) == pytest.approx((past[1] - past[0]) / 1e3)
        assert states[0]["state"] in page.locator("tbody tr").nth(1).inner_text()
        assert found[tag[COUNT]]["growth"] > 100

    def test_the_table_is_copied_as_text(self, desk, past):
        page = opened(desk, past)
        page.wait_for_selector("tbody tr td.num")
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.click("text=copy table")
        page.wait_for_selector("isthmus-card.between >> text=copied")
        head, row = page.evaluate("navigator.clipboard.readText()").split("\n")
        assert len(head.split("\t")) == len(row.split("\t")) == 14
        assert row.split("\t")[0] == SPEED


class TestFiles:
    @pytest.mark.parametrize("kind", ["xlsx", "parquet", "csv"])
    def test_the_page_gives_files_that_others_open(self, desk, past, kind, tmp_path):
        page = opened(desk, past, f"{SPEED},{STATE}")
        page.click("isthmus-export summary")
        title = {"xlsx": "Excel", "parquet": "Parquet", "csv": "CSV"}[kind]
        page.locator(f"isthmus-export label:has-text('{title}')").click()
        page.select_option("#export-every", "1 min")
        with page.expect_download() as waiting:
            page.click("isthmus-export >> text=Download 2 tags")
        file = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(file)
        assert re.fullmatch(rf"riverside-[\d-]+\.{kind}", file.name)
        if kind == "xlsx":
            book = openpyxl.load_workbook(file)
            heads, *rows = book["data"].iter_rows(values_only=True)
            assert heads == ("time", SPEED, STATE)
            assert book["data"]["A2"].is_date
            assert {type(row[1]) for row in rows} <= {float, int}
            assert all(isinstance(row[2], str) for row in rows)
        else:
            found = (pl.read_csv if kind == "csv" else pl.read_parquet)(file)
            assert found.columns == ["time", SPEED, STATE]
            rows = found.rows()
        assert 90 <= len(rows) <= 92

    def test_the_picture_is_a_png_of_its_size(self, desk, past, tmp_path):
        page = opened(desk, past)
        page.click("isthmus-export summary")
        with page.expect_download() as waiting:
            page.click("isthmus-export >> text=Picture")
        file = tmp_path / "picture.png"
        waiting.value.save_as(file)
        data = file.read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        width = int.from_bytes(data[16:20], "big")
        assert width == page.evaluate("() => document.querySelector('isthmus-trend').clientWidth")

    def test_too_much_is_refused_in_words(self, client, past, plant):
        start = plant["now"] - 365 * 24 * HOUR
        query = {"tags": SPEED, "from": start, "to": plant["now"], "every": "1 s", "format": "xlsx"}
        answer = client.get("/api/export", params=query)
        assert answer.status_code == 422
        assert "one row a stretch with `every`" in answer.json()["hint"]
        wrong = client.get("/api/export", params={**query, "every": "5 apples"})
        assert "no length" in wrong.json()["error"]

    def test_scheduled_exports_are_told(self, client):
        (told,) = client.get("/api/exports").json()
        assert told["name"] == "line1-hourly"
        assert told["error"] == ""


STRIP_UNDER = """() => {
  const canvas = document.querySelector('isthmus-trend canvas');
  const box = document.querySelector('isthmus-trend .u-over').getBoundingClientRect();
  const own = canvas.getBoundingClientRect();
  const scale = canvas.width / own.width;
  const top = Math.round((box.bottom - own.top) * scale) + 2;
  const left = Math.round((box.left - own.left) * scale);
  const row = canvas.getContext('2d').getImageData(left, top, Math.round(box.width * scale), 1);
  const seen = [];
  for (let x = 0; x < row.width; x += 1) if (row.data[4 * x + 3] > 200) seen.push(x / row.width);
  return seen;
}"""


@pytest.fixture(scope="module")
def late(demo, past):
    """When samples came late: from a third of the past to its half; through the site's stream."""
    start, end = past
    span = [round(start + (end - start) * part) * 10**6 + 7 for part in (1 / 3, 0.4, 1 / 2)]
    samples = Batch.of(np.zeros(3, np.int32), np.array(span, np.int64), np.full(3, 2.4))
    with demo.client() as asking:
        wish = {"id": "late-ones", "source": "late.csv"}
        asking.post("/api/imports", json=wish).raise_for_status()
        data = pack(samples, [PRESSURE])
        kind = {"content-type": "application/vnd.apache.arrow.stream"}
        asking.post(
            "/api/imports/late-ones/parts?part=0", content=data, headers=kind
        ).raise_for_status()
        asking.post("/api/imports/late-ones/end", json={}).raise_for_status()
        eventually(lambda: asking.get("/api/links").json()["late"] >= 3)
    return span[0] / 1e6, span[-1] / 1e6


class TestTogether:
    def test_the_page_lists_what_the_answer_has_and_adds_a_pen(self, desk, past, client):
        page = opened(desk, past, pens=f"{SPEED},{PRESSURE},{STATE},{COUNT}", when="always")
        page.wait_for_selector(".company")
        query = {"tag": PRESSURE, "from": past[0], "to": past[1], "when": "always"}
        heads = page.locator(".together [role=group] button").all_inner_texts()
        assert heads == ["A", "B"], "states and counters have no correlation"
        with page.expect_response(re.compile("/api/together")):
            page.locator(".together [role=group] button", has_text="B").click()
        page.wait_for_function(
            "() => /with B/.test(document.querySelector('.together h2').innerText)"
        )
        page.wait_for_timeout(300)
        rows = client.get("/api/together", params=query).json()["rows"]
        names = {each["id"]: each["path"] for each in client.get("/api/plant").json()["tags"]}
        want = [(names[row["tag"]], f"{row['rho']:.2f}".replace("-", MINUS)) for row in rows]
        shown = page.locator(".company").evaluate_all(
            "all => all.map((row) => [row.querySelector('.tag').title,"
            " row.querySelector('.num').innerText])"
        )
        assert [tuple(row) for row in shown] == want
        assert want, "a filler's pressure moves with many when stops count"
        new = next(path for path, _ in want if path not in (SPEED, PRESSURE))
        page.get_by_label(f"Add {new} as a pen").click()
        pens = eventually(lambda: [pen[1] for pen in page.evaluate(SHOWN)[3] if pen[1] == new])
        assert pens == [new]

    def test_a_state_has_no_company_and_says_so(self, desk, past, client):
        page = desk.open(f"/explore?pens={STATE}&range={past[0]}-{past[1]}")
        assert "No measured value is shown" in page.locator(".together").inner_text()
        query = {"tag": STATE, "from": past[0], "to": past[1]}
        refused = client.get("/api/together", params=query)
        assert refused.status_code == 422
        assert "no measured number" in refused.json()["error"]

    def test_a_time_without_data_says_that_too_little_is_known(self, desk):
        page = desk.open(f"/explore?pens={SPEED}&range=1000000000000-1000003600000")
        page.wait_for_selector(".together .blank")
        assert "Too little is known" in page.locator(".together").inner_text()


class TestFavourites:
    def test_f_keeps_a_tag_at_the_top_also_after_a_reload(self, visit, past):
        desk = visit()
        page = opened(desk, past)
        page.locator(f'li[data-key="{PRESSURE}"]').focus()
        page.keyboard.press("f")
        first = page.locator("isthmus-tree li")
        assert first.first.inner_text().split() == ["▾", "Favourites", "1"]
        page.reload()
        desk.ready()
        assert first.nth(1).get_attribute("data-key") == f"favourites/{PRESSURE}"
        first.nth(1).click()
        assert eventually(lambda: [p[1] for p in page.evaluate(SHOWN)[3]]) == [SPEED, PRESSURE]
        first.nth(1).locator(".star").click()
        assert "Favourites" not in page.locator("isthmus-tree").inner_text()
        assert [pen[1] for pen in page.evaluate(SHOWN)[3]] == [SPEED, PRESSURE]
        assert desk.wrong == []


def kept(page):
    """The saved views of this browser, the names in the order that the panel has them."""
    found = json.loads(page.evaluate("localStorage.getItem('isthmus-views')") or "[]")
    return {one["name"]: one["query"] for one in found}


def save(page, name):
    """Keep what is shown as `name`; what the button said that it would do."""
    page.click("isthmus-views summary")
    page.fill("#view-name", name)
    said = page.inner_text("isthmus-views form button")
    page.keyboard.press("Enter")
    return said


def marked(page):
    """The names in the bar that are marked as the one that is shown."""
    return page.locator("isthmus-views a.in-bar[aria-current=true]").all_inner_texts()


class TestSavedViews:
    def test_a_view_opens_the_picture_that_was_saved(self, visit, past):
        desk = visit()
        page = opened(
            desk, past, f"{SPEED},{COUNT}", cursors=f"{past[0] + 60_000}-{past[1]}", compare=HOUR
        )
        assert save(page, " bearing  review ") == "Save"
        assert not page.locator("isthmus-views details").get_attribute("open")
        assert marked(page) == ["bearing review"]
        shown = page.evaluate(SHOWN)
        page.click("isthmus-range >> text=1 h")
        page.wait_for_function("() => location.search.includes('range=1h')")
        assert marked(page) == []
        page.reload()
        desk.ready()
        page.click("isthmus-views >> text=bearing review")
        page.wait_for_function("() => document.querySelector('a.in-bar[aria-current=true]')")
        assert page.evaluate(SHOWN) == shown
        assert parse_qs(urlsplit(page.url).query)["compare"] == [str(HOUR)]
        assert desk.wrong == []

    def test_the_same_name_replaces_the_same_picture_renames(self, visit, past):
        page = opened(visit(), past)
        save(page, "one")
        assert save(page, "two") == "Rename \u201cone\u201d"
        assert list(kept(page)) == ["two"]
        page.click("isthmus-range >> text=1 h")
        assert save(page, "Two") == "Replace \u201ctwo\u201d"
        assert kept(page) == {"Two": f"pens={SPEED}&range=1h"}

    def test_one_is_removed_by_keys_and_comes_back(self, visit, past):
        desk = visit()
        page = opened(desk, past)
        save(page, "first")
        page.click("isthmus-range >> text=1 h")
        save(page, "second")
        page.locator("isthmus-views summary").focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.activeElement.id === 'view-name'")
        for _ in range(2):  # the link, its remover; Save is off without a name
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector("isthmus-views .undo")
        assert list(kept(page)) == ["second"]
        page.keyboard.press("Enter")
        eventually(lambda: list(kept(page)) == ["first", "second"])
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.localName") == "summary"
        other = page.context.new_page()  # another window of the same browser
        other.goto(page.url)
        other.wait_for_selector("a.in-bar >> text=first")
        other.close()

    def test_they_are_so_many_and_it_says_so(self, visit, past):
        page = opened(visit(), past)
        full = json.dumps([{"name": f"v{n}", "query": f"pens={n}"} for n in range(20)])
        page.evaluate("text => localStorage.setItem('isthmus-views', text)", full)
        page.reload()
        page.wait_for_selector("a.in-bar")
        save(page, "one more")
        assert "There are 20 views" in page.inner_text("isthmus-views [role=alert]")
        assert len(kept(page)) == 20
        assert "one more" not in kept(page)

    def test_a_browser_that_keeps_nothing_says_so(self, visit, past):
        page = opened(visit(), past)
        page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
        save(page, "lost")
        assert "keeps nothing" in page.inner_text("isthmus-views [role=alert]")
        assert page.input_value("#view-name") == "lost"

    def test_a_view_says_which_of_its_tags_are_gone(self, visit, past):
        desk = visit()
        page = opened(desk, past)
        old = [{"name": "old", "query": f"pens={UNIT}/gone,{SPEED}&range=1h"}]
        page.evaluate("text => localStorage.setItem('isthmus-views', text)", json.dumps(old))
        page.reload()
        desk.ready()
        page.click("isthmus-views summary")
        assert "1 tag is gone" in page.inner_text("isthmus-views li")
        page.click("isthmus-views li a")
        page.wait_for_selector(f".notice >> text={UNIT}/gone")
        assert [pen[1] for pen in page.evaluate(SHOWN)[3]] == [SPEED]
        assert marked(page) == ["old"]
        page.click(".notice >> text=leave out")
        page.wait_for_function("() => !document.querySelector('.notice')")
        assert parse_qs(urlsplit(page.url).query)["pens"] == [SPEED]
        page = desk.open(f"/explore?pens={UNIT}/gone&range=order")
        blank = page.inner_text("isthmus-card.picture .blank")
        assert blank.startswith(f"Not in this plant, or no longer: {UNIT}/gone")
        assert page.locator(".notice").count() == 0

    @pytest.mark.parametrize("size", [(1024, 768), (390, 844)])
    def test_a_narrow_window_has_them_behind_a_menu(self, visit, past, size):
        from tests.web.looks import WIDE

        page = opened(visit(size=size), past)
        save(page, "bearing review")
        assert not page.locator("a.in-bar").is_visible()
        assert page.inner_text("isthmus-views summary") == "views"
        page.click("isthmus-views summary")
        box = page.locator("isthmus-views .panel").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert page.locator("isthmus-views li a").is_visible()
        assert page.evaluate(WIDE) == []


class TestOrder:
    ORDER = "isthmus-range button:text-is('order')"

    def test_the_range_begins_with_the_order_that_runs(self, desk, client, visit):
        (running,) = [
            one for one in client.get("/api/overview").json()["orders"] if one["state"] == "running"
        ]
        page = desk.open(f"/explore?pens={SPEED}")
        page.click(self.ORDER)
        page.wait_for_function("() => /range=order/.test(location.search)")
        assert running["order"] in page.get_attribute(self.ORDER, "title")
        start, end = page.evaluate(SPAN)
        now = client.get("/api/plant").json()["now"]
        assert start == running["start"]
        assert end == pytest.approx(now, abs=10_000)
        there = visit().open(urlsplit(page.url)._replace(scheme="", netloc="").geturl())
        there.wait_for_function(f"() => document.querySelector('isthmus-trend').from === {start}")
        assert there.locator(".notice").count() == 0

    def test_where_none_runs_the_button_is_off_and_the_page_says_why(self, visit):
        window = visit()

        def idle(route):
            told = route.fetch().json()
            told["orders"] = [{**one, "state": "next"} for one in told["orders"][:1]]
            route.fulfill(json=told)

        window.page.route("**/api/overview*", idle)
        page = window.open(f"/explore?pens={SPEED}&range=order")
        page.wait_for_selector(".notice >> text=The last 8 h are shown: no order runs now")
        assert page.locator(self.ORDER).is_disabled()
        assert "is the next" in page.get_attribute(self.ORDER, "title")
        start, end = page.evaluate(SPAN)
        assert end - start == 8 * HOUR
        page.click("isthmus-range >> text=shift")
        page.keyboard.press("]")
        page.wait_for_function("() => /range=24h/.test(location.search)")


TIMES = {1: "once", 2: "twice"}


def stops_told(ribbon, start):
    """How often the intervals of a ribbon go from anything known into a stop after `start`."""
    looks = [one["look"] for one in ribbon["intervals"] if one["end"] > start]
    into = [after for before, after in pairwise(looks) if before not in ("stop", "unknown")]
    return into.count("stop")


class TestStops:
    UNITS = ("filler", "capper")

    def heading(self, page):
        page.wait_for_function(
            "() => /(stopped|once|twice|times) .*inside;/"
            ".test(document.querySelector('.between .sub').innerText)"
        )
        return page.inner_text(".between .sub")

    def told(self, client, start, end):
        found = {}
        for unit in self.UNITS:
            place = f"packaging/line1/{unit}"
            query = {"path": place, "from": start, "to": end}
            (ribbon,) = client.get("/api/states", params=query).json()
            assert ribbon["stops"] == stops_told(ribbon, start)
            found[unit] = ribbon["stops"], ribbon["known"]
        return found

    def words(self, told):
        parts = [
            ("" if known else "at least ") + TIMES.get(stops, f"{stops} times")
            for stops, known in told.values()
            if stops
        ]
        names = [unit for unit, (stops, _) in told.items() if stops]
        told = [f"{name} {often}" for name, often in zip(names, parts, strict=True)]
        return ", ".join(told).replace(" ", " stopped ", 1) + " inside"

    def test_the_heading_tells_how_often_the_units_of_the_pens_stopped(self, desk, client, plant):
        start, end = round(plant["now"] - 5.5 * HOUR), round(plant["now"] - HOUR / 2)
        pens = f"{SPEED},{PRESSURE},packaging/line1/capper/speed"
        told = self.told(client, start, end)
        assert any(stops for stops, _ in told.values()), "machines stop in five hours"
        page = opened(desk, (start, end), pens)
        assert self.words(told) in self.heading(page)

    def test_between_the_cursors_only_those_inside_count(self, desk, client, plant):
        start, end = round(plant["now"] - 5.5 * HOUR), round(plant["now"] - HOUR / 2)
        query = {"path": UNIT, "from": start, "to": end}
        (ribbon,) = client.get("/api/states", params=query).json()
        stop = next(one for one in ribbon["intervals"][1:] if one["look"] == "stop")
        cursors = f"{stop['start'] - 3_000:.0f}-{stop['start'] + 3_000:.0f}"
        page = opened(desk, (start, end), cursors=cursors)
        assert self.heading(page).startswith("6 s, filler stopped once inside;")
        inside = f"{stop['start'] + 500:.0f}-{stop['start'] + 2_500:.0f}"
        page = opened(desk, (start, end), cursors=inside)
        page.wait_for_selector(".between .sub >> text=2 s")
        page.wait_for_timeout(500)
        assert "stopped" not in page.inner_text(".between .sub"), "it began to stop before"


class TestTree:
    def rows(self, page):
        return page.locator("isthmus-tree li")

    def test_enterprise_and_site_stand_above_the_areas(self, visit, past, plant):
        page = opened(visit(), past)
        rows = self.rows(page)
        areas = [area["name"] for area in plant["areas"]]
        levels = rows.evaluate_all(
            "all => all.map((row) => [+row.ariaLevel, row.querySelector('.grow').innerText])"
        )
        assert levels[:2] == [[1, plant["enterprise"]], [2, plant["site"]]]
        assert [name for level, name in levels if level == 3] == areas
        shown = page.locator(f'li[data-key="{PRESSURE}"]')
        assert shown.get_attribute("aria-level") == str(2 + len(PRESSURE.split("/")))
        assert shown.locator(".grow").get_attribute("title") == PRESSURE

    def test_a_root_folds_all_below_and_a_filter_leaves_it_where_something_fits(self, visit, past):
        page = opened(visit(), past)
        rows = self.rows(page)
        rows.first.focus()
        page.keyboard.press("ArrowLeft")
        assert eventually(lambda: rows.count() == 1)
        page.keyboard.press("ArrowRight")
        assert eventually(lambda: rows.count() > 20)
        page.fill("#filter", "*/filler/bowl_pressure")
        assert eventually(lambda: rows.count() == 6)
        assert rows.last.get_attribute("data-key") == PRESSURE
        page.fill("#filter", "acme")
        page.wait_for_selector("isthmus-tree .blank")


class TestLateSamples:
    def test_history_tells_when_they_came_in_both_forms(self, client, past, late):
        query = {"tags": f"{PRESSURE},{SPEED}", "from": past[0], "to": past[1]}
        told, none = client.get("/api/history", params=query).json()["pens"]
        assert [(one["start"], one["end"], one["samples"]) for one in told["late"]] == [(*late, 3)]
        assert none["late"] == []
        columns = {"accept": "application/vnd.isthmus.columns"}
        body = client.get("/api/history", params=query, headers=columns).content
        size = int.from_bytes(body[:4], "little")
        assert json.loads(body[4 : 4 + size])["pens"][0]["late"] == told["late"]

    def test_an_event_keeps_it(self, client, late):
        query = "select path, text, data from events where kind = 'late' and path = 'import'"
        rows = eventually(lambda: client.get("/api/sql", params={"q": query}).json())
        assert any(abs(json.loads(row["data"])["first"] / 1e6 - late[0]) < 1 for row in rows)

    def test_a_bar_under_the_axis_shows_where(self, desk, past, late):
        page = opened(desk, past, pens=PRESSURE)
        page.wait_for_timeout(200)
        seen = page.evaluate(STRIP_UNDER)
        assert seen, "nothing under the axis"
        assert min(seen) == pytest.approx(1 / 3, abs=0.01)
        assert max(seen) == pytest.approx(1 / 2, abs=0.01)
        clean = opened(desk, past, pens=COUNT)
        clean.wait_for_timeout(200)
        assert not clean.evaluate(STRIP_UNDER)

    def test_connections_tell_how_many(self, desk, late):
        page = desk.open("/connections")
        page.wait_for_function(
            "() => /start [1-9][\\d,]* late, \\d+ corrected/.test(document.body.innerText)"
        )


def test_periods_name_shifts_orders_and_days(client, plant):
    query = {"from": plant["now"] - 6 * HOUR, "to": plant["now"]}
    for kind in ("shift", "order", "day"):
        found = client.get("/api/periods", params={**query, "kind": kind}).json()
        assert found, kind
        for one in found:
            assert one["start"] < one["end"]
            assert one["end"] > query["from"]
    assert client.get("/api/periods", params={**query, "kind": "moon"}).status_code == 422


def test_nothing_went_wrong_on_the_way(desk):
    assert desk.wrong == []
