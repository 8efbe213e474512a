import { describe, expect, it } from "vitest";
import type { Overview } from "../src/api/contract";
import { orderNow } from "../src/app/order";
import { pensOf } from "../src/app/pens";
import { Site } from "../src/app/site";
import { MOST_VIEWS, type View, parsed, saved, saving, tidy, viewQuery } from "../src/app/views";
import { plant } from "../dev/sample-plant";

const site = new Site(plant());
const view = (name: string, query = `pens=${name}`): View => ({ name, query });

describe("saved views", () => {
  it("keep what is shown, also where the address tells nothing, and not the theme", () => {
    const kept = new URLSearchParams(viewQuery(site, new URLSearchParams("theme=dark")));
    expect(kept.get("pens")?.split(",")).toEqual(pensOf(site, new URLSearchParams()).paths);
    expect([kept.get("range"), kept.get("theme")]).toEqual(["3h", null]);
  });
  it("have one text for one picture, however its address was written", () => {
    const texts = ["cursors=5-7&pens=a/b,c/d&range=order", "range=order&pens=a%2Fb%2Cc%2Fd&cursors=5-7"].map((text) => viewQuery(site, new URLSearchParams(text)));
    expect(texts).toEqual(Array(2).fill("pens=a/b,c/d&range=order&cursors=5-7"));
    expect(viewQuery(site, new URLSearchParams(texts[0]))).toBe(texts[0]);
  });
  it("are replaced under the same name, renamed where the picture is the same", () => {
    const views = [view("one"), view("two")];
    expect(saved(views, view("three"))).toEqual([...views, view("three")]);
    expect(saved(views, view("ONE", "pens=x"))).toEqual([view("ONE", "pens=x"), view("two")]);
    expect(saved(views, view("other", "pens=two"))).toEqual([view("one"), view("other", "pens=two")]);
  });
  it("are so many at most, and none gives way to another", () => {
    const full = Array.from({ length: MOST_VIEWS }, (_, n) => view(`v${n}`));
    expect(saving(full, view("new"))).toEqual({ does: "full" });
    expect(saved(full, view("new"))).toEqual(full);
    expect(saved(full, view("v3", "pens=x"))[3]).toEqual(view("v3", "pens=x"));
  });
  it("survive whatever stands in the browser's storage", () => {
    for (const text of [null, "", "{", "1", '{"a":1}', '[null, 3, "a", {}, {"name": ""}, {"name": "a"}, {"name": 1, "query": ""}]']) expect(parsed(text)).toEqual([]);
    expect(parsed('[{"name": "a", "query": "pens=b"}]')).toEqual([view("a", "pens=b")]);
  });
  it("have tidy names", () => {
    expect(tidy("  bearing \n review ")).toBe("bearing review");
    expect(tidy("x".repeat(99))).toHaveLength(40);
  });
});

describe("pens", () => {
  it("tell what is not in the plant", () => {
    const path = site.info.tags[0]!.path;
    expect(pensOf(site, new URLSearchParams({ pens: `${path},no/such,${path}` }))).toEqual({ paths: [path], missing: ["no/such"] });
    expect(pensOf(site, new URLSearchParams({ pens: "none" }))).toEqual({ paths: [], missing: [] });
  });
});

describe("the order that runs", () => {
  const order = (state: string, start: number | null) => ({ order: `JO-${state}`, product: "still", planned: 1, done: 0, start, due: null, state });
  const told = (...orders: unknown[]) => orderNow({ path: "a/line1", title: "Line 1", orders } as unknown as Overview, { state: "ready" });
  it("tells which and since when", () => expect(told(order("next", 9), order("running", 5))).toEqual({ start: 5, text: expect.stringMatching(/^JO-running, still on Line 1, since /) }));
  it("tells why there is none", () => {
    expect(told()).toEqual({ start: undefined, text: expect.stringContaining("no order is known") });
    expect(told(order("next", 9))).toEqual({ start: undefined, text: "no order runs now; JO-next is the next" });
    expect(told(order("running", null)).text).toContain("does not tell since when");
    expect(orderNow(undefined, { state: "loading" }).text).toContain("not known yet");
    const trouble = { error: "the site does not answer", hint: "", since: 0, next: 0, status: 0 };
    expect(orderNow(undefined, { state: "error", trouble }).text).toContain("the site does not answer");
  });
});
