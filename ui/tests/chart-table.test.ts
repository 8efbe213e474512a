import { describe, expect, it } from "vitest";
import { clock } from "../src/app/clock";
import { chartTable } from "../src/draw/chart-table";

const HOUR = 3_600_000;
const SIX = Date.UTC(2026, 10, 3, 6);
const drawn = { x: [] as (number | null)[], lines: [], bands: [], points: [], time: false, digits: 1 };

describe("the table of a chart", () => {
  it("tells points and bands beside the line, with the day of each hour", () => {
    clock.setZone("UTC");
    const x = [SIX, SIX + 24 * HOUR, SIX + 25 * HOUR];
    const { heads, rows } = chartTable({
      ...drawn, x, time: true, digits: 2, lines: [{ name: "baseline", y: [1, 2, null] }],
      bands: [{ name: "95 %", low: [0.5, null, null], high: [1.5, null, null] }], points: [{ name: "measured", x, y: [1.25, 2.5, null] }],
    });
    expect(heads).toEqual(["at", "baseline", "95 %", "measured"]);
    expect(rows).toEqual([["3 Nov 06:00", "1.00", "0.50 to 1.50", "1.25"], ["4 Nov 06:00", "2.00", "—", "2.50"]]);
  });
  it("tells points of their own x in its order, and the tip of a line", () => {
    const { rows } = chartTable({ ...drawn, x: [0, 10], lines: [{ name: "fit", y: [1, 2], tip: [12, 3] }], points: [{ name: "now", x: [5, 4], y: [7, 6], low: [6, 5], high: [8, 7] }] });
    expect(rows).toEqual([["0.00", "1.0", "—"], ["4.00", "—", "6.0, 5.0 to 7.0"], ["5.00", "—", "7.0, 6.0 to 8.0"], ["10.00", "2.0", "—"], ["12.00", "3.0", "—"]]);
  });
  it("is short where there is much, with the last", () => {
    const x = Array.from({ length: 100 }, (_, at) => at);
    const { rows } = chartTable({ ...drawn, x, lines: [{ name: "one", y: x }] });
    expect([rows.length, rows.at(-1)]).toEqual([12, ["99.00", "99.0"]]);
    expect(chartTable({ ...drawn, x: [1], lines: [{ name: "one", y: [null] }] }).rows).toEqual([]);
  });
});
