/** Notes of the scorecard from the newest answer and from pages of older ones. */
import type { ScorecardNote } from "../api/contract";

/**
 * `older` with what the answer `before` told and the one `now` leaves out: a new note pushes out the last one of those that
 * an answer has room for, and no page of older ones that was asked for earlier has it.
 */
export function withPushedOut(older: readonly ScorecardNote[], before: readonly ScorecardNote[], now: readonly ScorecardNote[]): readonly ScorecardNote[] {
  const told = new Set(now.map((note) => note.number));
  const out = before.filter((note) => !told.has(note.number));
  if (!out.length) return older;
  const kept = new Map(older.map((note) => [note.number, note]));
  for (const note of out) if ((kept.get(note.number)?.version ?? 0) < note.version) kept.set(note.number, note);
  return [...kept.values()];
}

/**
 * `newest` with the `older` ones, the newest first; a number that both have is as `newest` tells it.
 * All open actions are in `newest`: one that only an older page has was closed since.
 */
export function withOlder(newest: readonly ScorecardNote[], older: readonly ScorecardNote[]): readonly ScorecardNote[] {
  if (!older.length) return newest;
  const notes = new Map(older.filter((note) => note.kind !== "action" || note.state !== "open").map((note) => [note.number, note]));
  for (const note of newest) notes.set(note.number, note);
  return [...notes.values()].sort((one, other) => other.number - one.number);
}
