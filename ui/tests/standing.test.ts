import { expect, test } from "vitest";
import type { GoalStand } from "../src/api/contract";
import { dayOf, priorityOf, targetOf, verdictOf, withUnit } from "../src/draw/standing";

const goal = { target: 85, better: "more", digits: 1, unit: "%", short: 2.25, verdict: "behind" } as GoalStand;

test("a target says which way it is meant", () => {
  expect(targetOf(goal)).toBe("≥ 85.0 %");
  expect(targetOf({ ...goal, better: "less", target: 0, digits: 0, unit: "" })).toBe("≤ 0");
  expect(targetOf({ ...goal, target: null })).toBe("—");
});

test("a verdict is told in words, with by how much", () => {
  expect(verdictOf(goal)).toBe("behind by 2.3 %");
  expect(verdictOf({ ...goal, verdict: "reached" })).toBe("reached");
});

test("only what is not reached has a marker", () => {
  expect((["reached", "no target", "unknown", "behind", "far behind"] as const).map((verdict) => priorityOf({ verdict }))).toEqual([undefined, undefined, 4, 3, 2]);
});

test("nothing known is a dash without a unit", () => {
  expect(withUnit(null, goal)).toBe("—");
});

test("a day is the same in every zone", () => {
  expect(dayOf("2026-12-01")).toBe("1 Dec 2026");
});
