import { expect, test } from "vitest";
import type { AlarmAdvice, AlarmFigures } from "../src/api/contract";
import { clock } from "../src/app/clock";
import { actorsAt, figuresAt, floodText, spared } from "../src/draw/alarm-past";

const advice = (path: string, raised: number, news: Partial<AlarmAdvice> = {}): AlarmAdvice => ({
  path, raised, acknowledged: 0, unattended: 0, median: null, on_delay: null, on_spares: 0, off_delay: null, off_spares: 0, chatters: 0, text: "", ...news,
});

test("figures are those of the chosen position", () => {
  const figures = ["", "hall/line1", "hall/line2"].map((position) => ({ position }) as AlarmFigures);
  expect(figuresAt(figures, "hall/line2")?.position).toBe("hall/line2");
  expect(figuresAt(figures, null)?.position).toBe("");
  expect(figuresAt(figures, "hall/gone")?.position).toBe("");
  expect(figuresAt(undefined, null)).toBeUndefined();
});

test("shares are of what came at the position", () => {
  const found = [advice("hall/line1/filler/jam", 30), advice("hall/line2/filler/jam", 60), advice("hall/line10/filler/jam", 5), advice("hall/line1/packer/hot", 90)];
  expect(actorsAt(found, "hall/line1").map((one) => [one.path, one.share])).toEqual([["hall/line1/packer/hot", 0.75], ["hall/line1/filler/jam", 0.25]]);
  expect(actorsAt(found, "").length).toBe(4);
  expect(actorsAt([], "hall/line1")).toEqual([]);
});

test("what is advised spares what the better of both delays spares", () => {
  expect(spared(advice("a/b", 41, { on_delay: 5, on_spares: 38 }))).toBe(38);
  expect(spared(advice("a/b", 41, { on_delay: 5, on_spares: 22, off_delay: 10, off_spares: 30 }))).toBe(30);
  expect(spared(advice("a/b", 41))).toBe(0);
});

test("a flood says when it was and how many came", () => {
  const now = Date.UTC(2026, 10, 10, 11, 42);
  clock.setZone("UTC");
  clock.set(now);
  const flood = { start: now - 14 * 3_600_000, end: now - 13.5 * 3_600_000, alarms: 23 };
  expect(floodText(flood, now)).toBe("Mon 21:42 to 22:12: 23 alarms");
  expect(floodText({ ...flood, start: now - 600_000, end: now }, now)).toBe("11:32 until now: 23 alarms");
});
