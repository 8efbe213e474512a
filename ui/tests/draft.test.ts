import { afterEach, expect, it, vi } from "vitest";
import { draftOf, keepDraft } from "../src/app/draft";

afterEach(() => vi.unstubAllGlobals());

it("keeps what was begun for each person and line until it is sent", () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, text: string) => kept.set(key, text), removeItem: (key: string) => kept.delete(key) });
  keepDraft("anna", "packaging/line1", "reel 7 jams");
  expect(draftOf("anna", "packaging/line1")).toBe("reel 7 jams");
  expect(draftOf("bo", "packaging/line1")).toBe("");
  expect(draftOf("anna", "packaging/line2")).toBe("");
  keepDraft("anna", "packaging/line1", "");
  expect(kept.size).toBe(0);
});

it("does without where a browser refuses to keep anything", () => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => { throw new Error("full"); } });
  expect(() => keepDraft("anna", "a", "text")).not.toThrow();
});
