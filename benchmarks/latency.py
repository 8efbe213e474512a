"""From a change in a device to pixels in a browser, every part real.

An OPC UA server and a Modbus device change 8 tags each, every tag at random moments 0.8 s apart on
average; a site runs as `isthmus run` runs it; headless Chromium shows the asset's page. A value is
the moment of its change, so the page itself knows how old what it shows is. Figures in ms:
`p50_ms`, `p95_ms` from the change to the end of the first frame that shows it, over both
protocols; `event_` to the arrival of the live event in the page; `opcua_` (published every 50 ms)
and `modbus_` (polled every 50 ms) apart; `shown_percent` of the told values that were drawn.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machines import TURN, machine
from benchmarks.report import Report, arguments
from benchmarks.running import Site, site

TAGS, EVERY = 8, 0.8
PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment:
  hall:
    line1:
      units:
        press: {{tags: {{{press}}}}}
        meter: {{tags: {{{meter}}}}}
connections:
  press-plc:
    kind: opcua
    url: opc.tcp://127.0.0.1:{opcua}
    security: none
    publish: 50 ms
    tags: {{{nodes}}}
  meters:
    kind: modbus
    host: 127.0.0.1
    port: {modbus}
    every: 50 ms
    tags: {{{registers}}}
"""

# Hooks put in before the page's own script runs: when each live event arrived, and when the frame
# ended that first drew its value. A drawn value is found by its text, in any shadow root.
HOOKS = """
(() => {
  const seen = (window.benchSeen = new Map());
  const now = () => performance.timeOrigin + performance.now();
  const listen = EventSource.prototype.addEventListener;
  EventSource.prototype.addEventListener = function (name, listener) {
    if (name === "values") listen.call(this, name, (event) => {
      const at = now(), told = JSON.parse(event.data);
      told.value.forEach((value, row) => {
        if (value !== null && !seen.has(value))
          seen.set(value, { tag: told.tag[row], event: at, drawn: null });
      });
    });
    return listen.call(this, name, listener);
  };
  const look = (node) => {
    const text = (node.textContent ?? "").trim();
    if (!/^[0-9,]{1,10}$/.test(text)) return;
    const found = seen.get(Number(text.replaceAll(",", "")));
    if (!found || found.drawn !== null) return;
    found.drawn = -1;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();  // its message comes after the frame is painted
      channel.port1.onmessage = () => { found.drawn = now(); };
      channel.port2.postMessage(0);
    });
  };
  const observe = (root) => new MutationObserver((records) => {
    for (const record of records) {
      look(record.target);
      for (const node of record.addedNodes) look(node);
    }
  }).observe(root, { subtree: true, childList: true, characterData: true });
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    observe(root);
    return root;
  };
  observe(document);
})();
"""


def plant(opcua: int, modbus: int) -> str:
    """The plant file."""
    names = [f"v{tag}" for tag in range(TAGS)]
    shape = "{range: [0, 10000000]}"
    tags = ", ".join(f"{name}: {shape}" for name in names)
    return PLANT.format(
        press=tags,
        meter=tags,
        opcua=opcua,
        modbus=modbus,
        nodes=", ".join(
            f'hall/line1/press/{name}: "ns=2;s=Tag{tag}"' for tag, name in enumerate(names)
        ),
        registers=", ".join(
            f"hall/line1/meter/{name}: {{holding: {2 * tag}, as: uint32}}"
            for tag, name in enumerate(names)
        ),
    )


def watch(running: Site, seconds: float) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """What a page of each unit saw in `seconds`, by unit, and the browser's version."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - optional

    found: dict[str, list[dict[str, Any]]] = {}
    system = Path("/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(system) if system.exists() else None, args=["--no-sandbox"]
        )
        try:
            context = browser.new_context(viewport={"width": 1400, "height": 1000})
            context.add_init_script(HOOKS)
            page = context.new_page()
            made = json.loads(running.remote.fetch("/api/sign-in-links", method="POST"))
            page.goto(made["link"])
            for unit in ("press", "meter"):
                page.goto(f"{running.remote.url}/asset/hall/line1/{unit}")
                for _ in range(300):
                    if page.evaluate("window.benchSeen.size") > 3 * TAGS:
                        break
                    page.wait_for_timeout(100)
                page.evaluate("window.benchSeen.clear()")
                page.wait_for_timeout(seconds * 1_000)
                # what came last may not have been drawn yet
                page.wait_for_timeout(300)
                rows = page.evaluate("[...window.benchSeen].map(([value, s]) => ({value, ...s}))")
                newest = max(row["event"] for row in rows)
                found[unit] = [row for row in rows if row["event"] < newest - 250]
            return found, browser.version
        finally:
            browser.close()


def ages(rows: list[dict[str, Any]], key: str) -> list[float]:
    """Milliseconds from the change to `key`, where it happened."""
    return [(row[key] - row["value"]) % TURN for row in rows if (row[key] or 0) > 0]


def main() -> None:
    options = arguments(__doc__ or "")
    report = Report("latency", packages=("asyncua", "playwright", "uvicorn"))
    with (
        tempfile.TemporaryDirectory() as folder,
        machine("opcua", TAGS, EVERY, scattered=True) as server,
        machine("modbus", TAGS, EVERY, scattered=True) as device,
        site(Path(folder), plant(server.port, device.port)) as running,
    ):
        found, version = watch(running, 8.0 if options.quick else 60.0)
    everything = [row for rows in found.values() for row in rows]
    for prefix, rows in (
        ("", everything),
        ("opcua_", found["press"]),
        ("modbus_", found["meter"]),
    ):
        for kind, key in (("", "drawn"), ("event_", "event")):
            known = ages(rows, key)
            for percent in (50, 95):
                name = f"{prefix}{kind}p{percent}_ms"
                report.add(name, round(float(np.percentile(known, percent)), 1))
    drawn = len(ages(everything, "drawn"))
    report.add("changes", len(everything))
    report.add("shown_percent", round(100 * drawn / len(everything), 1))
    report.note(f"Chromium {version}; OPC UA published, Modbus polled every 50 ms")
    report.show(options)


if __name__ == "__main__":
    main()
