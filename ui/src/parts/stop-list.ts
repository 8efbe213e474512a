import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ReasonInfo, StopInfo } from "../api/contract";
import { clock, duration } from "../app/clock";
import type { Word } from "../app/word";
import { sameStop } from "../app/word";
import { called, fullTitle } from "../draw/reasons";
import { Part } from "./part";

/** Stops as large rows, the newest first: when, how long, which unit, and why; fires `isthmus-choose`. */
@customElement("isthmus-stop-list")
export class StopList extends Part {
  @property({ attribute: false }) stops: readonly StopInfo[] = [];
  @property({ attribute: false }) reasons: readonly ReasonInfo[] = [];
  @property({ attribute: false }) words: readonly Word[] = [];
  @property({ attribute: false }) selected: Pick<StopInfo, "path" | "start"> | undefined;
  /** Whether rows name the unit. */
  @property({ type: Boolean }) units = false;

  override render() {
    return html`<ul class="stops">${this.stops.map((stop) => this.row(stop))}</ul>`;
  }

  private row(stop: StopInfo) {
    const word = this.words.find((one) => one.kind === "say" && !one.objection && sameStop(one, stop));
    const why = word ? html`<b>${word.title}</b> <span class="chip">waits</span>`
      : stop.said?.reason ? html`<b>${fullTitle(this.reasons, stop.said.reason)}</b> <span class="muted">${called(stop.said.by)}</span>`
        : stop.asks ? html`<span class="asks">why?</span> ${stop.title ? html`<span class="muted">${stop.title}</span>` : nothing}` : html`<span>${stop.title || "not said"}</span>`;
    const chosen = this.selected && sameStop(stop, this.selected);
    return html`<li><button aria-pressed=${chosen ? "true" : "false"} @click=${() => this.dispatchEvent(new CustomEvent("isthmus-choose", { detail: stop, bubbles: true }))}>
      <span class="when">${clock.minute(stop.start)}<small>${stop.going ? "stands" : duration(stop.end - stop.start)}</small></span><span class="why-it">${this.units ? html`<small>${stop.unit}</small>` : nothing}${why}</span></button></li>`;
  }
}
