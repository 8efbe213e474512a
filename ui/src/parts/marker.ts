import { html, svg, type SVGTemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Priority } from "../api/contract";
import { Part } from "./part";

export const PRIORITY: Record<Priority, string> = { 1: "urgent", 2: "high", 3: "low", 4: "diagnostic" };

const SHAPES: Record<Priority, { y: number; full: SVGTemplateResult; hollow: SVGTemplateResult }> = {
  1: { y: 11.6, full: svg`<rect class="p1" x="0.5" y="0.5" width="15" height="15"/>`, hollow: svg`<rect class="z" x="1" y="1" width="14" height="14"/>` },
  2: { y: 13.2, full: svg`<path class="p2" d="M8 0 L16 15 H0 Z"/>`, hollow: svg`<path class="z" d="M8 1 L15.4 14.6 H.6 Z"/>` },
  3: { y: 11.6, full: svg`<path class="p3" d="M8 -.5 L16.5 8 L8 16.5 L-.5 8 Z"/>`, hollow: svg`<path class="z" d="M8 .3 L15.7 8 L8 15.7 L.3 8 Z"/>` },
  4: { y: 11.6, full: svg`<circle class="p4" cx="8" cy="8" r="7.6"/>`, hollow: svg`<circle class="z" cx="8" cy="8" r="7"/>` },
};

/** The marker's drawing, for use inside other elements. */
export function marker(priority: Priority, hollow = false, label = true) {
  const shape = SHAPES[priority];
  return html`<svg class="mk" viewBox="0 0 16 16" role="img" aria-hidden=${label ? "false" : "true"} aria-label="priority ${priority}, ${PRIORITY[priority]}">
    ${hollow ? shape.hollow : shape.full}<text x="8" y=${shape.y}>${priority}</text></svg>`;
}

/** The marker of one priority: shape and number, colour only as the third sign. */
@customElement("isthmus-marker")
export class Marker extends Part {
  @property({ type: Number }) priority: Priority = 4;
  @property({ type: Boolean }) hollow = false;

  override render() {
    return marker(this.priority, this.hollow);
  }
}
