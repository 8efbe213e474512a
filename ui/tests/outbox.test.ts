import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Outbox } from "../src/app/outbox";
import type { Word } from "../src/app/word";

const KEY = "isthmus-words";
const word = (key: string, news: Partial<Word> = {}): Word => ({ key, who: "anna", kind: "say", path: "a/filler", unit: "Filler", start: 1000, end: 9000, version: 0, reason: "jam", title: "Jam", made: Date.now(), tries: 0, ...news });
const said = (number: number, version = number, reason = "jam") => ({ number, version, reason, start: 1000, end: 9000 });
const turns = async () => { for (let turn = 0; turn < 5; turn++) await new Promise((done) => setTimeout(done)); };

describe("the outbox", () => {
  let box: Outbox;
  let page: EventTarget;
  let sent: Record<string, unknown>[];
  let answers: ((status: number, body: unknown) => void)[];

  /** The site answers the oldest question. */
  const answer = async (status: number, body: unknown) => {
    answers.shift()!(status, body);
    await turns();
  };

  beforeEach(async () => {
    const kept = new Map<string, string>();
    page = Object.assign(new EventTarget(), { setTimeout });
    [sent, answers] = [[], []];
    vi.stubGlobal("window", page);
    vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text) });
    vi.stubGlobal("fetch", (_path: string, how: { body: string }) => {
      sent.push(JSON.parse(how.body) as Record<string, unknown>);
      return new Promise((done) => answers.push((status, body) => done(new Response(JSON.stringify(body), { status }))));
    });
    vi.resetModules();
    box = new (await import("../src/app/outbox")).Outbox();
    box.enter("anna", {});
  });
  afterEach(() => vi.unstubAllGlobals());

  it("knows of an answered stop that the list is older, and what its own speaker saw", async () => {
    const stop = { path: "a/filler", start: 1000, end: 9000, version: 0 };
    box.put(word("one"));
    expect(box.ahead(stop)).toBe(false);
    await answer(200, said(4));
    expect(box.words).toEqual([]);
    expect([box.ahead(stop), box.ahead({ ...stop, version: 4 }), box.ahead({ ...stop, path: "a/capper" })]).toEqual([true, false, false]);
    box.put(word("two", { reason: "drive" })); // touched before the list was asked again
    expect(sent[1]).toMatchObject({ key: "two", version: 4 });
  });

  it("has the list asked again where another window was answered, and not where it only said something", () => {
    const asked = vi.fn();
    page.addEventListener("isthmus-said", asked);
    const other = (words: Word[]) => page.dispatchEvent(Object.assign(new Event("storage"), { key: KEY, newValue: JSON.stringify(words) }));
    other([word("one")]);
    expect(asked).not.toHaveBeenCalled();
    other([]);
    expect(asked).toHaveBeenCalled();
    expect(box.words).toEqual([]);
  });

  it("lets what is said after a taking back build on it", async () => {
    box.put(word("one"));
    await answer(200, said(4));
    box.put(word("two", { kind: "undo", number: 4, version: 4 }));
    box.put(word("three", { reason: "drive", version: 4 })); // said while the other is under way
    await answer(200, said(4, 5));
    expect(sent[2]).toMatchObject({ key: "three", version: 5 });
  });

  it("takes back what was answered before the touch came", async () => {
    box.put(word("one"));
    await answer(200, said(4));
    box.put(word("two", { kind: "undo", of: "one" }));
    expect(sent[1]).toMatchObject({ key: "two", number: 4, version: 4 });
  });

  it("keeps a word that would go in another's name, until it is known who is signed in", async () => {
    const asked = vi.fn();
    page.addEventListener("isthmus-who", asked);
    const old = { who: "anna" };
    box.put(word("one"));
    await answer(412, { error: "this word is somebody else's", hint: "sign in as who said it" });
    expect([box.who, box.words.length, box.words[0]?.objection, asked.mock.calls.length]).toEqual(["", 1, undefined, 1]);
    expect(sent[0]).toMatchObject({ who: "anna" });
    box.enter("ben", {});
    await turns();
    expect(sent).toHaveLength(1);
    box.enter("anna", old);
    await answer(200, said(4));
    expect(box.words).toEqual([]);
    box.enter("ben", {});
    box.enter("anna", old); // an answer that was heard before
    expect(box.who).toBe("ben");
  });

  it("raises no objection against a word that was taken back meanwhile", async () => {
    box.put(word("one"));
    box.put(word("two", { kind: "undo", of: "one" }));
    await answer(409, { error: "ben said Drive meanwhile" });
    expect([box.words, JSON.parse(localStorage.getItem(KEY)!)]).toEqual([[], []]);
  });

  it("keeps a refused word with its objection where nobody took it back", async () => {
    box.put(word("one"));
    await answer(409, { error: "ben said Drive meanwhile" });
    expect(box.words[0]?.objection).toMatchObject({ overtaken: true, text: "ben said Drive meanwhile" });
  });
});
