import { expect, test } from "vitest";
import type { AlarmInfo } from "../src/api/contract";
import { clock, exact, when } from "../src/app/clock";
import { chosenText, doneText, lengths, steps } from "../src/draw/alarms";

const alarm = (news: Partial<AlarmInfo>): AlarmInfo => ({
  path: "line1/filler/hot", equipment: "line1/filler", title: "hot", priority: 3, state: "unacknowledged", active: true, judged: true, since: 0, raised: 0, value: 1, limit: 2, unit: "", when: "", advice: "", consequence: "",
  response: null, longest: 900, latching: false, group: "", first: false, until: null, by: "", reason: "", may_acknowledge: true, may_lock: true, ...news,
});

test("people are offered what they may do, and nothing else", () => {
  expect(steps(alarm({}))).toEqual(["acknowledge", "shelve"]);
  expect(steps(alarm({ longest: 0 }))).toEqual(["acknowledge"]);
  expect(steps(alarm({ state: "latched" }))).toEqual(["reset", "shelve"]);
  expect(steps(alarm({ state: "shelved" }))).toEqual(["unshelve"]);
  expect(steps(alarm({ state: "out-of-service", may_acknowledge: false }))).toEqual(["restore"]);
  for (const state of ["unacknowledged", "acknowledged", "latched", "shelved"] as const) expect(steps(alarm({ state, may_acknowledge: false }))).toEqual([]);
  expect(steps(alarm({ state: "out-of-service", may_lock: false }))).toEqual([]);
});

test("the longest that an alarm allows is always a choice", () => {
  const minutes = (longest: number, rest?: number) => lengths(alarm({ longest }), rest).map((one) => one.minutes);
  expect(minutes(900)).toEqual([15]);
  expect(minutes(28_800)).toEqual([30, 120, 480]);
  expect(minutes(5_400)).toEqual([30, 90]);
  expect(minutes(0)).toEqual([]);
  expect(minutes(90 * 86_400).at(-1)).toBe(43_200);
});

test("the rest of the shift is offered where the alarm allows it", () => {
  const names = (longest: number, rest: number | undefined) => lengths(alarm({ longest }), rest).map((one) => one.title);
  expect(names(28_800, 138 * 60_000)).toEqual(["30 min", "2 h", "8 h", "rest of the shift"]);
  expect(names(3_600, 138 * 60_000)).toEqual(["30 min", "1 h"]);
  expect(names(3_600, undefined)).toEqual(["30 min", "1 h"]);
  expect(names(3_600, -1)).toEqual(["30 min", "1 h"]);
});

test("a time of another day says which", () => {
  const now = Date.UTC(2026, 10, 10, 11, 42, 18);
  clock.setZone("UTC");
  clock.set(now);
  expect(exact(now)).toBe("11:42:18");
  expect(exact(now - 14.5 * 3_600_000)).toBe("Mon 21:12");
  expect(exact(now - 8 * 86_400_000)).toBe("2 Nov");
  expect(when(now + 24 * 3_600_000)).toBe("Wed 11:42");
});

test("what is chosen and what was done is told by name", () => {
  const list = [alarm({}), alarm({ path: "line1/packer/jam", equipment: "line1/packer", title: "jam", priority: 2, state: "out-of-service" })];
  expect(chosenText(list[1]!, list)).toBe("packer / jam, priority 2, out of service, 2 of 2");
  expect(doneText("acknowledge", [list[0]!])).toBe("filler / hot acknowledged");
  expect(doneText("acknowledge", list)).toBe("2 alarms acknowledged");
  expect(doneText("reset", [])).toBe("");
});
