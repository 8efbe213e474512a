import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { duration } from "../app/clock";
import { spared, type Actor } from "../draw/alarm-past";
import { number } from "../draw/number";
import { Part } from "./part";

/** What the past says of how each alarm is set, the most frequent first. */
@customElement("isthmus-rationalise")
export class Rationalise extends Part {
  @property({ attribute: false }) actors: readonly Actor[] = [];

  override render() {
    return html`<table aria-label="Rationalise"><thead><tr><th>Alarm</th><th>What is advised</th><th class="num">Would spare</th><th class="num">How often</th><th class="num">Lasts</th><th class="num">Acknowledged</th></tr></thead>
      <tbody>${this.actors.map((actor) => this.row(actor))}</tbody></table>`;
  }

  private row(actor: Actor) {
    const fewer = spared(actor);
    return html`<tr><td><a href="/alarms?view=all&alarm=${encodeURIComponent(actor.path)}">${actor.path.split("/").slice(-2).join(" / ")}</a>${actor.chatters ? html` <span class="chip" title="three times or more in ${actor.chatters} minutes">chatters</span>` : nothing}</td>
      <td class="small">${actor.text || html`<span class="muted">nothing</span>`}</td>
      <td class="num nowrap">${fewer ? html`${fewer} of ${actor.raised}<small>${number((100 * fewer) / actor.raised, 0)} %</small>` : ""}</td>
      <td class="num">${actor.raised}<small>${number(100 * actor.share, 0)} %</small></td><td class="num nowrap">${actor.median === null ? "" : duration(actor.median * 1000)}</td>
      <td class="num">${actor.acknowledged}</td></tr>`;
  }
}
