import { describe, expect, it } from "vitest";
import { clock, duration } from "../src/app/clock";
import { find, fits } from "../src/draw/find";
import { qualityOf, reasonOf } from "../src/draw/quality";
import { barOf, share } from "../src/draw/bar";
import type { TagInfo } from "../src/api/contract";

describe("durations", () => {
  it("speaks as a person does", () => {
    expect([4_000, 252_000, 44 * 60_000, 8_820_000, 61 * 86_400_000].map(duration)).toEqual(["4 s", "4 min 12 s", "44 min", "2 h 27 min", "61 d"]);
  });
  it("is never negative", () => expect(duration(-5)).toBe("0 s"));
});

describe("the plant's clock", () => {
  it("knows local time through the change to winter time", () => {
    clock.setZone("Europe/Berlin");
    expect(clock.offset(Date.UTC(2026, 9, 24, 12))).toBe(2 * 3_600_000);
    expect(clock.offset(Date.UTC(2026, 9, 26, 12))).toBe(3_600_000);
    expect(clock.second(Date.UTC(2026, 10, 10, 10, 42, 18))).toBe("11:42:18");
  });
});

describe("finding", () => {
  const names = ["capper/bearing_vibration", "capper/bearing_temperature", "filler/speed"];
  it("wants every word", () => expect(find("bearing vib", names, (name) => name, 5)).toEqual(["capper/bearing_vibration"]));
  it("takes signs as they are", () => expect(find("(", names, (name) => name, 5)).toEqual([]));
  it("understands stars", () => expect(names.filter((name) => fits("*/speed", name))).toEqual(["filler/speed"]));
});

describe("quality", () => {
  it("tells good, uncertain, bad, stale and none apart", () => {
    expect(qualityOf(0, 1)).toBe("good");
    expect(qualityOf(0x00960000, 1)).toBe("good");
    expect(qualityOf(0x40930000, 1)).toBe("uncertain");
    expect(qualityOf(0x40900000, 1)).toBe("stale");
    expect(qualityOf(0x80310000, 1)).toBe("stale");
    expect(qualityOf(0x808c0000, 1)).toBe("bad");
    expect(qualityOf(0x80320000, null)).toBe("none");
    expect(reasonOf(0x808c0000)).toBe("sensor failure");
  });
});

describe("bars", () => {
  const tag: TagInfo = { id: 1, path: "a/b", name: "b", equipment: "a", unit: "", kind: "number", range: [0, 10], normal: [1, 3], limits: { low_low: null, low: 0.5, high: 4.5, high_high: 7.1 }, legend: {}, counter: false, writable: false, role: "", description: "", link: "", specification: null };
  it("names the gravest broken limit", () => expect([2, 4.6, 7.2, 0.1].map((value) => barOf(tag, value)?.priority)).toEqual([null, 2, 1, 2]));
  it("stays inside", () => expect([share(-5, 0, 10), share(15, 0, 10), share(5, 0, 10)]).toEqual([0, 100, 50]));
});
