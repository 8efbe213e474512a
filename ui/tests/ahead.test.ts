import { afterEach, expect, test, vi } from "vitest";
import { ahead, get } from "../src/api/get";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const answers = () => {
  let asked = 0;
  const fetched = vi.fn(() => Promise.resolve(new Response(JSON.stringify({ number: ++asked }))));
  vi.stubGlobal("fetch", fetched);
  return fetched;
};

test("what was asked ahead is taken once, then asked anew", async () => {
  const fetched = answers();
  ahead("/api/scorecard");
  expect(await get("/api/scorecard")).toEqual({ number: 1 });
  expect(fetched).toHaveBeenCalledTimes(1);
  expect(await get("/api/scorecard")).toEqual({ number: 2 });
});

test("an answer that nobody took in time is not shown as a new one", async () => {
  vi.useFakeTimers();
  answers();
  ahead("/api/scorecard");
  vi.advanceTimersByTime(6_000);
  expect(await get("/api/scorecard")).toEqual({ number: 2 });
});

test("a site that did not answer ahead is told like any other", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("refused")));
  ahead("/api/scorecard");
  await expect(get("/api/scorecard")).rejects.toThrow("the site does not answer");
});
