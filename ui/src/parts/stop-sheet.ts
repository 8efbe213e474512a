import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ReasonInfo, Station, StopExplained, StopInfo } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock, duration } from "../app/clock";
import { FollowOutbox, outbox } from "../app/outbox";
import type { Site } from "../app/site";
import { number, plain } from "../draw/number";
import { Part } from "./part";
import "./outbox";
import "./stop-reason";

/** Opens the card of `stop`: a button, a stretch of the chart or a key asks for it. */
export function openStop(stop: StopInfo): void {
  window.dispatchEvent(new CustomEvent("isthmus-stop", { detail: stop }));
}

/** Why a unit stood, in a few words. */
export function whyOf(stop: StopInfo): { text: string; sure: string } {
  if (stop.said?.reason) return { text: stop.said.title, sure: `said by ${stop.said.by.replace(/^person:/, "")}` };
  if (stop.likely && (stop.asks || !stop.reason)) return { text: stop.likely.title, sure: `likely, ${number(100 * stop.likely.confidence, 0)} %` };
  return stop.reason ? { text: stop.title || plain(stop.reason), sure: "told by the machine" } : { text: "no reason is known", sure: "" };
}

/** The card of one stop: what it was, what is likely and why, all that was said of it, and a place to say why. */
@customElement("isthmus-stop-sheet")
export class StopSheet extends Part {
  @property({ attribute: false }) site!: Site;
  @state() private stop: StopInfo | undefined;
  private from: Element | null = null;
  private readonly answer = new Resource<StopExplained>(this, () => (this.stop ? address("/api/stops/explain", { path: this.stop.path, at: this.stop.start + 1 }) : undefined));

  private readonly station = new Resource<Station>(this, () => (this.stop ? address("/api/operator", { path: this.stop.path }) : undefined));
  private readonly reasons = new Resource<ReasonInfo[]>(this, () => (this.stop ? address("/api/reasons", { path: this.stop.path }) : undefined));
  protected readonly words = new FollowOutbox(this, () => {
    if (this.stop) this.answer.again();
  });

  protected override willUpdate(): void {
    const station = this.station.value;
    if (station) outbox.enter(station.who, station);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("isthmus-stop", this.open);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("isthmus-stop", this.open);
  }

  private readonly open = (event: Event) => {
    this.from = document.activeElement;
    this.stop = (event as CustomEvent<StopInfo>).detail;
    void this.updateComplete.then(() => this.querySelector("dialog")?.showModal());
  };

  private readonly closed = () => {
    this.stop = undefined;
    if (this.from instanceof HTMLElement) this.from.focus();
  };

  private pens(path: string): string {
    const unit = this.site.equipment.get(path);
    return unit ? this.site.pathsOf(unit, "state", "cause").join() : "";
  }

  override render() {
    const stop = this.answer.value?.stop ?? this.stop;
    if (!this.stop || !stop) return nothing;
    const why = whyOf(stop);
    const { who = "", may_say: may = false } = this.station.value ?? {};
    return html`<dialog class="sheet" aria-labelledby="stop-title" @close=${this.closed}>
      <header class="row between"><h2 id="stop-title">${stop.unit}: ${why.text}</h2><form method="dialog"><button class="plain">Esc</button></form></header>
      <p class="small muted">${clock.weekday(stop.start)} ${clock.second(stop.start)} ${stop.going ? "until now" : `to ${clock.second(stop.end)}`}, ${duration(stop.end - stop.start)}${stop.shift ? `, ${stop.shift} shift` : ""}</p>
      <dl class="facts"><dt>State</dt><dd>${plain(stop.state)}</dd><dt>Reason</dt><dd>${why.text}${why.sure ? html` <span class="muted">${why.sure}</span>` : nothing}</dd>
        <dt>Planned time lost</dt><dd>${number(stop.seconds / 60, 1)} min</dd>${stop.alarm ? html`<dt>First alarm</dt><dd>${stop.alarm}</dd>` : nothing}
        ${stop.likely ? html`<dt>Likely</dt><dd>${stop.likely.title}, ${number(100 * stop.likely.confidence, 0)} %: ${stop.likely.because.join("; ")}</dd>` : nothing}</dl>
      <isthmus-outbox></isthmus-outbox><isthmus-stop-reason .stop=${stop} .reasons=${this.reasons.value ?? []} .who=${who} ?may=${may}></isthmus-stop-reason>
      <div class="row wrap"><a class="btn" href="/explore?pens=${this.pens(stop.path)}&range=${Math.round(stop.start - 600_000)}-${Math.round(stop.end + 600_000)}">Samples around it</a></div></dialog>`;
  }
}
