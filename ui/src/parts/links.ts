import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { LinkInfo } from "../api/contract";
import { duration } from "../app/clock";
import { number } from "../draw/number";
import { marker } from "./marker";
import { Part } from "./part";
import "./sparkline";
import "./value";

/** Look and word of every state of a link. */
export const STATE: Record<LinkInfo["state"], { look: string; word: string }> = {
  up: { look: "run", word: "up" }, partly: { look: "part", word: "up in part" }, down: { look: "stop", word: "down" },
  refused: { look: "stop", word: "refused" }, starting: { look: "unknown", word: "starting" },
};

/** How a link is drawn and what it is called. */
export function linkState(link: LinkInfo) {
  const { look, word } = STATE[link.state];
  const silent = link.state === "partly" && link.silent_tags ? `up, ${link.silent_tags} of ${link.tags} silent` : word;
  return html`<span class="state ${look}">${silent}</span>${link.state === "up" || link.state === "starting" ? nothing : html` ${marker(4)}`}`;
}

/** Which edge runs a link and how far the edge is behind. */
export function edgeText(link: LinkInfo): string {
  const lag = link.uplink_lag_s;
  return typeof lag === "number" ? `${link.edge}, ${lag < 60 ? `${number(lag, 1)} s` : duration(lag * 1000)} behind` : link.edge;
}

/** Small rates keep their decimals, so that one value in five seconds is not zero. */
function rate(value: number): string {
  return number(value, value < 10 ? 1 : 0);
}

/** All links, a row each: health, rate, lag, queue, lost, good share, wire. */
@customElement("isthmus-links")
export class LinkTable extends Part {
  @property({ attribute: false }) links: readonly LinkInfo[] = [];
  @property() chosen = "";
  @property({ type: Number }) now = 0;

  override render() {
    return html`<div class="scroll" tabindex="0"><table><thead><tr><th>Link</th><th>State</th><th>Address</th><th class="hide-m">Zone</th><th class="num">Tags</th><th class="num">Rate, 10 min</th><th class="num">Lag p95</th><th class="num">Queue</th><th class="num">Oldest</th><th class="num">Lost</th><th class="num">Good %</th><th>On the wire</th></tr></thead>
      <tbody>${this.links.map((link) => this.row(link))}</tbody></table></div>`;
  }

  private row(link: LinkInfo) {
    const history = link.rate_history;
    const trend = { time: history.map((_, row) => row), mean: history };
    return html`<tr aria-selected=${link.name === this.chosen ? "true" : "false"}><td class="nowrap"><a class="b" href="?link=${encodeURIComponent(link.name)}">${link.name}</a><small>${link.kind}${link.edge ? html`<br />edge ${edgeText(link)}` : nothing}</small></td>
      <td class="nowrap">${linkState(link)}<small>for ${duration(this.now - link.since)}</small></td><td class="tag"><div class="clip endpoint" title=${link.endpoint}>${link.endpoint}</div></td><td class="hide-m">${link.zone || "—"}</td><td class="num">${link.tags}</td>
      <td class="num"><span class="row" style="justify-content:flex-end"><isthmus-sparkline .trend=${trend}></isthmus-sparkline><span class="nowrap" style="min-width:64px"><b>${rate(link.rate)}</b> <span class="muted small">/s</span></span></span></td>
      <td class="num nowrap"><b>${number(link.lag_p95_s, 2)}</b> <span class="muted small">s</span></td><td class="num">${number(link.queue, 0)}</td><td class="num nowrap">${number(link.oldest_s, 1)} s</td>
      <td class="num nowrap">${link.lost ? marker(4) : nothing} ${number(link.lost, 0)}${link.late || link.corrected ? html`<small title="samples that came after newer ones of their tag, and samples that changed what was known">${number(link.late ?? 0, 0)} late, ${number(link.corrected ?? 0, 0)} corrected</small>` : nothing}</td><td class="num nowrap">${link.good_percent < 99 ? marker(4) : nothing} ${number(link.good_percent, 1)}</td><td class="small wire">${link.wire}</td></tr>`;
  }
}
