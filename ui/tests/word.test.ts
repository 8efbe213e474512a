import { describe, expect, it } from "vitest";
import { MOST, type Word, afterAnswer, newKey, nextWord, parseWords, request, sentence, stepOf, upToDate, versionOf, withWord, without } from "../src/app/word";

const word = (news: Partial<Word> = {}): Word => ({ key: newKey(), who: "person:anna", kind: "say", path: "a/filler", unit: "Filler", start: 1000, end: 9000, version: 0, reason: "jam", title: "Jam", made: 0, tries: 0, ...news });

describe("words that wait", () => {
  it("are as they were after the browser was closed, and nonsense is left out", () => {
    const words = [word(), word({ kind: "cut", at: 2000 })];
    expect(parseWords(JSON.stringify(words))).toEqual(words);
    expect(parseWords(JSON.stringify([...words, { key: 1 }, null, { ...word(), kind: "shout" }]))).toEqual(words);
    expect(parseWords("{")).toEqual([]);
  });

  it("take no more than there is room for, and lose none", () => {
    const full = Array.from({ length: MOST }, (_, row) => word({ start: row }));
    expect(withWord(full, word({ start: 999 }))).toBeUndefined();
    expect(withWord(full, word({ start: 3 }))).toHaveLength(MOST); // instead of the one of that stop
  });

  it("are replaced by a later one of the same stop, until the site may have them", () => {
    const first = word();
    const second = word({ reason: "drive" });
    expect(withWord([first], second)).toEqual([second]);
    expect(withWord([{ ...first, tries: 1 }], second)).toHaveLength(2);
    expect(withWord([first], word({ path: "a/capper" }))).toHaveLength(2);
    expect(withWord([first], word({ who: "person:ben" }))).toHaveLength(2);
  });

  it("are gone when taken back before they were tried, else taken back once they have a number", () => {
    const first = word();
    const undo = word({ kind: "undo", of: first.key });
    expect(withWord([first], undo)).toEqual([]);
    const tried = { ...first, tries: 1 };
    const both = withWord([tried], undo)!;
    expect(both).toEqual([tried, undo]);
    expect(nextWord(both, "person:anna")).toBe(both[0]);
    expect(afterAnswer(both, first.key, 17)).toEqual([{ ...undo, number: 17, version: 17 }]);
    expect(without(both, first.key)).toEqual([]);
  });

  it("are not waited for by what would take them back once they were replaced", () => {
    const refused = word({ tries: 1, objection: { overtaken: true, text: "", hint: "" } });
    const undo = word({ kind: "undo", of: refused.key });
    const anew = word({ reason: "drive" });
    expect(withWord([refused, undo], anew)).toEqual([anew]);
    expect(withWord([], undo)).toEqual([]);
    const numbered = { ...undo, number: 17 };
    expect(withWord([numbered], anew)).toEqual([numbered, anew]); // the site knows what it takes back
  });

  it("that follow what was taken back build on the taking back, not on what it took", () => {
    const undo = word({ kind: "undo", number: 5, version: 5, tries: 1 });
    const anew = word({ reason: "drive", version: 5 });
    expect(afterAnswer([undo, anew], undo.key, 5, 6)).toEqual([{ ...anew, version: 6 }]);
  });

  it("build on each other at one stop alone", () => {
    const first = word({ tries: 1 });
    const next = word({ reason: "drive" });
    const other = word({ path: "a/capper" });
    expect(afterAnswer([first, next, other], first.key, 5)).toEqual([{ ...next, version: 5 }, other]);
    const seen = word({ version: 3 });
    expect(afterAnswer([first, seen], first.key, 5)).toEqual([seen]); // it was said of what somebody else had said
  });

  it("are sent in the name of who said them alone, and not where somebody objects", () => {
    const mine = word();
    const hers = word({ who: "person:ben" });
    const refused = word({ objection: { overtaken: true, text: "", hint: "" } });
    expect(nextWord([refused, hers, mine], "person:anna")).toBe(mine);
    expect(nextWord([refused, mine], "person:ben")).toBeUndefined();
  });

  it("say what they saw and how long they waited", () => {
    const said = request(word({ key: "k", made: 10_000, version: 4, comment: "reel 7" }), 75_000);
    expect(said).toEqual({ path: "/api/stops", body: { key: "k", who: "person:anna", waited: 65, version: 4, path: "a/filler", start: 1000, reason: "jam", comment: "reel 7" } });
    expect(request(word({ key: "k", kind: "undo", number: 9, made: 0 }), 500).body).toEqual({ key: "k", who: "person:anna", waited: 0, version: 0, number: 9 });
    expect(request(word({ kind: "cut", at: 4000 }), 0).path).toBe("/api/stops/split");
  });

  it("know what their own speaker said since the list was asked, by the rule of the site", () => {
    const steps = [stepOf(word(), { start: 1000, end: 9000, reason: "jam", version: 7 }), stepOf(word({ kind: "cut", at: 4000 }), { start: 4000, end: 9000, reason: "", version: 8 })];
    expect(versionOf(steps, { path: "a/filler", start: 4000, end: 9000 })).toBe(8);
    expect(versionOf(steps, { path: "a/filler", start: 1000, end: 4000 })).toBe(8); // it ends where it was cut
    expect(versionOf(steps.slice(0, 1), { path: "a/filler", start: 9000, end: 9500 })).toBe(0);
    expect(versionOf(steps, { path: "a/capper", start: 1000, end: 9000 })).toBe(0);
    expect(upToDate(word({ version: 3 }), steps).version).toBe(8);
    expect(upToDate(word({ version: 9 }), steps).version).toBe(9);
    expect(upToDate(word({ version: 3, who: "person:ben" }), steps).version).toBe(3); // he did not see it
  });

  it("are sentences", () => {
    const time = (ms: number) => `${ms}`;
    expect(sentence(word(), time)).toBe("Filler, 1000: Jam");
    expect(sentence(word({ kind: "cut", at: 4000 }), time)).toBe("Filler, 1000: cut in two at 4000");
    expect(sentence(word({ kind: "undo" }), time)).toBe("Filler, 1000: taken back: Jam");
  });
});
