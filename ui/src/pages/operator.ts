import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { AlarmList, ReasonInfo, Ribbon, Station, StopExplained, StopInfo, StopsInfo } from "../api/contract";
import { ApiError, address, send } from "../api/get";
import { Resource } from "../api/resource";
import { clock, duration, when } from "../app/clock";
import { Follow } from "../app/follow";
import { FollowOutbox, outbox } from "../app/outbox";
import { asked, open } from "../app/questions";
import { setQuery } from "../app/route";
import type { Site } from "../app/site";
import { remember, stationOf, stations } from "../app/station";
import { type Word, sameStop } from "../app/word";
import { number } from "../draw/number";
import { bar } from "../parts/analog";
import { unseen } from "../draw/alarms";
import { marker } from "../parts/marker";
import { Part } from "../parts/part";
import "../parts/call-help";
import "../parts/card";
import "../parts/figure";
import "../parts/outbox";
import "../parts/shift-note";
import "../parts/state-ribbon";
import "../parts/stop-list";
import "../parts/stop-reason";
import type { StopReason } from "../parts/stop-reason";

const STATION_MS = 4_000;
const STOPS_MS = 20_000;
const ALARMS_MS = 5_000;
const BACK_MS = 12 * 3_600_000; // this shift and the one before
const STEP_MS = 600_000;
const RIBBON_MS = 2 * 3_600_000;
const MARGIN_MS = 20 * 60_000;
const MOST_ROWS = 30;

