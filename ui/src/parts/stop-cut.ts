import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { clock, duration } from "../app/clock";
import { Part } from "./part";

const SECOND = 1_000;
const STEPS = [-60, -10, 10, 60];

/** Chooses the moment at which a stop is cut in two, without typing; fires `isthmus-cut` with it. */
@customElement("isthmus-stop-cut")
export class StopCut extends Part {
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;
  @state() private chosen = 0;

  /** The whole seconds of the stop behind which it can be cut. */
  private get most(): number {
    return Math.max(1, Math.ceil((this.to - this.from) / SECOND) - 1);
  }

  private get second(): number {
    return this.chosen || Math.max(1, Math.round(this.most / 2));
  }

  override render() {
    const at = this.from + this.second * SECOND;
    const move = (by: number) => (this.chosen = Math.min(this.most, Math.max(1, this.second + by)));
    return html`<div class="cut"><p>First part ${clock.second(this.from)} to <b>${clock.second(at)}</b>, ${duration(at - this.from)}; second part ${duration(this.to - at)}</p>
      <input type="range" min="1" max=${this.most} .value=${String(this.second)} aria-label="Where the stop is cut" aria-valuetext="${clock.second(at)}, ${duration(at - this.from)} after its begin"
        @input=${(event: Event) => (this.chosen = Number((event.target as HTMLInputElement).value))} />
      <div class="touch-row">${STEPS.map((step) => html`<button ?disabled=${this.most < Math.abs(step)} @click=${() => move(step)} aria-label="${Math.abs(step)} seconds ${step < 0 ? "earlier" : "later"}">${step < 0 ? "−" : "+"}${Math.abs(step) < 60 ? `${Math.abs(step)} s` : "1 min"}</button>`)}
        <button class="btn main" @click=${() => this.dispatchEvent(new CustomEvent("isthmus-cut", { detail: at, bubbles: true }))}>Cut at ${clock.second(at)}</button></div></div>`;
  }
}
