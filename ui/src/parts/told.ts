import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { ChannelInfo, Escalating, NotifyMessage, NotifyState, RotaInfo } from "../api/contract";
import { clock, duration } from "../app/clock";
import { marker } from "./marker";
import { Part } from "./part";

const LOOK: Record<ChannelInfo["state"], { look: string; word: string }> = {
  up: { look: "run", word: "gets through" }, down: { look: "stop", word: "does not get through" }, unused: { look: "unknown", word: "not used yet" },
};
const WORDS: Record<NotifyMessage["state"], string> = {
  waiting: "waits", sent: "sent", failed: "not told", gathered: "told with others", dropped: "no room",
};

/** Whom the plant tells: who is on call, how each channel does, what was told and what was not. */
@customElement("isthmus-told")
export class Told extends Part {
  @property({ attribute: false }) told: NotifyState | undefined;
  @property({ attribute: false }) log: readonly NotifyMessage[] = [];
  /** The name that a test is under way to. */
  @property() testing = "";

  override render() {
    const { told } = this;
    if (!told) return nothing;
    return html`<section class="pair"><div>${this.rotas(told)}</div><div>${this.channels(told.channels)}</div></section>
      ${told.escalating.length ? this.escalating(told.escalating, told.now) : nothing}${this.losses(told)}${this.messages()}`;
  }

  private rotas(told: NotifyState) {
    if (!told.rotas.length) return html`<h3>On call</h3><p class="muted small">The plant file has no rota: docs/guides/notify.md</p>`;
    return html`<h3>On call</h3><table aria-label="On call"><thead><tr><th>Rota</th><th>Now</th><th>Until</th><th class="then">Then</th><th class="r">Try</th></tr></thead>
      <tbody>${told.rotas.map((rota) => html`<tr><td class="b">${rota.title}</td><td>${this.who(rota)}</td>
        <td class="nowrap">${clock.weekday(rota.now.end)} ${clock.minute(rota.now.end)}</td><td class="then">${rota.coming[0]?.who.join(", ") ?? ""}</td><td class="r">${this.test(rota.name)}</td></tr>
        ${rota.trouble ? html`<tr><td colspan="5" class="small">${marker(4)} its calendar does not count: ${rota.trouble}</td></tr>` : nothing}`)}</tbody></table>`;
  }

  private who(rota: RotaInfo) {
    if (!rota.now.who.length) return html`<span>${marker(4)} nobody</span>`;
    const why = rota.now.why === "override" ? " (instead)" : rota.now.why === "calendar" ? " (calendar)" : "";
    return `${rota.now.who.join(", ")}${why}`;
  }

  private channels(channels: readonly ChannelInfo[]) {
    return html`<h3>Channels</h3><table aria-label="Channels"><thead><tr><th>Channel</th><th>State</th><th class="num">Sent</th><th class="num">Not told</th><th class="num">Waits</th><th class="r">Try</th></tr></thead>
      <tbody>${channels.map((channel) => html`<tr><td><span class="b">${channel.name}</span><small>${channel.kind}, ${channel.where}</small></td>
        <td><span class="state ${LOOK[channel.state].look}">${LOOK[channel.state].word}</span>${channel.trouble ? html`<small>${marker(4)} ${channel.trouble}${channel.hint ? `: ${channel.hint}` : ""}</small>` : nothing}</td>
        <td class="num">${channel.sent}</td><td class="num">${channel.failed}</td><td class="num">${channel.waiting}</td><td class="r">${this.test(channel.name)}</td></tr>`)}</tbody></table>`;
  }

  private test(name: string) {
    return html`<button ?disabled=${Boolean(this.testing)} @click=${() => this.dispatchEvent(new CustomEvent("isthmus-test", { detail: name, bubbles: true }))} aria-label="Send test to ${name}">${this.testing === name ? "Sending" : "Send test"}</button>`;
  }

  private escalating(found: readonly Escalating[], now: number) {
    return html`<h3>Until somebody has seen it</h3><table aria-label="Escalations"><thead><tr><th><span class="vh">Priority</span></th><th>Alarm</th><th>Escalation</th><th>Told</th><th>Next</th></tr></thead>
      <tbody>${found.map((one) => html`<tr><td>${marker(one.priority)}</td><td><a href="/alarms?alarm=${encodeURIComponent(one.path)}">${one.title}</a></td><td>${one.escalation}</td>
        <td class="nowrap">step ${one.told} of ${one.steps}</td><td>${typeof one.next === "number" ? `${one.next_to.join(", ")} in ${duration(Math.max(0, one.next - now))}` : "everybody was told"}</td></tr>`)}</tbody></table>`;
  }

  private losses(told: NotifyState) {
    const counts = [
      [told.lost, "came too fast to be told"], [told.nobody, "had nobody to be told to"], [told.dropped, "found no room in the outbox"], [told.damaged, "lines of the outbox could not be read"],
    ].filter(([count]) => count).map(([count, what]) => `${count} ${what}`);
    if (told.trouble) counts.push(told.trouble);
    return counts.length ? html`<p class="small" role="status">${marker(4)} ${counts.join("; ")}</p>` : nothing;
  }

  private messages() {
    if (!this.log.length) return html`<h3>Messages</h3><p class="muted small">Nobody has been told anything yet.</p>`;
    return html`<h3>Messages</h3><table aria-label="Messages"><thead><tr><th><span class="vh">Priority</span></th><th>When</th><th>To</th><th>What</th><th>What became of it</th></tr></thead>
      <tbody>${this.log.map((one) => html`<tr><td>${one.kind === "alarm" || one.kind === "rule" ? marker(one.priority, true) : nothing}</td><td class="nowrap">${clock.moment(one.done ?? one.made)}</td>
        <td class="nowrap">${one.to}<small>${one.channel === one.to ? "" : `by ${one.channel}`}</small></td><td>${one.title}<small>${one.step || one.about}</small></td>
        <td>${one.state === "failed" || one.state === "dropped" ? marker(4) : nothing} ${WORDS[one.state]}${one.why && one.state !== "sent" && one.state !== "gathered" ? html`<small>${one.why}</small>` : nothing}</td></tr>`)}</tbody></table>`;
  }
}
