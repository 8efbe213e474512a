import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Companion, MovedTogether } from "../api/contract";
import { duration } from "../app/clock";
import { type Site, tail } from "../app/site";
import { number } from "../draw/number";
import { Part } from "./part";

/** Stretches below which the server says nothing. */
const FEWEST = 30;

/** When a companion moved, in words. */
export function lagText(lag: number): string {
  return lag === 0 ? "same time" : `${lag > 0 ? "lags" : "leads"} ${duration(Math.abs(lag))}`;
}

/**
 * Which tags moved with one: a bar of how strongly, its sign, and how long after or before.
 *
 * Fires `isthmus-pick` {path} for one that is to become a pen, `isthmus-when` to count other times.
 */
@customElement("isthmus-together")
export class TogetherList extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) found: MovedTogether | undefined;
  /** Paths that are pens already. */
  @property({ attribute: false }) shown: ReadonlySet<string> = new Set();

  /** Whether all times count, not only those in which the unit ran. */
  @property({ type: Boolean }) always = false;

  override render() {
    const found = this.found;
    if (!found) return nothing;
    const little = found.known < FEWEST;
    if (found.rows.length === 0) return html`<div class="blank"><b>${little ? "Too little is known of this tag here" : "Nothing moved with it beyond chance"}</b><span>${note(found)}; ${little ? "choose a longer range" : "try a longer range"}</span>${this.when()}</div>`;
    return html`${found.rows.map((row) => this.row(row))}<div class="tiny muted row between"><span>${note(found)}</span>${this.when()}</div>`;
  }

  private when() {
    return html`<button class="plain nowrap" @click=${() => this.dispatchEvent(new CustomEvent("isthmus-when", { bubbles: true }))}>${this.always ? "only while it ran" : "count all times"}</button>`;
  }

  private row(row: Companion) {
    const tag = this.site.tags.get(row.tag);
    if (!tag) return nothing;
    const strength = Math.abs(row.rho);
    const pen = this.shown.has(tag.path);
    return html`<div class="company small" title="${number(row.pairs, 0)} stretches, worth ${number(row.independent, 0)} independent ones">
      <span class="tag clip" title=${tag.path}>${tail(tag.path)}</span>
      <span class="strength" aria-hidden="true"><span style="width:${100 * strength}%" class=${row.rho < 0 ? "against" : ""}></span></span>
      <span class="num">${number(row.rho, 2)}</span><span class="muted nowrap">${row.rho < 0 ? "against it, " : ""}${lagText(row.lag)}</span>
      <button class="plain" ?disabled=${pen} aria-label="Add ${tag.path} as a pen" @click=${() => this.dispatchEvent(new CustomEvent("isthmus-pick", { bubbles: true, detail: { path: tag.path } }))}>${pen ? "shown" : "add"}</button></div>`;
  }
}

/** How much the answer rests on. */
function note(found: MovedTogether): string {
  const rest = [found.unknown ? `${found.unknown} with too little that moves` : "", found.left_out ? `${found.left_out} further away not` : ""].filter(Boolean).join(", ");
  return `known in ${number(found.known, 0)} of ${number(found.stretches, 0)} stretches of ${duration(found.stretch)}; ${found.compared} tags compared${rest ? `, ${rest}` : ""}`;
}
