import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { PathStep } from "../api/contract";
import { number, short } from "../draw/number";
import { marker } from "./marker";
import { Part } from "./part";

/** The way of a value from the device to the page: rate, delay and queue of every step. */
@customElement("isthmus-flow")
export class Flow extends Part {
  @property({ attribute: false }) steps: readonly PathStep[] = [];

  override render() {
    return html`<ol class="flow">${this.steps.map((step) => html`<li class="step ${step.state}">
      <div class="row between"><b>${step.name}${step.state === "up" ? nothing : html` ${marker(4)}`}</b>${step.queued === null ? nothing : html`<span class="tiny muted nowrap">${short(step.queued, 1)} queued</span>`}</div>
      <div class="row between small"><span class="nowrap">${step.rate === null ? "—" : `${number(step.rate, step.rate < 10 ? 1 : 0)} /s`}${step.state === "up" ? "" : `, ${step.state}`}</span>
        ${step.fill_percent === null ? nothing : html`<span class="fillbar" role="img" aria-label="${number(step.fill_percent, 0)} % full"><i style="width:${Math.min(100, Math.max(3, step.fill_percent))}%"></i></span>`}</div>
      <div class="tiny muted clip" title=${step.detail}>${step.delay_s === null ? step.detail || "—" : `${number(step.delay_s, 2)} s${step.detail ? `, ${step.detail}` : ""}`}</div></li>`)}</ol>`;
  }
}
