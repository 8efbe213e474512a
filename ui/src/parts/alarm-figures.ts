import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { AlarmChange, AlarmFigures } from "../api/contract";
import { clock } from "../app/clock";
import { floodText, type Actor } from "../draw/alarm-past";
import { number } from "../draw/number";
import { marker } from "./marker";
import { Part } from "./part";

const FLOOD = 10;
const WIDTH = 480, HEIGHT = 150, LEFT = 24, FOOT = 18;

/** Alarms in each ten minutes, against the flood's line and the target. */
@customElement("isthmus-alarm-rate")
export class AlarmRate extends Part {
  @property({ attribute: false }) figures: AlarmFigures | undefined;

  override render() {
    const { figures } = this;
    if (!figures) return nothing;
    const counts = figures.per_ten_minutes;
    const top = Math.max(FLOOD + 2, ...counts);
    const y = (count: number) => HEIGHT - FOOT - (count / top) * (HEIGHT - FOOT - 6);
    const step = (WIDTH - LEFT - 60) / Math.max(1, counts.length);
    const ticks = [0, 0.25, 0.5, 0.75].map((share) => ({ x: LEFT + share * step * counts.length, at: figures.start + share * (figures.end - figures.start) }));
    return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="alarms in each ten minutes: ${figures.raised} in all, at most ${figures.most}">
      ${[0, 5, FLOOD].map((count) => svg`<path class="grid" d="M${LEFT} ${y(count)}H${WIDTH - 60}"/><text class="e" x=${LEFT - 5} y=${y(count) + 4}>${count}</text>`)}
      ${ticks.map((tick) => svg`<text class="m" x=${tick.x} y=${HEIGHT - 4}>${clock.minute(tick.at)}</text>`)}
      ${counts.map((count, at) => (count ? svg`<rect class="fw" x=${LEFT + at * step} y=${y(count)} width=${Math.max(1, step - 0.5)} height=${y(0) - y(count)}/>` : nothing))}
      <path class="limit" d="M${LEFT} ${y(FLOOD)}H${WIDTH - 60}"/><text class="tx" x=${WIDTH - 56} y=${y(FLOOD) + 4}>flood, 10</text><text class="tx" x=${WIDTH - 56} y=${y(1) + 4}>target 1</text></svg>`;
  }
}

/** Each flood, and what has stood for more than a day. */
@customElement("isthmus-alarm-troubles")
export class AlarmTroubles extends Part {
  @property({ attribute: false }) figures: AlarmFigures | undefined;

  override render() {
    const { figures } = this;
    if (!figures) return nothing;
    const standing = figures.standing.map((path) => html`<li><a class="link" href="/alarms?alarm=${encodeURIComponent(path)}">${path.split("/").slice(-2).join(" / ")}</a></li>`);
    return html`${figures.floods.length ? html`<h3>Floods</h3><ul aria-label="Floods">${[...figures.floods].reverse().map((flood) => html`<li>${floodText(flood, figures.end)}</li>`)}</ul>` : nothing}
      ${standing.length ? html`<h3>Active for more than a day</h3><ul aria-label="Standing alarms">${standing}</ul>` : nothing}`;
  }
}

/** The alarms that come most often, with what would make each quieter. */
@customElement("isthmus-bad-actors")
export class BadActors extends Part {
  @property({ attribute: false }) actors: readonly Actor[] = [];

  override render() {
    const most = this.actors[0]?.raised ?? 1;
    return html`<ul class="actors">${this.actors.slice(0, 5).map((actor) => html`<li title=${actor.text}>
      <span class="clip">${actor.path.split("/").slice(-2).join(" / ")}</span><svg viewBox="0 0 120 9" aria-hidden="true"><rect class="fw" width=${(120 * actor.raised) / most} height="9"/></svg>
      <span class="num b">${actor.raised}</span><span class="num muted">${number(100 * actor.share, 0)} %</span>${actor.text ? html`<small class="muted">${actor.text}</small>` : nothing}</li>`)}</ul>`;
  }
}

/** What became of alarms, newest first. */
@customElement("isthmus-alarm-journal")
export class AlarmJournal extends Part {
  @property({ attribute: false }) changes: readonly AlarmChange[] = [];

  override render() {
    return html`<table aria-label="Journal"><thead><tr><th><span class="vh">Priority</span></th><th>When</th><th>Alarm</th><th>What</th><th>By</th></tr></thead>
      <tbody>${this.changes.map((change) => html`<tr><td>${marker(change.priority as 1 | 2 | 3 | 4, true)}</td><td class="nowrap">${clock.moment(change.time)}</td>
        <td>${change.path.split("/").slice(-2).join(" / ")}</td><td>${change.text}${change.first ? html` <span class="chip">first</span>` : nothing}${change.note ? html`<small>${change.note}</small>` : nothing}</td>
        <td class="nowrap">${change.by === "isthmus" ? "" : change.by}</td></tr>`)}</tbody></table>`;
  }
}
