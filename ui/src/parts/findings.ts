import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { marker } from "./marker";
import { Part } from "./part";

/** Something weak: where, what, what would mend it; `wrong` weighs more than `note`. */
export interface SecurityFinding {
  where: string;
  text: string;
  advice: string;
  weight: "wrong" | "note";
}

/** What is weak, the wrong first, each with what would mend it. */
@customElement("isthmus-findings")
export class Findings extends Part {
  @property({ attribute: false }) findings: readonly SecurityFinding[] = [];

  override render() {
    const sorted = [...this.findings].sort((one, other) => Number(other.weight === "wrong") - Number(one.weight === "wrong"));
    return html`<ul class="att scroll" tabindex="0">${sorted.map((one) => html`<li>${marker(one.weight === "wrong" ? 3 : 4, one.weight === "note")}
      <div class="grow"><div>${one.text}</div><div class="small muted">${one.where}</div><div class="small">${one.advice}</div></div></li>`)}</ul>`;
  }
}