/** The operator's page: how does it run, and why did it stop? */
@customElement("isthmus-operator-page")
export class OperatorPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  @state() private later: readonly string[] = [];
  @state() private short = false;
  @state() private refused = "";
  private readonly station = new Resource<Station>(this, () => this.ask("/api/operator"), { every: () => STATION_MS });
  private readonly stops = new Resource<StopsInfo>(this, () => this.ask("/api/stops", { from: Math.floor((clock.now() - BACK_MS) / STEP_MS) * STEP_MS }), { every: () => STOPS_MS, keep: true });
  private readonly reasons = new Resource<ReasonInfo[]>(this, () => (this.at ? address("/api/reasons", { path: this.asked?.path ?? this.at.path }) : undefined), { keep: true });
  private readonly alarms = new Resource<AlarmList>(this, () => (this.at ? "/api/alarms" : undefined), { every: () => ALARMS_MS });
  /** The chosen stop where it is older than those of the list. */
  private readonly far = new Resource<StopExplained>(this, () => {
    const { chosen } = this;
    return chosen && this.stops.value && !this.known.some((stop) => sameStop(stop, chosen)) ? address("/api/stops/explain", { path: chosen.path, at: chosen.start + 1 }) : undefined;
  });
  private readonly follow = new Follow(this, () => "2h", () => ({}));
  private readonly ribbon = new Resource<Ribbon[]>(this, () => this.ribbonAddress(), { keep: true });
  protected readonly words = new FollowOutbox(this, () => {
    this.stops.again();
    this.reasons.again();
    this.far.again();
  });

  @query("isthmus-stop-reason") private readonly saying!: StopReason | null;
  private turn = "";
  private place = "";

  private get at() {
    return stationOf(this.site, this.query.get("at"));
  }

  private ask(path: string, more: Record<string, number> = {}): string | undefined {
    return this.at ? address(path, { path: this.at.path, ...more }) : undefined;
  }

  /** The stop that the address names, "packaging/line1/filler@1795791189186". */
  private get chosen(): { path: string; start: number } | undefined {
    const [path = "", start = ""] = (this.query.get("stop") ?? "").split("@");
    return path && Number.isFinite(Number(start || NaN)) ? { path, start: Number(start) } : undefined;
  }

  /** The stops of what was chosen: the answer of before may still be there. */
  private get known(): readonly StopInfo[] {
    const place = this.at?.path ?? "";
    return (this.stops.value?.stops ?? []).filter((stop) => stop.path === place || stop.path.startsWith(`${place}/`));
  }

  protected override willUpdate(): void {
    const station = this.station.value;
    if (station) outbox.enter(station.who, station);
    const place = this.query.toString();
    if (place !== this.place) this.saying?.leave(); // chosen or closed by hand: what was begun is not held on to
    this.place = place;
    const turn = `${this.station.value?.path} ${this.station.value?.look}`;
    if (this.turn && turn !== this.turn) this.stops.again();
    this.turn = turn;
  }

  override render() {
    const { at } = this;
    if (!at) return html`<main id="page" tabindex="-1"><isthmus-card><div class="blank"><b>No machine tells its state yet</b><span>Give a unit of a line a tag with <code>role: state</code> in plant.yaml.</span></div></isthmus-card></main>`;
    return html`<main id="page" class="fit operator" tabindex="-1" @isthmus-worded=${this.worded}>${this.strip(at.path)}<isthmus-outbox></isthmus-outbox>
      ${this.question()}<div class="beside">${this.list()}${this.asking()}${this.help(at.path)}${this.noting()}</div></main>`;
  }

  private strip(path: string) {
    const { value, load } = this.station;
    const select = html`<select class="field" aria-label="The machine or line of this device" @change=${this.choose}>${stations(this.site).map(({ line, units }) => html`<optgroup label=${line.title || line.name}>
      ${[line, ...units].map((one) => html`<option value=${one.path} ?selected=${one.path === path}>${one.title || one.name}${one === line ? ", whole line" : ""}</option>`)}</optgroup>`)}</select>`;
    return html`<isthmus-card class="figures station" .load=${load} ?hollow=${!value}><div class="fig">${select}${value ? this.state(value) : nothing}</div>${value ? html`
      <isthmus-figure .kpi=${value.rate}></isthmus-figure>${this.order(value)}${this.shift(value)}` : nothing}</isthmus-card>`;
  }

  private state(value: Station) {
    const word = value.look === "unknown" ? "Not known" : value.state.charAt(0).toUpperCase() + value.state.slice(1);
    const since = value.since ? ` for ${duration(clock.now() - value.since)}` : "";
    const why = value.look === "run" || value.look === "unknown" ? "" : value.reason ? `, ${value.reason}` : "";
    return html`<div class="state big ${value.look}">${word}</div><div class="small muted">${value.look === "unknown" ? `nothing is known of it${since}` : `${since}${why}`}</div>`;
  }

  private order(value: Station) {
    const { order } = value;
    if (!order) return html`<div class="fig"><div class="small muted">Order</div><div class="b big">—</div><div class="small muted">no order runs here</div></div>`;
    const shape = order.planned ? { low: 0, high: order.planned, normal: null, priority: null, limits: [] } : null;
    return html`<div class="fig order"><div class="small muted">${order.order}, ${order.product}</div><isthmus-value size="l" .value=${order.done} .digits=${0} unit="of ${number(order.planned, 0)} pc"></isthmus-value>
      ${bar(shape, order.done)}<div class="small muted">${order.due ? `due ${clock.moment(order.due)}` : ""}</div></div>`;
  }

  private shift(value: Station) {
    const behind = value.good !== null && value.plan !== null ? value.good - value.plan : null;
    const plan = value.plan === null ? "" : `plan ${number(value.plan, 0)}${behind === null ? "" : behind < 0 ? `, ${number(-behind, 0)} behind` : `, ${number(behind, 0)} ahead`}`;
    return html`<div class="fig"><div class="small muted">Good since ${clock.minute(value.shift_start)}</div><div class="b big">${number(value.good, 0)}</div><div class="small muted">${plan}</div><div class="small muted">${value.shift ? `${value.shift} shift until` : "until"} ${clock.minute(value.shift_end)}</div></div>`;
  }

  private get open(): StopInfo[] {
    return open(this.known, outbox.words, (stop) => outbox.ahead(stop), (stop) => this.later.includes(`${stop.path} ${stop.start}`));
  }

  private get asked(): StopInfo | undefined {
    const held = this.saying?.busy ? this.saying.stop : undefined;
    return asked(this.known, this.chosen, this.far.value?.stop, held, this.open[0]);
  }

  private question() {
    const { value, load } = this.stops;
    const stop = this.asked;
    const blank = value && !stop ? { title: "Every stop has its reason", text: `${this.known.length ? "touch one in the list to look at it or to correct it" : "nothing stopped in the last 12 h"}` } : undefined;
    const may = this.station.value?.may_say ?? false;
    const count = this.open.length;
    const sub = count ? `${count} ${count === 1 ? "stop waits" : "stops wait"} for a reason` : "";
    const away = this.chosen ? html`<button class="touch" @click=${() => setQuery({ stop: undefined })}>Close</button>` : count > 1 && stop && may ? html`<button class="touch" @click=${() => this.postpone(stop)}>Ask me later</button>` : nothing;
    return html`<isthmus-card class="ask" sub=${sub} .action=${html`${away}`} .load=${load} ?hollow=${!value} .blank=${blank}>${stop ? html`${this.picture(stop)}
      <isthmus-stop-reason .stop=${stop} .reasons=${this.reasons.value ?? []} .who=${this.station.value?.who ?? ""} ?may=${may}></isthmus-stop-reason>` : nothing}</isthmus-card>`;
  }

  private span(stop: StopInfo): { from: number; to: number } {
    const { to } = this.follow.range();
    return stop.start > to - RIBBON_MS + MARGIN_MS ? { from: to - RIBBON_MS, to } : { from: stop.start - RIBBON_MS / 2, to: Math.min(to, stop.start + RIBBON_MS / 2) };
  }

  private ribbonAddress(): string | undefined {
    const stop = this.at ? this.asked : undefined;
    return stop ? address("/api/states", { path: stop.path, ...this.span(stop) }) : undefined;
  }

  private picture(stop: StopInfo) {
    const found = this.ribbon.value?.find((one) => one.path === stop.path);
    const { from, to } = this.span(stop);
    return html`<isthmus-state-ribbon .states=${found?.intervals ?? []} .from=${from} .to=${to} .tall=${26} .selected=${{ start: stop.start, end: stop.end }} axis></isthmus-state-ribbon>`;
  }

  private list() {
    const { value, load } = this.stops;
    const all = [...this.known].reverse();
    const worth = all.filter((stop) => stop.counts === "ADOT" || stop.asks || stop.said);
    const shown = (this.short ? all : worth).slice(0, MOST_ROWS);
    const more = all.length - worth.length;
    const blank = value && all.length === 0 ? { title: "Nothing stopped", text: `since ${clock.minute(value.start)}` } : undefined;
    const action = more ? html`<button class="touch" aria-pressed=${this.short} @click=${() => (this.short = !this.short)}>${this.short ? "Long ones only" : `All ${all.length}`}</button>` : nothing;
    return html`<isthmus-card heading="Stops" sub=${value ? `since ${clock.minute(value.start)}` : ""} .action=${html`${action}`} .load=${load} ?hollow=${!value} .blank=${blank}>
      <isthmus-stop-list class="scroll" ?units=${this.at?.level === "work_center"} .stops=${shown} .reasons=${this.reasons.value ?? []} .words=${outbox.words} .selected=${this.asked} @isthmus-choose=${this.look}></isthmus-stop-list></isthmus-card>`;
  }

  private asking() {
    const found = (this.alarms.value?.alarms ?? []).filter((alarm) => this.at && (alarm.path === this.at.path || alarm.path.startsWith(`${this.at.path}/`)) && unseen(alarm));
    const may = this.station.value?.may_acknowledge ?? false;
    if (found.length === 0 && this.alarms.load.state !== "error") return nothing;
    return html`<isthmus-card heading="Alarms" sub="${found.length} not acknowledged" .load=${this.alarms.load}><ul class="stops">${found.map((alarm) => html`<li class="row"><span class="row unack">${marker(alarm.priority)}</span>
      <div class="grow"><b>${alarm.equipment.split("/").at(-1)}: ${alarm.title}</b><div class="small muted">${when(alarm.since)}; ${alarm.advice || "look at its trend"}</div></div>
      ${may ? html`<button class="touch" @click=${() => void this.acknowledge(alarm.path)}>Acknowledge</button>` : nothing}</li>`)}</ul>${this.refused ? html`<div class="fail" role="alert"><b>${this.refused}</b></div>` : nothing}</isthmus-card>`;
  }

  private help(path: string) {
    const helpers = this.station.value?.helpers ?? [];
    return helpers.length ? html`<isthmus-card heading="Call for help"><isthmus-call-help .path=${path} .helpers=${helpers}></isthmus-call-help></isthmus-card>` : nothing;
  }

  private noting() {
    const value = this.station.value;
    if (!value || !(value.may_note || value.notes.length)) return nothing;
    const count = value.notes.length;
    return html`<isthmus-card heading="Note for the next shift" sub=${count ? `${count} ${count === 1 ? "note" : "notes"}` : ""}><isthmus-shift-note .line=${value.line} .who=${value.who} ?may=${value.may_note} .notes=${value.notes} @isthmus-noted=${() => this.station.again()}></isthmus-shift-note></isthmus-card>`;
  }

  private async acknowledge(alarm: string): Promise<void> {
    this.refused = "";
    try {
      await send("/api/alarms/acknowledge", { alarms: [alarm] });
    } catch (cause) {
      this.refused = cause instanceof ApiError ? `${cause.message}; ${cause.hint}` : String(cause);
    }
    this.alarms.again();
  }

  private readonly choose = (event: Event) => {
    const path = (event.target as HTMLSelectElement).value;
    this.later = [];
    remember(path);
    setQuery({ at: path, stop: undefined });
  };

  private readonly look = (event: CustomEvent<StopInfo>) => {
    setQuery({ stop: `${event.detail.path}@${event.detail.start}` });
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".q")?.focus());
  };

  private postpone(stop: StopInfo): void {
    this.saying?.leave();
    this.later = [...this.later, `${stop.path} ${stop.start}`];
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(".q")?.focus());
  }

  private readonly worded = (event: CustomEvent<Word>) => {
    if (event.detail.kind === "say") setQuery({ stop: undefined });
  };
}
