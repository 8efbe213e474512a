import type { ReactiveControllerHost } from "lit";
import { describe, expect, it } from "vitest";
import { Resource } from "../src/api/resource";

const host = { addController: () => undefined, requestUpdate: () => undefined } as unknown as ReactiveControllerHost;
const turn = () => new Promise((done) => setTimeout(done));

/** A resource whose answers are given by hand. */
function asking(keep: boolean) {
  const answers: ((value: number) => void)[] = [];
  const found = new Resource<number>(host, () => "/api/stops", { keep, read: () => new Promise((done) => answers.push(done)) });
  found.hostUpdate();
  return { found, answers };
}

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
