import type { ReactiveControllerHost } from "lit";
import { describe, expect, it } from "vitest";
import { Resource } from "../src/api/resource";

const host = { addController: () => undefined, requestUpdate: () => undefined } as unknown as ReactiveControllerHost;
const turn = () => new Promise((done) => setTimeout(done));

/** A resource whose answers are given by hand; `to` is what it asks. */
function asking(keep: boolean) {
  const answers: ((value: number) => void)[] = [];
  const asked: string[] = [];
  let url: string | undefined = "/api/stops";
  const found = new Resource<number>(host, () => url, { keep, read: (wanted) => (asked.push(wanted), new Promise((done) => answers.push(done))) });
  found.hostUpdate();
  const to = (next: string | undefined) => {
    url = next;
    found.hostUpdate();
  };
  return { found, answers, asked, to };
}

describe("asking something else", () => {
  it.each([true, false])("drops the answer to what is asked no more, kept or not: %s", async (keep) => {
    const { found, answers, asked, to } = asking(keep);
    found.again();
    to(undefined);
    answers[0]!(1);
    await turn();
    expect([found.value, found.load.state]).toEqual([undefined, "loading"]);
    to("/api/stops?line=2");
    expect([asked.at(-1), found.value]).toEqual(["/api/stops?line=2", undefined]);
    answers.at(-1)!(2);
    await turn();
    expect([found.value, answers.length]).toEqual([2, keep ? 2 : 3]);
  });

  it("keeps the old picture while the next range is loaded, and takes the one that is under way", async () => {
    const { found, answers, asked, to } = asking(true);
    to("/api/stops?from=2");
    answers[0]!(1);
    await turn();
    expect([found.value, asked]).toEqual([1, ["/api/stops", "/api/stops?from=2"]]);
  });
});

describe("asking again", () => {
  it("while an answer is under way asks once more when it is here: it may be older than what has changed", async () => {
    const { found, answers } = asking(true);
    found.again();
    found.again();
    expect(answers).toHaveLength(1);
    answers[0]!(1);
    await turn();
    expect(answers).toHaveLength(2);
    answers[1]!(2);
    await turn();
    expect([found.value, answers.length]).toEqual([2, 2]);
  });

  it("asks at once where nothing is under way, or where the old answer is of no use", async () => {
    const { found, answers } = asking(true);
    answers[0]!(1);
    await turn();
    found.again();
    expect(answers).toHaveLength(2);
    const hasty = asking(false);
    hasty.found.again();
    hasty.answers[0]!(1);
    hasty.answers[1]!(2);
    await turn();
    expect([hasty.found.value, hasty.answers.length]).toEqual([2, 2]);
  });
});
