import "lit"; // before there is a document
import type { TemplateResult } from "lit";
import { expect, it } from "vitest";
import { live } from "../src/api/live";
import { AlarmBanner } from "../src/app/banner";
import { clock } from "../src/app/clock";

/** What a template says, with what is hidden from readers of screens left out. */
function heard(part: unknown): string {
  if (typeof part !== "object" || part === null || !("strings" in part)) return typeof part === "symbol" ? "" : String(part);
  const { strings, values } = part as TemplateResult;
  return strings.map((text, at) => text + (at < values.length ? heard(values[at]) : "")).join("").replace(/<(\w+) aria-hidden="true">.*?<\/\1>/gs, "");
}

it("says the same of the first alarm as time passes", () => {
  const waiting = [{ priority: 2, title: "Capper vibrates", detail: "4.6 mm/s", advice: "", since: 0, href: "/alarms", alarm: "", unseen: false }];
  live.status = { waiting } as unknown as typeof live.status;
  const sentence = () => heard((AlarmBanner.prototype as unknown as { sentence: (waiting: object[]) => unknown }).sentence.call({}, waiting));
  clock.set(60_000, 0);
  const before = sentence();
  clock.set(61_000, 0);
  expect(before).toContain("Capper vibrates");
  expect(sentence()).toBe(before);
});
