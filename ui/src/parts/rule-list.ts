import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { RuleInfo } from "../api/contract";
import { brief, clock } from "../app/clock";
import { Part } from "./part";

/** How a rule stands, in a word and as the class that draws it. */
export function standing(rule: RuleInfo): { word: string; look: string } {
  if (rule.disabled) return { word: "off", look: "unknown" };
  if (rule.acting) return { word: "live", look: "run" };
  return rule.mode === "live" ? { word: "live, not tried", look: "part" } : { word: "trial", look: "stop" };
}

/** All rules: which acts, which holds now, when each fired. */
@customElement("isthmus-rule-list")
export class RuleList extends Part {
  @property({ attribute: false }) rules: readonly RuleInfo[] = [];
  @property() selected = "";

  override render() {
    return html`<table aria-label="Rules"><thead><tr><th>Rule</th><th>State</th><th class="hide-s">Holds now</th><th>Last fired</th><th class="num">In a day</th></tr></thead>
      <tbody>${this.rules.map((rule) => this.row(rule))}</tbody></table>`;
  }

  private row(rule: RuleInfo) {
    const { word, look } = standing(rule);
    const last = rule.last ? `${brief(clock.now() - rule.last)} ago` : "never";
    const here = rule.on.length ? rule.on.map((path) => path.split("/").at(-1)).slice(0, 2).join(", ") + (rule.on.length > 2 ? ` and ${rule.on.length - 2}` : "") : "";
    return html`<tr aria-selected=${rule.name === this.selected} data-rule=${rule.name}><td><button class="plain" @click=${() => this.choose(rule)}>${rule.title || rule.name}</button><small>${rule.when}</small></td>
      <td><span class="state ${look}">${word}</span></td><td class="hide-s">${here || html`<span class="muted">nowhere</span>`}</td><td class="nowrap" title=${rule.last ? clock.full(rule.last) : nothing}>${last}</td><td class="num">${rule.in_a_day}</td></tr>`;
  }

  private choose(rule: RuleInfo) {
    this.dispatchEvent(new CustomEvent("isthmus-choose", { detail: rule, bubbles: true }));
  }
}
