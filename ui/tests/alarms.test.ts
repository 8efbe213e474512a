import { expect, test } from "vitest";
import type { AlarmInfo } from "../src/api/contract";
import { steps } from "../src/draw/alarms";

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
