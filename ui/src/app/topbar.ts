import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Me } from "../api/contract";
import { send } from "../api/get";
import { LiveTags, live } from "../api/live";
import { Resource } from "../api/resource";
import { Part } from "../parts/part";
import { clock } from "./clock";
import { keysAct } from "./keys";
import { outbox } from "./outbox";
import { OTHERS, PAGES } from "./pages";
import type { Site } from "./site";
import { assetHref } from "./site";
import { setTheme, theme } from "./theme";
import type { Search } from "./search";
import "./search";
import "../parts/saved-views";

const HANDS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
const NEXT = { auto: "dark", dark: "light", light: "auto" } as const;

/** The top bar: where you are, search, theme, and the plant's clock and shift. */
@customElement("isthmus-topbar")
export class Topbar extends Part {
  @property() page = "";
  @property() path = "";
  @property({ attribute: false }) signedOut = false;
  @property({ attribute: false }) site: Site | undefined;
  @property({ attribute: false }) query = new URLSearchParams();
  protected readonly follow = new LiveTags(this, () => []);
  /** Whether the search covers the bar of a small screen. */
  @state() private searching = false;
  @query("isthmus-search") private search!: Search | null;
  private readonly me = new Resource<Me>(this, () => (this.site ? "/api/session" : undefined));
  private tick = 0;
  private hand = Date.now();
  private told = 0;

  protected override willUpdate(): void {
    const me = this.me.value;
    if (me && !me.locked) outbox.enter(me.id, me); // words that wait are sent from every page
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("isthmus-who", this.ask);
    this.setAttribute("role", "banner");
    window.addEventListener("isthmus-search", this.find);
    this.addEventListener("focusout", this.found);
    for (const hand of HANDS) window.addEventListener(hand, this.touched, { passive: true });
    this.tick = window.setInterval(() => {
      this.requestUpdate();
      this.lock();
    }, 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("isthmus-search", this.find);
    window.removeEventListener("isthmus-who", this.ask);
    this.removeEventListener("focusout", this.found);
    for (const hand of HANDS) window.removeEventListener(hand, this.touched);
    clearInterval(this.tick);
  }

  /** Somebody else may have signed in from another window. */
  private readonly ask = () => this.me.again();

  private readonly touched = () => {
    this.hand = Date.now();
    const pause = 1000 * (this.me.value?.lock_after ?? 0);
    if (!pause || this.signedOut || this.hand - this.told < Math.max(1000, pause / 20)) return;
    this.told = this.hand; // the site locks by itself where it hears of no hand
    void send("/api/session/hand").catch(() => undefined);
  };

  /** Locks the session once no hand was on the page for as long as the plant file says. */
  private lock(): void {
    const me = this.me.value;
    if (!me?.lock_after || this.signedOut || Date.now() - this.hand < me.lock_after * 1000) return;
    this.hand = Date.now();
    void send("/api/session/lock").catch(() => undefined).finally(() => window.dispatchEvent(new Event("isthmus-signed-out")));
  }

  override render() {
    const title = PAGES.find((entry) => entry.name === this.page)?.title ?? OTHERS[this.page] ?? "Not found";
    const now = clock.now();
    const wanted = theme();
    return html`<h1>${title}</h1><nav class="crumb hide-s" aria-label="Path">${this.crumbs()}</nav>
      <div class="grow"></div>
      ${this.site && this.page === "explore" ? html`<isthmus-views .site=${this.site} .query=${this.query}></isthmus-views>` : nothing}
      ${this.site ? html`<isthmus-search class="search ${this.searching ? "over" : ""}" .site=${this.site} .keys=${keysAct()}></isthmus-search>` : nothing}
      <button class="switch hide-s" title="Theme: ${wanted}; next: ${NEXT[wanted]}" aria-label="Theme is ${wanted}, change to ${NEXT[wanted]}" @click=${this.turn}>
        <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><circle cx="7" cy="7" r="6" style="fill:none;stroke:currentColor;stroke-width:1.5" /><path d="M7 1a6 6 0 0 1 0 12z" style="fill:currentColor" /></svg></button>
      ${this.me.value && !this.signedOut ? html`<a class="link me" href="/account" title="My account: signed in by ${this.me.value.how}">${this.me.value.owner ? "owner" : this.me.value.name}</a>` : nothing}
      <div class="clock"><b>${this.site ? clock.second(now) : "--:--:--"}</b> <span class="tiny muted">${this.site ? clock.zone(now) : ""}</span>
        <div class="tiny muted">${this.site ? clock.weekday(now) : ""}${live.status?.shift ? ` · ${live.status.shift}` : ""}${clock.rate() !== 1 ? ` · ${clock.rate()}× time` : ""}</div></div>`;
  }

  private crumbs() {
    const info = this.site?.info;
    if (!info) return nothing;
    const words = this.path ? this.path.split("/") : [];
    const ends = words.length === 0;
    return html`<a href="/plant">${info.enterprise}</a> / ${ends ? html`<b>${info.site}</b>` : html`<a href="/plant">${info.site}</a>`}${words.map((word, depth) => {
      const path = words.slice(0, depth + 1).join("/");
      const equipment = this.site?.equipment.get(path);
      const href = equipment?.flow.length ? `/plant?line=${path}` : equipment?.tags.length ? assetHref(path) : "/plant";
      return html` / ${depth === words.length - 1 ? html`<b>${word}</b>` : html`<a href=${href}>${word}</a>`}`;
    })}`;
  }

  private readonly find = async () => {
    this.searching = true;
    await this.updateComplete;
    this.search?.take();
  };

  private readonly found = () => {
    this.searching = false;
  };

  private readonly turn = () => {
    setTheme(NEXT[theme()]);
    this.requestUpdate();
  };
}
