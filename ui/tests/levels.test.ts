import { beforeAll, describe, expect, it } from "vitest";
import { type PenColumns, moved, untilGaps, within } from "../src/api/columns";
import { Pieces } from "../src/api/levels";
import { clock } from "../src/app/clock";
import { daysBefore } from "../src/app/range";
import { timeAxis } from "../src/draw/time";
import { parseScales, scaleText } from "../src/pages/explore-address";

const NOW = Date.UTC(2026, 10, 10, 10, 42, 18);
const HOUR = 3_600_000;

function pen(time: number[], raw = false): PenColumns {
  const column = Float64Array.from(time);
  return { tag: 1, raw, samples: time.length, good_percent: 100, last: null, quality: [], late: [], end: 0, time: column, min: column, max: column, mean: column };
}

beforeAll(() => {
  clock.set(NOW, 0);
  clock.setZone("Europe/Berlin");
});

describe("pieces of a trend", () => {
  const view = (from: number, to: number, live = false) => ({ tags: [1], from, to, points: 100, live });
  const day = { start: NOW - 24 * HOUR, end: NOW, pens: [pen([NOW - 24 * HOUR])] };
  const hour = { start: NOW - 10 * HOUR, end: NOW - 9 * HOUR, pens: [pen([NOW - 10 * HOUR])] };

  it("are drawn stretched until a finer one is there", () => {
    const pieces = new Pieces();
    pieces.add(day, 100);
    const [from, to] = [NOW - 10 * HOUR, NOW - 9 * HOUR];
    expect(pieces.best(1, from, to)?.columns.time[0]).toBe(NOW - 24 * HOUR);
    expect(pieces.fits(1, view(from, to))).toBe(false);
    pieces.add(hour, 100);
    expect(pieces.best(1, from, to)?.columns.time[0]).toBe(NOW - 10 * HOUR);
    expect(pieces.fits(1, view(from, to))).toBe(true);
  });
  it("prefer what covers the view over what is fine", () => {
    const pieces = new Pieces();
    pieces.add(hour, 100);
    pieces.add(day, 100);
    expect(pieces.best(1, NOW - 12 * HOUR, NOW - 8 * HOUR)?.columns.time[0]).toBe(NOW - 24 * HOUR);
  });
  it("with every sample are enough for any zoom", () => {
    const pieces = new Pieces();
    pieces.add({ ...day, pens: [pen([NOW - HOUR], true)] }, 100);
    expect(pieces.fits(1, view(NOW - HOUR, NOW - HOUR + 1000))).toBe(true);
  });
  it("know nothing of what came after they were asked for", () => {
    const pieces = new Pieces();
    pieces.add({ ...day, end: NOW + HOUR }, 100);
    expect(pieces.best(1, NOW - HOUR, NOW)?.to).toBe(NOW);
    expect(pieces.fits(1, view(NOW - 20 * HOUR, NOW + 1, true))).toBe(false);
  });
  it("are kept in a bounded number", () => {
    const pieces = new Pieces();
    for (let at = 0; at < 100; at += 1) pieces.add({ start: at * 1000, end: at * 1000 + 900, pens: [pen([at])] }, 100);
    expect(pieces.best(1, 0, 900)).toBeUndefined();
    expect(pieces.best(1, 99_000, 99_900)?.columns.time[0]).toBe(99);
  });
});

describe("the rows within a range", () => {
  it("begin with the one that holds at its start", () => expect([...within(pen([1, 2, 3, 4]), 2.5, 3.5).time]).toEqual([2, 3]));
  it("are none of before where all are after", () => expect([...within(pen([5, 6]), 1, 4).time]).toEqual([]));
  it("hold on where all are before", () => expect([...within(pen([1, 2]), 5, 6).time]).toEqual([2]));
  it("lie over another range, quality too", () => {
    const found = moved({ ...pen([1, 2]), quality: [{ start: 1, end: 2, code: 0x80310000 }] }, 10);
    expect([[...found.time], found.quality[0]?.end]).toEqual([[11, 12], 12]);
  });
});

describe("a gap", () => {
  it("begins where its bad sample is, not at the last value before", () => {
    const values = Float64Array.from([5, NaN, NaN, 6]);
    const found = untilGaps({ ...pen([10, 100, 110, 120]), min: values, max: values, mean: values });
    expect([...found.time]).toEqual([10, 99.99, 100, 110, 120]);
    expect([...found.mean]).toEqual([5, 5, NaN, NaN, 6]);
  });
  it("costs nothing where there is none", () => {
    const whole = pen([1, 2]);
    expect(untilGaps(whole)).toBe(whole);
  });
});

describe("a year's axis", () => {
  it("names months at local midnight, and the year where it begins", () => {
    const found = timeAxis(Date.UTC(2025, 10, 15), Date.UTC(2026, 10, 15), 12);
    expect(found.map(({ label }) => label)).toEqual(["Dec", "2026", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]);
    expect(new Date(found[0]?.time ?? 0).toISOString()).toBe("2025-11-30T23:00:00.000Z");
    expect(new Date(found[6]?.time ?? 0).toISOString()).toBe("2026-05-31T22:00:00.000Z");
  });
  it("skips months where there is no room", () => expect(timeAxis(Date.UTC(2020, 0, 15), Date.UTC(2026, 0, 15), 4).length).toBeLessThan(7));
});

describe("the day before", () => {
  it("has the same time on the wall, also over a change of clocks", () => {
    expect(daysBefore(Date.UTC(2026, 9, 25, 11), 1)).toBe(Date.UTC(2026, 9, 24, 10));
    expect(daysBefore(NOW, 7)).toBe(NOW - 168 * HOUR);
  });
});

describe("fixed axes in the address", () => {
  it("come back as they were", () => {
    const scales = parseScales("a:0:150,b:-1.5:1e3");
    expect([...scales]).toEqual([["a", [0, 150]], ["b", [-1.5, 1000]]]);
    expect(scaleText(scales)).toBe("a:0:150,b:-1.5:1000");
  });
  it("are none where they make no sense", () => expect(parseScales("a:5:1,z:0:1,b::,c:x:y,").size).toBe(0));
  it("are no word where there is none", () => expect(scaleText(new Map())).toBeUndefined());
});
