import { describe, expect, it } from "vitest";
import { area, extent, linear, niceStep, padded, path, stepPath, ticks, timeTicks } from "../src/draw/scale";

const HOUR = 3_600_000;

describe("scales", () => {
  it("maps straight and stands still on an empty range", () => {
    expect(linear(0, 10, 100, 200)(5)).toBe(150);
    expect(linear(3, 3, 100, 200)(3)).toBe(100);
  });
  it("chooses round steps", () => expect([0.7, 1, 1.1, 2.2, 3, 7, 70].map(niceStep)).toEqual([1, 1, 2, 2.5, 5, 10, 100]));
  it("puts ticks inside, without dust", () => {
    expect(ticks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(-0.3, 0.3, 3)).toEqual([-0.2, 0, 0.2]);
    expect(ticks(5, 5, 4)).toEqual([5]);
    expect(ticks(Number.NaN, 5, 4)).toEqual([]);
  });
  it("aligns time ticks to local midnight", () => {
    const start = Date.UTC(2026, 10, 10, 5);
    const { step, at } = timeTicks(start, start + 30 * HOUR, 3, HOUR);
    expect(step).toBe(12 * HOUR);
    expect(at.every((time) => (time + HOUR) % step === 0)).toBe(true);
    expect(at.length).toBeGreaterThan(1);
  });
  it("bounds the number of ticks", () => expect(timeTicks(0, 400 * 24 * HOUR, 10).at.length).toBeLessThan(20));
  it("finds extents without gaps", () => {
    expect(extent([1, null, Number.NaN, 4], [-2])).toEqual([-2, 4]);
    expect(extent([null])).toBeNull();
  });
  it("never returns an empty range", () => {
    const [low, high] = padded([5, 5]);
    expect(high).toBeGreaterThan(low);
  });
  it("lifts the pen at a gap", () => {
    const same = (value: number) => value;
    expect(path([0, 1, 2, 3], [1, Number.NaN, 2, 3], same, same)).toBe("M0.0 1.0M2.0 2.0L3.0 3.0");
    expect(stepPath([0, 1, 2, 3], [1, 2, Number.NaN, 3], same, same)).toBe("M0.0 1.0H1.0V2.0H2.0M3.0 3.0");
    expect(area([0, 1, 2, 3], [0, 0, null, 0], [1, 1, null, 1], same, same)).toBe("M0.0 1.0L1.0 1.0L1.0 0.0L0.0 0.0Z");
  });
});
