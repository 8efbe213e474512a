"""How long the scorecard takes: its answer, and its page until the goals are drawn.

`answer_p95_ms` is of `/api/scorecard` over the loopback, `page_p50_ms` and `page_p95_ms` are from
the beginning of a navigation in Chromium to the frame in which the last goal stands. The
demonstration has a day of history, and its values are computed before the clock runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Report, arguments
from isthmus.client.remote import Remote
from isthmus.model.errors import IsthmusError

DRAWN = """() => new Promise((done, fail) => {
  const look = () => {
    const goals = document.querySelector("isthmus-scorecard");
    if (goals && goals.goals && goals.goals.length && goals.querySelector("tbody tr"))
      requestAnimationFrame(() => done(performance.now()));
    else if (performance.now() > 60000)
      fail(new Error("no goal is drawn: is the UI built? (cd ui && npm run build)"));
    else requestAnimationFrame(look);
  };
  look();
})"""


def ready(folder: Path) -> Remote:
    """The demonstration, once the first figures of its scorecard are known."""
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            site = Remote.of(folder)
            goals = site.get("/api/scorecard")["goals"]
            if next(one for one in goals if one["name"] == "oee")["value"] is not None:
                return site
        except IsthmusError:
            pass
        time.sleep(0.5)
    raise SystemExit("the demonstration tells no OEE")


def answers(site: Remote, count: int) -> list[float]:
    """Milliseconds of so many answers, in order of length."""
    found = []
    for _ in range(count):
        began = time.perf_counter()
        site.get("/api/scorecard")
        found.append((time.perf_counter() - began) * 1e3)
    return sorted(found)


def pages(site: Remote, count: int) -> list[float]:
    """Milliseconds from a navigation to the drawn goals, in order of length; the first is warm."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - optional

    system = Path("/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(system) if system.exists() else None, args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(json.loads(site.fetch("/api/sign-in-links", method="POST"))["link"])
        found = []
        for _ in range(count + 1):
            page.goto(f"{site.url}/scorecard", wait_until="commit")
            found.append(float(page.evaluate(DRAWN)))
        browser.close()
    return sorted(found[1:])


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "")
    report = Report("scorecard", packages=("playwright", "uvicorn"))
    count = 20 if options.quick else 100
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "isthmus", "demo", "--folder", folder, "--port", "0"]
        demo = subprocess.Popen(
            [*command, "--back-fill", "24"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            site = ready(Path(folder) / "site")
            told, drawn = answers(site, count), pages(site, count)
        finally:
            demo.terminate()
            demo.wait(60)
    report.add("answer_p95_ms", round(told[int(count * 0.95)], 1))
    report.add("page_p50_ms", round(drawn[count // 2], 1))
    report.add("page_p95_ms", round(drawn[int(count * 0.95)], 1))
    report.show(options)


if __name__ == "__main__":
    main()
