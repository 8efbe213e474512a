import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import type { PlantInfo } from "../api/contract";
import { ahead } from "../api/get";
import { live } from "../api/live";
import { Resource } from "../api/resource";
import { Part } from "../parts/part";
import { clock } from "./clock";
import { listenToKeys } from "./keys";
import { OTHERS, PAGES } from "./pages";
import { type Route, currentRoute, followLinks } from "./route";
import { Site } from "./site";
import { stationOf } from "./station";
import { applyTheme } from "./theme";
import "../pages/account";
import "../pages/alarms";
import "../pages/rules";
import "../pages/asset";
import "../pages/explore";
import "../pages/connections";
import "../pages/energy";
import "../pages/operator";
import "../pages/performance";
import "../pages/plant";
import "../pages/reports";
import "../pages/scorecard";
import "../pages/security";
import "../pages/users";
import "../parts/card";
import "../parts/sign-in";
import "./banner";
import "./nav";
import "./topbar";

/** The frame of all pages: loads the plant once, keeps the live stream, shows the page of the address. */
@customElement("isthmus-shell")
export class Shell extends Part {
  @state() private route: Route = currentRoute();
  @state() private signedOut = false;
  private site: Site | undefined;
  private readonly plant = new Resource<PlantInfo>(this, () => (this.route.page === "sign-in" ? undefined : "/api/plant"));

  override connectedCallback(): void {
    super.connectedCallback();
    followLinks();
    listenToKeys(() => window.dispatchEvent(new Event("isthmus-search")));
    window.addEventListener("isthmus-route", () => {
      this.route = currentRoute();
      applyTheme();
    });
    window.addEventListener("isthmus-signed-out", () => (this.signedOut = true));
    window.addEventListener("isthmus-back", () => this.plant.again());
    window.addEventListener("isthmus-theme", () => this.requestUpdate());
    if (this.route.page === "scorecard") ahead("/api/scorecard"); // beside the plant, not after it
    if (this.route.page !== "sign-in") live.start();
  }

  protected override willUpdate(): void {
    const info = this.plant.value;
    if (info && info !== this.site?.info) {
      clock.setZone(info.timezone);
      clock.set(info.now, info.clock_rate);
      this.site = new Site(info);
      this.signedOut = false;
    }
    const page = PAGES.find((entry) => entry.name === this.route.page);
    document.title = `${page?.title ?? OTHERS[this.route.page] ?? "Not found"} · ${this.site ? `${this.site.info.site} · ` : ""}isthmus`;
  }

  override render() {
    const { page, rest, query } = this.route;
    if (page === "sign-in") return html`<main id="page" class="door" tabindex="-1"><isthmus-sign-in></isthmus-sign-in></main>`;
    const path = page === "operator" ? (this.site ? stationOf(this.site, query.get("at"))?.path ?? "" : "") : page === "asset" ? rest || (this.site?.assets()[0]?.path ?? "") : page === "plant" || page === "performance" || page === "energy" ? this.site?.line(query.get("line"))?.path ?? "" : "";
    return html`<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="5" height="5" style="fill:var(--card)" /><path d="M0 0V5" style="stroke:var(--process-2);stroke-width:2.4" /></pattern>
        <pattern id="hatch2" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V4" style="stroke:var(--process-3);stroke-width:1.6" /></pattern></defs></svg>
      <isthmus-nav .page=${page} .plant=${this.site?.info}></isthmus-nav>
      <isthmus-topbar .page=${page} .path=${path} .site=${this.signedOut ? undefined : this.site} .signedOut=${this.signedOut} .query=${query}></isthmus-topbar>
      <isthmus-alarm-banner .signedOut=${this.signedOut}></isthmus-alarm-banner>
      <isthmus-page>${this.signedOut ? this.signIn() : this.site ? keyed(page, this.content(this.site)) : this.waiting()}</isthmus-page>`;
  }

  private content(site: Site) {
    const { page, rest, query } = this.route;
    switch (page) {
      case "plant": return html`<isthmus-plant-page .site=${site} .query=${query}></isthmus-plant-page>`;
      case "asset": return html`<isthmus-asset-page .site=${site} .path=${rest} .query=${query}></isthmus-asset-page>`;
      case "explore": return html`<isthmus-explore-page .site=${site} .query=${query}></isthmus-explore-page>`;
      case "performance": return html`<isthmus-performance-page .site=${site} .query=${query}></isthmus-performance-page>`;
      case "energy": return html`<isthmus-energy-page .site=${site} .query=${query}></isthmus-energy-page>`;
      case "connections": return html`<isthmus-connections-page .site=${site} .query=${query}></isthmus-connections-page>`;
      case "alarms": return html`<isthmus-alarms-page .site=${site} .query=${query}></isthmus-alarms-page>`;
      case "operator": return html`<isthmus-operator-page .site=${site} .query=${query}></isthmus-operator-page>`;
      case "reports": return html`<isthmus-reports-page .site=${site} .query=${query}></isthmus-reports-page>`;
      case "rules": return html`<isthmus-rules-page .site=${site} .query=${query}></isthmus-rules-page>`;
      case "scorecard": return html`<isthmus-scorecard-page .site=${site} .query=${query}></isthmus-scorecard-page>`;
      case "security": return html`<isthmus-security-page .site=${site} .query=${query}></isthmus-security-page>`;
      case "account": return html`<isthmus-account-page></isthmus-account-page>`;
      case "users": return html`<isthmus-users-page></isthmus-users-page>`;
      default: return this.missing(page);
    }
  }

  private waiting() {
    return html`<main id="page" tabindex="-1"><isthmus-card heading="The plant" .load=${this.plant.load} hollow></isthmus-card></main>`;
  }

  private signIn() {
    return html`<main id="page" class="door" tabindex="-1"><h2>You are not signed in</h2><isthmus-sign-in></isthmus-sign-in></main>`;
  }

  private missing(page: string) {
    return html`<main id="page" tabindex="-1"><isthmus-card><div class="blank"><b>There is no page “${page}”</b>
      <span>These pages exist: ${PAGES.map((entry, row) => html`${row ? ", " : nothing}<a class="link" href="/${entry.name}">${entry.title}</a>`)}.</span></div></isthmus-card></main>`;
  }
}
