import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Attention } from "../api/contract";
import { clock, duration } from "../app/clock";
import { marker } from "./marker";
import { Part } from "./part";

/** What needs a person, most urgent first: what it is, since when, what to do, where to look. */
@customElement("isthmus-attention")
export class AttentionList extends Part {
  @property({ attribute: false }) items: readonly Attention[] = [];

  override render() {
    return html`<ul class="att">${this.items.map((item) => html`<li>${marker(item.priority)}
      <div class="grow"><div class="row between"><a class="b clip title" href=${item.href} title=${item.title}>${item.title}</a><span class="muted small nowrap">${duration(clock.now() - item.since)}</span></div>
      <div class="small muted">${item.detail}</div><div class="small">${item.advice}</div></div></li>`)}</ul>`;
  }
}
