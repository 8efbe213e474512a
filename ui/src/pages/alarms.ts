import { html, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { AlarmAdvice, AlarmChange, AlarmDone, AlarmFigures, AlarmInfo, AlarmList, NotifyMessage, NotifyState } from "../api/contract";
import { ApiError, send } from "../api/get";
import { live, LiveTags } from "../api/live";
import { Resource } from "../api/resource";
import { single } from "../app/keys";
import { setQuery } from "../app/route";
import type { Site } from "../app/site";
import { aside, chosenText, doneText, steps, unseen } from "../draw/alarms";
import { actorsAt, figuresAt } from "../draw/alarm-past";
import { number } from "../draw/number";
import type { AlarmAct } from "../parts/alarm-list";
import { Part } from "../parts/part";
import "../parts/card";
import "../parts/alarm-figures";
import "../parts/alarm-list";
import "../parts/rationalise";
import "../parts/shelve";
import "../parts/told";

const OFTEN_MS = 5_000;
const SLOW_MS = 60_000;
const ADVICE_MS = 300_000;
const VIEWS = ["active", "all", "journal", "rationalise", "told"] as const;

/** The alarms that a view lists, none where it lists something else. */
function onScreen(view: (typeof VIEWS)[number], alarms: readonly AlarmInfo[] | undefined): readonly AlarmInfo[] {
  return view === "active" || view === "all" ? alarms ?? [] : [];
}

/** The alarms page: what must I do first? */
@customElement("isthmus-alarms-page")
export class AlarmsPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly alarms = new Resource<AlarmList>(this, () => (this.view === "all" ? "/api/alarms?all=true" : "/api/alarms"), { every: () => OFTEN_MS, keep: true });
  private readonly journal = new Resource<AlarmChange[]>(this, () => (this.view === "journal" ? "/api/alarms/journal?limit=200" : undefined), { every: () => OFTEN_MS });
  private readonly notify = new Resource<NotifyState>(this, () => (this.view === "told" ? "/api/notify" : undefined), { every: () => OFTEN_MS });
  private readonly messages = new Resource<NotifyMessage[]>(this, () => (this.view === "told" ? "/api/notify/log?limit=100" : undefined), { every: () => OFTEN_MS });
  private readonly figures = new Resource<AlarmFigures[]>(this, () => "/api/alarms/statistics", { every: () => SLOW_MS });
  private readonly advice = new Resource<AlarmAdvice[]>(this, () => "/api/alarms/rationalise", { every: () => ADVICE_MS });
  protected readonly follow = new LiveTags(this, () => []);
  @state() private shelving: AlarmInfo | undefined;
  @state() private busy = "";
  @state() private testing = "";
  @state() private trouble: ApiError | undefined;
  /** What a screen reader hears of what was chosen and done. */
  @state() private said = "";
  private heard = "";

  private get view(): (typeof VIEWS)[number] {
    return VIEWS.find((view) => view === this.query.get("view")) ?? "active";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.key);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.key);
  }

  protected override willUpdate(): void {
    const told = (live.status?.waiting ?? []).filter((item) => item.alarm).map((item) => `${item.alarm}${item.unseen}${item.since}`).join();
    if (told !== this.heard && this.heard) this.alarms.again();
    this.heard = told || " ";
  }

  override render() {
    return html`<main id="page" class="fit alarms" tabindex="-1" @isthmus-alarm=${this.act} @isthmus-choose=${(event: CustomEvent<AlarmInfo>) => this.choose(event.detail)} @isthmus-shelved=${this.shelved}>
      <div class="vh" role="status">${this.said}</div>${this.list()}${this.rate()}${this.actors()}${this.shelving ? html`<isthmus-shelve class="drawer" .alarm=${this.shelving} line=${this.site.lineOf(this.shelving.equipment)?.path ?? ""}></isthmus-shelve>` : nothing}</main>`;
  }

  private list() {
    const { value, load } = this.alarms;
    const shown = value?.alarms ?? [];
    const asking = shown.filter((alarm) => !aside(alarm));
    const many = asking.filter(unseen).length;
    const mine = asking.filter((alarm) => steps(alarm).includes("acknowledge"));
    const tabs = html`<span class="seg scroll-x">${VIEWS.map((view) => html`<button aria-pressed=${this.view === view} @click=${() => setQuery({ view: view === "active" ? undefined : view })}>${{ active: "Active", all: "All", journal: "Journal", rationalise: "Rationalise", told: "Told" }[view]}</button>`)}</span>
      ${mine.length > 1 ? html`<button ?disabled=${Boolean(this.busy)} @click=${() => void this.acknowledge(mine)}>Acknowledge all ${mine.length}</button>` : nothing}`;
    const unjudged = value?.unjudged ? `; ${value.unjudged} cannot be judged, their values are bad` : "";
    const sub = value ? `${asking.length} active, ${many} not acknowledged${unjudged}${value.dropped ? `; ${value.dropped} changes lost` : ""}` : "";
    const trouble = this.trouble ? html`<div class="fail notice" role="alert"><b>${this.trouble.message}</b><span class="small">${this.trouble.hint}</span></div>` : nothing;
    if (this.view === "rationalise") return this.rationalise(tabs);
    if (this.view === "told") return this.told(tabs, trouble);
    if (this.view === "journal") {
      const blank = this.journal.value?.length === 0 ? { title: "Nothing happened today", text: "isthmus alarm history --last 7d looks further back" } : undefined;
      return html`<isthmus-card class="list" heading="Alarms" sub=${sub} .action=${tabs} .load=${this.journal.load} ?hollow=${!this.journal.value} .blank=${blank}><div class="scroll" tabindex="0"><isthmus-alarm-journal .changes=${this.journal.value ?? []}></isthmus-alarm-journal></div></isthmus-card>`;
    }
    const none = value?.all ? { title: "Nothing asks for you", text: `${value.all} alarms are watched` } : { title: "No alarm is defined", text: "write `alarms:` at a type in the plant file: docs/guides/alarms.md" };
    return html`<isthmus-card class="list" heading="Alarms" sub=${sub} .action=${tabs} .load=${load} ?hollow=${!value} .blank=${value && !shown.length ? none : undefined}>${trouble}
      <div class="scroll" tabindex="0"><isthmus-alarm-list .alarms=${shown} selected=${this.query.get("alarm") ?? ""} busy=${this.busy}></isthmus-alarm-list></div></isthmus-card>`;
  }

  /** Where an operator sits: the chosen line, or the whole site. */
  private get position(): string {
    return figuresAt(this.figures.value, this.query.get("position"))?.position ?? "";
  }

  private placed(position: string): string {
    const place = this.site.equipment.get(position);
    return position ? place?.title || place?.name || position : "whole site";
  }

  private rationalise(tabs: TemplateResult) {
    const { value, load } = this.advice;
    const actors = actorsAt(value ?? [], this.position);
    const blank = value && !actors.length ? { title: "No alarm came in 30 days", text: "what the past says of each stands here" } : undefined;
    return html`<isthmus-card class="list" heading="Rationalise" sub=${value ? `${this.placed(this.position)}: ${actors.length} alarms came in 30 days` : ""} .action=${tabs} .load=${load} ?hollow=${!value} .blank=${blank}>
      <div class="scroll" tabindex="0"><isthmus-rationalise .actors=${actors}></isthmus-rationalise></div></isthmus-card>`;
  }

  private told(tabs: TemplateResult, trouble: TemplateResult | typeof nothing) {
    const { value, load } = this.notify;
    const waiting = value?.waiting ? `${value.waiting} messages wait` : "no message waits";
    const blank = value && !value.channels.length ? { title: "Nobody is told", text: "write `notify:` in the plant file: docs/guides/notify.md" } : undefined;
    return html`<isthmus-card class="list" heading="Who is told" sub=${value ? waiting : ""} .action=${tabs} .load=${load} ?hollow=${!value} .blank=${blank}>${trouble}
      <div class="scroll" tabindex="0" @isthmus-test=${this.test}><isthmus-told .told=${value} .log=${this.messages.value ?? []} testing=${this.testing}></isthmus-told></div></isthmus-card>`;
  }

  private readonly test = async (event: CustomEvent<string>) => {
    this.testing = event.detail;
    this.trouble = undefined;
    try {
      await send<NotifyMessage[]>("/api/notify/test", { to: [event.detail] });
    } catch (cause) {
      this.trouble = cause instanceof ApiError ? cause : new ApiError(String(cause), "", 0);
    }
    this.testing = "";
    this.notify.again();
    this.messages.again();
  };

  private rate() {
    const figures = figuresAt(this.figures.value, this.position);
    const floods = figures?.floods.length ?? 0;
    const told = floods === 1 ? "1 flood" : floods ? `${floods} floods` : "no flood";
    const sub = figures ? `${figures.raised} in a day, ${told}; ${number(figures.mean, 2)} in ten minutes${figures.more ? "; the journal holds more than was read" : ""}` : "";
    const why = { position: "flood and target are meant for one operator: a line is taken for a position, the whole site for all of them together", mean: "alarms that came, over the number of ten minutes (ISA-18.2, EEMUA 191): 1 is acceptable", flood: "from the first of more than ten in ten minutes until fewer than five", standing: "active for more than a day", chattering: "three times or more within a minute" };
    const chart = html`<isthmus-alarm-rate .figures=${figures}></isthmus-alarm-rate>`;
    const troubled = floods || figures?.standing.length;
    return html`<isthmus-card class="rate" heading="Alarms in ten minutes" sub=${sub} .action=${this.positions()} .why=${why} .load=${this.figures.load} ?hollow=${!figures}>
      ${troubled ? html`<div class="pair">${chart}<div class="scroll" tabindex="0" role="group" aria-label="Floods and standing alarms"><isthmus-alarm-troubles .figures=${figures}></isthmus-alarm-troubles></div></div>` : chart}</isthmus-card>`;
  }

  private positions() {
    const known = this.figures.value ?? [];
    if (known.length < 2) return nothing;
    return html`<select class="field" aria-label="Operator's position" @change=${(event: Event) => setQuery({ position: (event.target as HTMLSelectElement).value || undefined })}>${known.map((one) => html`<option value=${one.position} ?selected=${one.position === this.position}>${this.placed(one.position)}</option>`)}</select>`;
  }

  private actors() {
    const { value, load } = this.advice;
    const actors = actorsAt(value ?? [], this.position);
    const blank = value && !actors.length ? { title: "No alarm came in 30 days", text: "what comes most often stands here" } : undefined;
    const all = actors.reduce((sum, actor) => sum + actor.raised, 0);
    const sub = actors.length ? `${this.placed(this.position)}: five make ${number(100 * actors.slice(0, 5).reduce((sum, actor) => sum + actor.share, 0), 0)} % of ${all}; ${actors.filter((actor) => actor.chatters).length} chatter` : "";
    const more = html`<button class="why" @click=${() => setQuery({ view: "rationalise" }, true)}>rationalise</button>`;
    return html`<isthmus-card class="actors" heading="Bad actors, 30 days" sub=${sub} .action=${more} .load=${load} ?hollow=${!value} .blank=${blank}><div class="scroll" tabindex="0"><isthmus-bad-actors .actors=${actors}></isthmus-bad-actors></div></isthmus-card>`;
  }

  private readonly act = (event: CustomEvent<AlarmAct>) => {
    const { step, alarm } = event.detail;
    if (step === "shelve") this.shelving = alarm;
    else void this.ask(step, [alarm]);
  };

  private readonly shelved = () => {
    this.shelving = undefined;
    this.alarms.again();
  };

  private choose(alarm: AlarmInfo): void {
    this.said = chosenText(alarm, onScreen(this.view, this.alarms.value?.alarms));
    setQuery({ alarm: alarm.path });
  }

  private acknowledge(alarms: readonly AlarmInfo[]): Promise<void> {
    return this.ask("acknowledge", alarms);
  }

  private async ask(step: AlarmAct["step"], alarms: readonly AlarmInfo[]): Promise<void> {
    if (!alarms.length) return;
    this.busy = alarms[0]?.path ?? "";
    this.trouble = undefined;
    try {
      const done = await send<AlarmDone[]>(`/api/alarms/${step}`, { alarms: alarms.map((alarm) => alarm.path) });
      this.said = doneText(step, done.filter((alarm) => !alarm.refused));
      const not = done.filter((alarm) => alarm.refused);
      if (not.length) this.trouble = new ApiError(`${not.length} of ${done.length} not done: ${not[0]?.path}: ${not[0]?.refused}`, "", 0);
    } catch (cause) {
      this.trouble = cause instanceof ApiError ? cause : new ApiError(String(cause), "", 0);
    }
    this.busy = "";
    this.alarms.again();
  }

  /** `j` and `k` move, `a` acknowledges what is chosen, `s` shelves it, while the hand is at the list or nowhere; Esc leaves the dialog. */
  private readonly key = (event: KeyboardEvent) => {
    if (event.key === "Escape") this.shelving = undefined;
    const target = event.target as HTMLElement | null;
    const near = target === document.body || target?.id === "page" || target?.closest("isthmus-card.list");
    if (!near || !single(event)) return;
    const shown = onScreen(this.view, this.alarms.value?.alarms);
    const at = shown.findIndex((alarm) => alarm.path === this.query.get("alarm"));
    const here = shown[at];
    if (event.key === "j" || event.key === "k") {
      const next = shown[Math.min(shown.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
      if (next) this.choose(next);
    } else if (event.key === "a" && here && steps(here).includes("acknowledge") && !this.shelving) void this.acknowledge([here]);
    else if (event.key === "s" && here && steps(here).includes("shelve")) {
      event.preventDefault();
      this.shelving = here;
    }
  };
}
