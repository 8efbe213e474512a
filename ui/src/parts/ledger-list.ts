import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { LedgerRecord } from "../api/contract";
import { clock } from "../app/clock";
import { Part } from "./part";

/** Records of the ledger, newest first: when, who, what; the facts of one open beneath it. */
@customElement("isthmus-ledger-list")
export class LedgerList extends Part {
  @property({ attribute: false }) records: readonly LedgerRecord[] = [];

  override render() {
    return html`<div class="scroll" tabindex="0"><table class="ledger"><thead><tr><th class="num">No.</th><th>When</th><th>Kind</th><th>Who</th><th>What</th></tr></thead>
      <tbody>${this.records.map((record) => this.row(record))}</tbody></table></div>`;
  }

  private row(record: LedgerRecord) {
    const facts = Object.entries(record.facts ?? {});
    return html`<tr><td class="num">${record.number}</td><td class="nowrap">${clock.moment(record.time)}</td><td class="nowrap">${record.kind}</td><td class="tag">${record.by}</td>
      <td>${record.about ? html`<span class="tag small muted">${record.about}</span> ` : nothing}${record.text}
        ${facts.length ? html`<details class="small"><summary>facts</summary><dl class="facts">${facts.map(([name, value]) => html`<dt>${name.replaceAll("_", " ")}</dt><dd class="tag">${String(value)}</dd>`)}<dt>hash</dt><dd class="tag">${record.hash}</dd></dl></details>` : nothing}</td></tr>`;
  }
}
