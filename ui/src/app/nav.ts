import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { PlantInfo, Priority } from "../api/contract";
import { LiveTags, live } from "../api/live";
import { marker } from "../parts/marker";
import { Part } from "../parts/part";
import { number } from "../draw/number";
import { keysAct } from "./keys";
import { PAGES } from "./pages";
import { setTheme, theme } from "./theme";

/** The rail: one entry a page, a marker where something is abnormal, and at its foot whether data flows. */
@customElement("isthmus-nav")
export class Nav extends Part {
  @property() page = "";
  @property({ attribute: false }) plant: PlantInfo | undefined;
  @state() private more = false;
  protected readonly follow = new LiveTags(this, () => []);

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "navigation");
    this.setAttribute("aria-label", "Pages");
    window.addEventListener("isthmus-route", this.closeMore);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("isthmus-route", this.closeMore);
  }

  private readonly find = () => {
    this.more = false;
    window.dispatchEvent(new Event("isthmus-search"));
  };

  private readonly closeMore = () => {
    this.more = false;
  };

  override render() {
    let group = "";
    return html`<a class="brand" href="/plant"><svg viewBox="0 0 22 22" aria-hidden="true"><path d="M1 3h20v4H13v8h8v4H1v-4h8V7H1z" /></svg><span>isthmus</span></a>
      ${PAGES.map((entry) => {
        const title = entry.group !== group ? html`<div class="group">${entry.group}</div>` : nothing;
        group = entry.group;
        return html`${title}${this.entry(entry.name, entry.rare)}`;
      })}
      <button class="nav more" aria-expanded=${this.more} @click=${() => (this.more = !this.more)}>
        <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 4h12M2 8h12M2 12h12" /></svg><span>More</span></button>
      ${this.more ? html`<div class="sheet"><button class="nav" @click=${this.find}><span style="text-align:left">Go to asset or tag</span></button>${PAGES.filter((entry) => entry.rare).map((entry) => this.entry(entry.name, false))}
        <button class="nav" @click=${() => setTheme(theme() === "dark" ? "light" : "dark")}><span style="text-align:left">Light or dark</span></button></div>` : nothing}
      ${this.foot()}`;
  }

  private entry(name: string, rare: boolean) {
    const entry = PAGES.find((page) => page.name === name);
    if (!entry) return nothing;
    const priority = live.status?.attention[name] as Priority | undefined;
    return html`<a class="nav ${rare ? "rare" : ""}" href="/${name}" title=${keysAct() ? `keys g ${entry.key}` : nothing} aria-current=${this.page === name ? "page" : nothing}>
      <svg viewBox="0 0 16 16" aria-hidden="true">${entry.icon}</svg><span>${entry.title}</span>${priority ? marker(priority) : nothing}</a>`;
  }

  private foot() {
    const { status, stale } = live;
    const flows = status && !stale && status.bus === "up" && status.history === "up" && status.links > 0 && status.links_up === status.links;
    const parts = status && !stale ? [
      status.links === 0 ? "no link yet" : "",
      status.bus !== "up" ? `stream ${status.bus}` : "",
      status.history !== "up" ? `history ${status.history}` : "",
      status.links_up < status.links ? `${status.links - status.links_up} of ${status.links} links down` : "",
      status.lost > 0 ? `${number(status.lost, 0)} lost` : "",
    ].filter(Boolean) : [];
    const text = !status ? "waiting for the site" : stale ? "the site is silent" : flows ? "data flows" : parts.join(", ");
    return html`<div class="foot"><a class="state ${flows ? "run" : status && !stale ? "part" : "stop"}" href="/connections">${text}${status && !stale && status.links > 0 ? `, lag ${number(status.lag_s, 1)} s` : ""}</a>
      ${status && !stale ? html`<span>${number(status.values_per_s, 0)} values/s, ${number(status.lost, 0)} lost</span>` : nothing}
      <span>${this.plant ? `site ${this.plant.site} · ${this.plant.version}` : ""}</span></div>`;
  }
}
