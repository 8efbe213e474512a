import { describe, expect, it } from "vitest";
import type { TagInfo } from "../src/api/contract";
import { digitsOf, number, short, signed, unitText, widthOf, wordOf } from "../src/draw/number";

const tag = (more: Partial<TagInfo>): TagInfo => ({
  id: 1, path: "a/b", name: "b", equipment: "a", unit: "", kind: "number", range: null, normal: null,
  limits: { low_low: null, low: null, high: null, high_high: null }, legend: {}, counter: false, writable: false, role: "", description: "", link: "", specification: null, ...more,
});

describe("numbers as text", () => {
  it("separates thousands and keeps digits", () => expect(number(29806.04, 1)).toBe("29,806.0"));
  it("writes a true minus, but not for zero", () => {
    expect(number(-1.25, 2)).toBe("−1.25");
    expect(number(-0.001, 2)).toBe("0.00");
  });
  it("writes a dash where there is nothing", () => {
    expect(number(null)).toBe("—");
    expect(number(Number.NaN)).toBe("—");
  });
  it("signs differences", () => {
    expect(signed(0.3)).toBe("+0.3");
    expect(signed(0.01)).toBe("0.0");
  });
  it("chooses digits by the range", () => {
    expect(digitsOf(tag({ range: [0, 140] }))).toBe(1);
    expect(digitsOf(tag({ range: [0, 4] }))).toBe(2);
    expect(digitsOf(tag({ range: [0, 0.05] }))).toBe(3);
    expect(digitsOf(tag({ range: [0, 5000] }))).toBe(0);
    expect(digitsOf(tag({ counter: true, unit: "pc" }))).toBe(0);
  });
  it("knows the widest text of a range", () => expect(widthOf(tag({ range: [-3, 140] }))).toBe("140.0".length));
  it("shortens axis labels", () => {
    expect(short(50_000, 10_000)).toBe("50 k");
    expect(short(1_500_000, 500_000)).toBe("1.5 M");
    expect(short(0.0125, 0.0005)).toBe("0.0125");
    expect(short(30, 10)).toBe("30");
    expect(short(7.5, 2.5)).toBe("7.5");
    expect(short(12_500, 2500)).toBe("12.5 k");
  });
  it("speaks the legend", () => expect(wordOf(tag({ kind: "enumeration", legend: { 6: "execute" } }), 6)).toBe("execute"));
  it("prints units", () => expect([unitText("1/min"), unitText("degC")]).toEqual(["/min", "°C"]));
});
