import { html, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { RuleInfo, RuleTest } from "../api/contract";
import { ApiError, send } from "../api/get";
import { duration } from "../app/clock";
import { number } from "../draw/number";
import { Part } from "./part";
import { span, times } from "./rule-past";
import "./rule-past";

const DAY = 86_400;
const SPANS: readonly [string, number][] = [["a day", DAY], ["7 days", 7 * DAY], ["30 days", 30 * DAY], ["90 days", 90 * DAY]];

interface Wish {
  when: string;
  until: string;
  deadband: string;
  for: string;
  at_most_every: string;
}

function own(rule: RuleInfo): Wish {
  return { when: rule.when, until: rule.until ?? "", deadband: rule.deadband ?? "", for: spelt(rule.lasting), at_most_every: spelt(rule.at_most_every) };
}

/** "2 min", "90 s": a time as the plant file writes it; empty for none. */
export function spelt(seconds: number): string {
  for (const [unit, size] of [["h", 3_600], ["min", 60]] as const) if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  return seconds ? `${seconds} s` : "";
}

const LABELS: Record<keyof Wish, string> = { when: "When", for: "For how long", deadband: "Deadband", until: "Until", at_most_every: "At most every" };

/** Tries a rule on history: as it is, which is recorded as seen, or with other words, which changes nothing. */
@customElement("isthmus-rule-trial")
export class RuleTrial extends Part {
  @property({ attribute: false }) rule: RuleInfo | undefined;
  @state() private wish: Wish | undefined;
  @state() private seconds = DAY;
  @state() private busy = false;
  @state() private test: RuleTest | undefined;
  @state() private trouble: ApiError | undefined;

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("rule");
    if (changed.has("rule") && this.rule && before?.name !== this.rule.name) {
      this.wish = own(this.rule);
      this.test = this.trouble = undefined;
    }
  }

  private changed(): Partial<Wish> {
    const { rule, wish } = this;
    if (!rule || !wish) return {};
    const present = own(rule);
    return Object.fromEntries(Object.entries(wish).filter(([key, said]) => said.trim() !== present[key as keyof Wish]));
  }

  override render() {
    const { rule, wish } = this;
    if (!rule || !wish) return nothing;
    const other = Object.keys(this.changed()).length > 0;
    return html`<form class="trial" @submit=${this.send}>
      ${(Object.keys(LABELS) as (keyof Wish)[]).map((key) => html`<label class=${key === "when" ? "whole" : ""}><span class="small muted">${LABELS[key]}</span>${this.input(key, wish)}</label>`)}
      <label><span class="small muted">Over</span><select class="field" aria-label="Over how much of the past" @change=${(event: Event) => (this.seconds = Number((event.target as HTMLSelectElement).value))}>${SPANS.map(([word, seconds]) => html`<option value=${seconds} ?selected=${seconds === this.seconds}>${word}</option>`)}</select></label>
      <div class="whole row wrap"><button class="btn main" ?disabled=${this.busy}>${this.busy ? "Asking history" : other ? "Try it with these words" : "Try it on history"}</button>
        ${other ? html`<button type="button" @click=${() => (this.wish = own(rule))}>Back to its own words</button>` : nothing}
        <span class="small muted">${other ? "nothing is changed by that" : rule.mode === "live" && !rule.seen?.present ? "it is recorded that you saw it; then the rule acts" : "it is recorded that you saw it"}</span></div></form>
      <div role="status">${this.trouble ? html`<div class="fail" role="alert"><b>${this.trouble.message}</b><span class="small">${this.trouble.hint}</span></div>` : this.answer()}</div>`;
  }

  private input(key: keyof Wish, wish: Wish) {
    const take = (event: Event) => {
      this.wish = { ...wish, [key]: (event.target as HTMLInputElement).value };
    };
    return key === "when"
      ? html`<textarea class="field mono" rows="2" maxlength="2000" required .value=${wish.when} @input=${take}></textarea>`
      : html`<input class="field mono" maxlength=${key === "until" ? 2000 : 100} .value=${wish[key]} placeholder="none" @input=${take} />`;
  }

  private answer() {
    const { test } = this;
    if (!test) return html`<p class="small muted">The picture shows when it would have fired.</p>`;
    const blind = test.unknown > 0.005 ? ` ${number(100 * test.unknown, 0)} % of that time nothing is known.` : "";
    return html`<p><b>It would have fired ${times(test.count)} in ${span(test)}.</b> <span class="muted">It held for ${duration(1000 * test.held)} in all; the longest quiet was ${duration(1000 * test.quiet)}.${blind}${test.spared ? ` ${test.spared} more came too soon after another.` : ""}</span></p>
      <isthmus-rule-past .test=${test}></isthmus-rule-past>
      <p class="small muted">Each time it would ${test.would.join("; ")}.</p>
      ${test.limits.map((text) => html`<p class="small muted">The past does not tell all: ${text}.</p>`)}
      ${test.change ? html`<p class="small">${test.change.includes("mode: live") ? "To let it act, write into the plant file:" : "To have it so, write into the plant file:"}</p><pre class="mono change" tabindex="0" aria-label="What to write into the plant file">${test.change}</pre>` : nothing}`;
  }

  private readonly send = async (event: SubmitEvent) => {
    event.preventDefault();
    const { rule } = this;
    if (!rule || this.busy) return;
    const other = this.changed();
    const step = Object.keys(other).length ? "try" : "test";
    this.busy = true;
    this.trouble = undefined;
    try {
      const test = await send<RuleTest>(`/api/rules/${rule.name}/${step}`, { seconds: this.seconds, ...other });
      if (this.rule?.name === rule.name) this.test = test;
      this.dispatchEvent(new Event("isthmus-tried", { bubbles: true }));
    } catch (cause) {
      this.test = undefined;
      this.trouble = cause instanceof ApiError ? cause : new ApiError(String(cause), "", 0);
    }
    this.busy = false;
  };
}
