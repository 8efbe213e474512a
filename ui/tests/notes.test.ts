import { expect, it } from "vitest";
import type { ScorecardNote } from "../src/api/contract";
import { withOlder, withPushedOut } from "../src/draw/notes";

const note = (number: number, news: Partial<ScorecardNote> = {}) => ({ number, version: 1, kind: "comment", state: "open", ...news }) as ScorecardNote;

it("joins the newest notes with older pages: each once, the newest first, nothing open that is closed", () => {
  const newest = [note(9), note(8), note(2, { kind: "action", version: 2 })];
  const older = [note(7), note(4, { kind: "action" }), note(3, { kind: "action", state: "done" }), note(2, { kind: "action" })];
  expect(withOlder(newest, older).map((one) => [one.number, one.version])).toEqual([[9, 1], [8, 1], [7, 1], [3, 1], [2, 2]]);
  expect(withOlder(newest, [])).toBe(newest);
});

it("keeps what a new note pushes out of the newest, in its last version", () => {
  const before = [note(9), note(8), note(7)];
  const older = [note(6), note(7, { version: 2 })];
  expect(withPushedOut(older, before, before)).toBe(older);
  const kept = withPushedOut(withPushedOut(older, before, [note(10), note(9), note(8)]), [note(10), note(9), note(8)], [note(11), note(10), note(9)]);
  expect(withOlder([note(11), note(10), note(9)], kept).map((one) => [one.number, one.version])).toEqual([[11, 1], [10, 1], [9, 1], [8, 1], [7, 2], [6, 1]]);
});
