import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { AlarmInfo } from "../api/contract";
import { clock, duration, exact, when } from "../app/clock";
import { aside, nameOf, steps, unseen, type AlarmStep } from "../draw/alarms";
import { number, unitText } from "../draw/number";
import { marker } from "./marker";
import { Part } from "./part";

const WORDS: Record<string, string> = {
  returned: "returned, unacknowledged", "latched-unacknowledged": "latched, unacknowledged", suppressed: "suppressed by design", "out-of-service": "out of service",
};

const BUTTONS: Record<AlarmStep, string> = { acknowledge: "Acknowledge", reset: "Reset", shelve: "Shelve…", unshelve: "Return", restore: "Return" };

/** What a person may want of an alarm, which the page does. */
export interface AlarmAct {
  step: AlarmStep;
  alarm: AlarmInfo;
}

/** Alarms in the order in which to act on them; below them those that ask for nobody. */
@customElement("isthmus-alarm-list")
export class AlarmList extends Part {
  @property({ attribute: false }) alarms: readonly AlarmInfo[] = [];
  @property() selected = "";
  @property() busy = "";
  private inView = "";

  protected override updated(): void {
    if (this.selected === this.inView || !this.alarms.length) return;
    this.inView = this.selected;
    this.querySelector('tr[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  override render() {
    const asking = this.alarms.filter((alarm) => !aside(alarm));
    const away = this.alarms.filter(aside);
    return html`<table aria-label="Alarms"><thead><tr><th><span class="vh">Priority</span></th><th>Since</th><th>Asset, state</th><th>Alarm, value / limit</th><th>What to do</th><th class="num">Time to act</th><th class="r">Action</th></tr></thead>
      <tbody>${asking.map((alarm) => this.row(alarm))}
        ${away.length ? html`<tr class="sect"><td colspan="7">Not asking for you: ${away.length}</td></tr>${away.map((alarm) => this.row(alarm))}` : nothing}</tbody></table>`;
  }

  private row(alarm: AlarmInfo) {
    const off = aside(alarm);
    const place = alarm.equipment.split("/").at(-1) ?? "";
    return html`<tr class=${off ? "off" : ""} aria-selected=${alarm.path === this.selected} data-path=${alarm.path} @click=${() => this.choose(alarm)}>
      <td><span class="row ${unseen(alarm) ? "unack" : ""}">${marker(alarm.priority, off)}</span></td>
      <td class="nowrap">${alarm.since ? exact(alarm.since) : ""}<small>${alarm.since ? duration(clock.now() - alarm.since) : ""}</small></td>
      <td><a class="b" href="/asset/${alarm.equipment}">${place}</a><small>${WORDS[alarm.state] ?? alarm.state}${alarm.judged ? "" : ", its value is bad"}</small></td>
      <td>${alarm.title}${alarm.first ? html` <span class="chip" title="It came first of its group">first</span>` : nothing}<small class="nowrap">${this.reading(alarm)}</small></td>
      <td class="small" title=${alarm.consequence ?? ""}>${this.advice(alarm)}</td>
      <td class="nowrap num">${this.left(alarm)}</td>
      <td class="r nowrap">${this.actions(alarm)}</td></tr>`;
  }

  private reading(alarm: AlarmInfo) {
    if (alarm.value === null || alarm.value === undefined || alarm.limit === null || alarm.limit === undefined) return "";
    const most = Math.max(Math.abs(alarm.value), Math.abs(alarm.limit));
    const digits = most >= 1000 ? 0 : most >= 100 ? 1 : 2;
    return `${number(alarm.value, digits)} / ${number(alarm.limit, digits)} ${unitText(alarm.unit ?? "")}`;
  }

  private advice(alarm: AlarmInfo) {
    if (alarm.state === "shelved") return `Shelved by ${alarm.by} until ${when(alarm.until ?? 0)}: ${alarm.reason}`;
    if (alarm.state === "out-of-service") return `${alarm.reason} (${alarm.by})`;
    return alarm.advice || "look at its trend";
  }

  private left(alarm: AlarmInfo) {
    if (!alarm.response || aside(alarm) || !alarm.raised) return "";
    const left = alarm.raised + alarm.response * 1000 - clock.now();
    return left > 0 ? duration(left) : "over";
  }

  private actions(alarm: AlarmInfo) {
    return steps(alarm).map((step) => html`<button aria-label="${BUTTONS[step]} ${nameOf(alarm)}" ?disabled=${this.busy === alarm.path} @click=${(event: Event) => this.act(event, { step, alarm })}>${BUTTONS[step]}</button> `);
  }

  private choose(alarm: AlarmInfo): void {
    this.dispatchEvent(new CustomEvent("isthmus-choose", { detail: alarm, bubbles: true }));
  }

  private act(event: Event, detail: AlarmAct): void {
    event.stopPropagation();
    this.dispatchEvent(new CustomEvent<AlarmAct>("isthmus-alarm", { detail, bubbles: true }));
  }
}
