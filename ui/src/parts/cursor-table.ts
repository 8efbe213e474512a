import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Statistics } from "../api/contract";
import { tail } from "../app/site";
import { digitsOf, number, signed, unitText, wordOf } from "../draw/number";
import type { Pen } from "./lane";
import { marker } from "./marker";
import { Part } from "./part";

/** What the pens did between two times: ends, difference, spread, and how much of it was good. Fires `isthmus-drop` {path}. */
@customElement("isthmus-cursor-table")
export class CursorTable extends Part {
  @property({ attribute: false }) pens: Pen[] = [];
  @property({ attribute: false }) rows: Statistics[] = [];

  override render() {
    return html`<div class="scroll" tabindex="0"><table><thead><tr><th><span class="vh">pen</span></th><th>Tag</th><th>Unit</th><th class="num">At 1</th><th class="num">At 2</th><th class="num">2 − 1</th><th class="num">Min</th><th class="num">Mean</th><th class="num">Max</th><th class="num">Std dev</th><th class="num">Good %</th><th>Normal</th><th><span class="vh">remove</span></th></tr></thead>
      <tbody>${this.pens.map((pen) => this.row(pen))}</tbody></table></div>`;
  }

  private row({ letter, tag }: Pen) {
    const found = this.rows.find((row) => row.tag === tag.id);
    const digits = Math.min(4, digitsOf(tag) + 1);
    const cell = (value: number | null | undefined) => html`<td class="num">${tag.kind === "enumeration" || tag.kind === "boolean" ? wordOf(tag, value) : number(value, digits)}</td>`;
    // A mean of states has no meaning.
    const figure = (value: number | null | undefined) => html`<td class="num">${tag.kind === "number" ? number(value, digits) : "—"}</td>`;
    const difference = found && found.at_start !== null && found.at_end !== null ? found.at_end - found.at_start : null;
    const good = found?.good_percent;
    return html`<tr><td><span class="letter-box pen-${letter}">${letter.toUpperCase()}</span></td><td class="tag" title=${tag.path}>${tail(tag.path)}</td><td class="muted">${unitText(tag.unit)}</td>
      ${cell(found?.at_start)}${cell(found?.at_end)}<td class="num">${tag.kind === "number" ? signed(difference, digits) : "—"}</td>${figure(found?.min)}${figure(found?.mean)}${figure(found?.max)}${figure(found?.std)}
      <td class="num nowrap" title="${number(found?.samples, 0)} samples">${good !== undefined && good < 99 ? marker(4) : ""} ${number(good, 1)}</td>
      <td class="muted small nowrap">${tag.normal ? `${number(tag.normal[0], 1)} to ${number(tag.normal[1], 1)}` : "—"}</td>
      <td class="num"><button class="plain" aria-label="Remove ${tag.path}" @click=${() => this.dispatchEvent(new CustomEvent("isthmus-drop", { bubbles: true, detail: { path: tag.path } }))}>✕</button></td></tr>`;
  }
}
