/** Notes of the scorecard from the newest answer and from pages of older ones. */
import type { ScorecardNote } from "../api/contract";

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
