import { expect, it } from "vitest";
import type { ScorecardNote } from "../src/api/contract";
import { withOlder } from "../src/draw/notes";

const note = (number: number, news: Partial<ScorecardNote> = {}) => ({ number, version: 1, kind: "comment", state: "open", ...news }) as ScorecardNote;

it("joins the newest notes with older pages: each once, the newest first, nothing open that is closed", () => {
  const newest = [note(9), note(8), note(2, { kind: "action", version: 2 })];
  const older = [note(7), note(4, { kind: "action" }), note(3, { kind: "action", state: "done" }), note(2, { kind: "action" })];
  expect(withOlder(newest, older).map((one) => [one.number, one.version])).toEqual([[9, 1], [8, 1], [7, 1], [3, 1], [2, 2]]);
  expect(withOlder(newest, [])).toBe(newest);
});
