import { describe, expect, it } from "vitest";
import type { Period } from "../src/api/contract";
import { clock, fromTo } from "../src/app/clock";
import { type Known, chosenWindow } from "../src/app/window";

const HOUR = 3_600_000;
const SIX = Date.UTC(2026, 10, 3, 6);
const shift = (name: string, start: number): Period => ({ kind: "shift", name, start, end: start + 8 * HOUR });
const shifts = [shift("late", SIX - 16 * HOUR), shift("night", SIX - 8 * HOUR), shift("early", SIX), shift("late", SIX + 8 * HOUR)];
const known = (more: Partial<Known> = {}): Known => ({ now: SIX + HOUR / 12, shifts: undefined, order: undefined, ...more });
const chosen = (query: string, more?: Partial<Known>) => chosenWindow(new URLSearchParams(query), known(more));

describe("the window of a report", () => {
  it("is the running shift where nothing else is asked for", () => {
    for (const query of ["", "window=year", "range=3h"]) expect(chosen(query)).toEqual({ name: "shift", ask: { window: "shift" }, lacks: "", ended: 0 });
  });
  it("is the whole last shift, also five minutes into the next one", () => {
    expect(chosen("window=last_shift", { shifts })).toEqual({ name: "last_shift", ask: { from: SIX - 8 * HOUR, to: SIX }, lacks: "", ended: SIX });
    expect(chosen("window=last_shift").ask).toBeUndefined();
    expect(chosen("window=last_shift", { shifts: [] }).lacks).toContain("calendar");
  });
  it("begins with the running order and goes on, or says why there is none", () => {
    expect(chosen("window=order", { order: { start: SIX, text: "" } })).toMatchObject({ ask: { from: SIX }, ended: 0 });
    expect(chosen("window=order", { order: { start: undefined, text: "no order runs now" } })).toMatchObject({ ask: undefined, lacks: "no order runs now" });
  });
  it("says that an order runs for too long instead of asking in vain", () => {
    const long = chosen("window=order", { order: { start: SIX - 40 * 24 * HOUR, text: "" } });
    expect(long.ask).toBeUndefined();
    expect(long.lacks).toContain("32 days");
  });
  it("is two times that stand still where these are asked for", () => {
    expect(chosen(`range=${SIX - HOUR}-${SIX}&window=day`)).toEqual({ name: "", ask: { from: SIX - HOUR, to: SIX }, lacks: "", ended: SIX });
    expect(chosen(`range=${SIX}-${SIX + HOUR}`).ended).toBe(0);
  });
});

it("tells both days of a time that begins on one and ends on another", () => {
  clock.setZone("UTC");
  expect(fromTo(SIX, SIX + 8 * HOUR)).toBe("Tue 3 Nov 06:00 to 14:00");
  expect(fromTo(SIX, SIX + 168 * HOUR)).toBe("Tue 3 Nov 06:00 to Tue 10 Nov 06:00");
});
