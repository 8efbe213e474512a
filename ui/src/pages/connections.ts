import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { LinkInfo, Links } from "../api/contract";
import { ApiError, send } from "../api/get";
import { Resource } from "../api/resource";
import { clock, duration } from "../app/clock";
import type { Site } from "../app/site";
import { countWord } from "../draw/counts";
import { number } from "../draw/number";
import { STATE, edgeText, linkState } from "../parts/links";
import { Part } from "../parts/part";
import "../parts/browse";
import "../parts/card";
import "../parts/flow";
import "../parts/links";
import "../parts/tap";

const REFRESH_MS = 2000;

/** The connections page: does data flow, is anything lost? */
@customElement("isthmus-connections-page")
export class ConnectionsPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly answer = new Resource<Links>(this, () => "/api/links", { every: () => REFRESH_MS });

  /** What came of trying a link again, by its name. */
  @state() private retried: { name: string; text: string; busy: boolean } | undefined;

  /** The link asked for, else the first that has a problem, else the first. */
  private get chosen(): LinkInfo | undefined {
    const links = this.answer.value?.links ?? [];
    const asked = this.query.get("link");
    return links.find((link) => link.name === asked) ?? links.find((link) => link.state !== "up" && link.state !== "starting") ?? links[0];
  }

  override render() {
    const chosen = this.chosen;
    return html`<main id="page" class="fit connections" tabindex="-1">${this.links(chosen)}${this.path()}
      <div class="ldt">${this.detail(chosen)}${chosen?.can_browse ? this.browse(chosen) : nothing}${this.tap(chosen)}</div></main>`;
  }

  private links(chosen: LinkInfo | undefined) {
    const { value, load } = this.answer;
    const links = value?.links ?? [];
    const up = links.filter((link) => link.state === "up").length;
    const sub = value ? `${up} of ${links.length} up, ${number(links.reduce((sum, link) => sum + link.tags, 0), 0)} tags, ${number(links.reduce((sum, link) => sum + link.rate, 0), 0)} values/s; since install ${number(value.stored, 0)} stored, ${number(value.lost, 0)} lost, ${number(value.rejected, 0)} rejected; since the start ${number(value.late ?? 0, 0)} late, ${number(value.corrected ?? 0, 0)} corrected` : "";
    const blank = value && links.length === 0 ? { title: "No link yet", text: "isthmus browse opc.tcp://… --add plant.yaml writes the first one" } : undefined;
    return html`<isthmus-card class="links" heading="Links" sub=${sub} .load=${load} ?hollow=${!value} .blank=${blank}><isthmus-links .links=${links} .chosen=${chosen?.name ?? ""} .now=${value?.now ?? 0}></isthmus-links></isthmus-card>`;
  }

  private path() {
    const { value, load } = this.answer;
    return html`<isthmus-card heading="Path of a value" sub="if a step stops, the queue grows in the stream, on disk, and nothing is lost" .load=${load} ?hollow=${!value}><isthmus-flow .steps=${value?.path ?? []}></isthmus-flow></isthmus-card>`;
  }

  private detail(link: LinkInfo | undefined) {
    if (!link) return nothing;
    const now = this.answer.value?.now ?? 0;
    return html`<isthmus-card heading=${link.name} sub=${link.kind}>
      <div class="scroll stack" tabindex="0"><div class="row">${linkState(link)}<span class="small muted">for ${duration(now - link.since)}</span></div>
      ${link.error ? html`<div class="fail" role="alert"><b>${link.error}</b><span class="small">${link.hint}</span>${link.next_try_s === null ? nothing : html`<span class="small muted">next try in ${number(Math.max(0, link.next_try_s), 0)} s</span>`}</div>` : html`<p class="small muted">No error since it came up.</p>`}
      ${this.retry(link)}
      <dl class="facts small"><dt>address</dt><dd class="tag">${link.endpoint}</dd><dt>on the wire</dt><dd>${link.wire}</dd>${link.edge ? html`<dt>edge</dt><dd>${edgeText(link)}</dd>` : nothing}<dt>silent tags</dt><dd>${link.silent_tags} of ${link.tags}</dd></dl>
        <dl class="facts counts small">${Object.entries(link.counts).sort(([, one], [, other]) => Number(other > 0) - Number(one > 0)).map(([name, count]) => html`<dt title=${name}>${countWord(name)}</dt><dd>${number(count, 0)}</dd>`)}</dl></div></isthmus-card>`;
  }

  /** Only what is down can be tried again, and only by who runs it. */
  private retry(link: LinkInfo) {
    const told = this.retried?.name === link.name ? this.retried : undefined;
    const down = link.state === "down" || link.state === "refused";
    if (!down && !told) return nothing;
    if (down && link.edge) return html`<p class="small muted">Edge ${link.edge} runs it and tries again by itself.</p>`;
    return html`<div class="row wrap">${down ? html`<button ?disabled=${told?.busy ?? false} @click=${() => void this.tryAgain(link.name)}>Try again now</button>` : nothing}
      <span class="small" role="status">${told?.text ?? ""}</span></div>`;
  }

  private async tryAgain(name: string): Promise<void> {
    this.retried = { name, text: `trying ${name}…`, busy: true };
    try {
      const link = await send<LinkInfo>(`/api/links/${encodeURIComponent(name)}/retry`);
      this.retried = { name, text: `asked at ${clock.second(clock.now())}, now it is ${STATE[link.state].word}`, busy: false };
    } catch (cause) {
      const hint = cause instanceof ApiError && cause.hint ? `; ${cause.hint}` : "";
      this.retried = { name, text: `${cause instanceof Error ? cause.message : String(cause)}${hint}`, busy: false };
    }
    this.answer.again();
  }

  private browse(link: LinkInfo) {
    const answers = link.state === "up" || link.state === "partly";
    return html`<isthmus-card heading="Browse" sub=${link.name} .blank=${answers ? undefined : { title: `${link.name} does not answer`, text: "its address space can be read when it is up" }}>
      ${answers ? html`<isthmus-browse class="scroll" .link=${link.name}></isthmus-browse>` : nothing}
      <div class="tiny muted">“as …” is read already; add others with isthmus browse --add</div></isthmus-card>`;
  }

  private tap(link: LinkInfo | undefined) {
    return html`<isthmus-card class="tapcard" heading="Live tap" .load=${link ? undefined : this.answer.load} ?hollow=${!link}>${link ? html`<isthmus-tap .link=${link.name}></isthmus-tap>` : nothing}</isthmus-card>`;
  }
}
