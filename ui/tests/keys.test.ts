import "lit"; // before there is a document
import { afterEach, beforeEach, expect, it, vi } from "vitest";

/** A field or any other element, as far as keys look at it. */
class Place {
  constructor(readonly tagName: string, readonly isContentEditable = false) {}
}

let kept: Map<string, string>;
let went: string[];
let down: (key: string, target?: Place, news?: object) => { defaultPrevented: boolean };
let keys: typeof import("../src/app/keys");

beforeEach(async () => {
  [kept, went] = [new Map(), []];
  const page = new EventTarget();
  vi.stubGlobal("HTMLElement", Place);
  vi.stubGlobal("window", Object.assign(new EventTarget(), { scrollTo: () => undefined }));
  vi.stubGlobal("document", page);
  vi.stubGlobal("history", { pushState: (_state: unknown, _title: string, href: string) => went.push(href) });
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text), removeItem: (key: string) => kept.delete(key) });
  vi.resetModules();
  keys = await import("../src/app/keys");
  keys.listenToKeys(() => went.push("search"));
  down = (key, target = new Place("BODY"), news = {}) => {
    const event = new Event("keydown", { cancelable: true });
    Object.defineProperty(event, "target", { value: target });
    Object.assign(event, { key, ...news });
    page.dispatchEvent(event);
    return event;
  };
});
afterEach(() => vi.unstubAllGlobals());

it("goes to a page by two letters, the second of which no list takes", () => {
  expect(down("g").defaultPrevented).toBe(false);
  const second = down("a");
  expect([went, second.defaultPrevented, keys.single(second as KeyboardEvent)]).toEqual([["/asset"], true, false]);
  expect(keys.single(down("a") as KeyboardEvent)).toBe(true);
});

it("leaves letters alone in a field, with a modifier, and where they are switched off", () => {
  for (const [target, news] of [[new Place("INPUT"), {}], [new Place("DIV", true), {}], [new Place("BODY"), { ctrlKey: true }]] as const) {
    expect(keys.single(down("/", target, news) as KeyboardEvent)).toBe(false);
  }
  keys.letKeysAct(false);
  expect([down("/").defaultPrevented, keys.keysAct()]).toEqual([false, false]);
  expect(went).toEqual([]);
  keys.letKeysAct(true);
  down("/");
  expect(went).toEqual(["search"]);
});

it("moves among rules, but not where keys are switched off", async () => {
  const { RulesPage } = await import("../src/pages/rules");
  const choose = vi.fn();
  const page = { rules: { value: { rules: [{ name: "one" }, { name: "two" }] } }, chosen: { name: "one" }, choose };
  const move = (RulesPage.prototype as unknown as { key: (event: object) => void }).key;
  move.call(page, down("j"));
  expect(choose).toHaveBeenCalledExactlyOnceWith({ name: "two" });
  keys.letKeysAct(false);
  move.call(page, down("k"));
  expect(choose).toHaveBeenCalledTimes(1);
});
