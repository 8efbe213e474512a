import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { EmergencyInfo, Hop, LedgerRecords, LedgerVerdict, LockInfo, PermitInfo, SeenCertificate, WaitingCertificate, ZoneInfo, ZoneLevels, ZoneMap } from "../api/contract";
import { ApiError, address, get } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import type { Site } from "../app/site";
import { number } from "../draw/number";
import type { SecurityFinding } from "../parts/findings";
import type { MapWay, MapZone } from "../parts/zone-map";
import { Part } from "../parts/part";
import "../parts/card";
import "../parts/certificate-list";
import "../parts/findings";
import "../parts/ledger-list";
import "../parts/permit-list";
import "../parts/waiting";
import "../parts/zone-map";

const SLOW_MS = 30_000;
const LEDGER_MS = 5_000;
const KINDS = ["", "action", "permit", "sign-in", "account", "policy", "certificate", "zone", "lock", "configuration", "scorecard", "access", "ledger"];

/** The security page: what is open, to whom, and what was done? */
@customElement("isthmus-security-page")
export class SecurityPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly zones = new Resource<ZoneMap>(this, () => "/api/zones", { every: () => SLOW_MS });
  private readonly levels = new Resource<ZoneLevels[]>(this, () => "/api/zones/levels", { every: () => SLOW_MS });
  private readonly seen = new Resource<SeenCertificate[]>(this, () => "/api/certificates/inventory", { every: () => SLOW_MS });
  private readonly waiting = new Resource<WaitingCertificate[]>(this, () => "/api/certificates/pending", { every: () => LEDGER_MS });
  private readonly hops = new Resource<Hop[]>(this, () => "/api/certificates/findings", { every: () => SLOW_MS });
  private readonly ledger = new Resource<LedgerRecords>(this, () => address("/api/ledger", { limit: 100, kind: this.query.get("kind") || undefined }), { every: () => LEDGER_MS, keep: true });
  private readonly emergencies = new Resource<EmergencyInfo[]>(this, () => "/api/emergencies", { every: () => SLOW_MS });
  private readonly permits = new Resource<PermitInfo[]>(this, () => "/api/permits", { every: () => LEDGER_MS });
  private readonly locks = new Resource<LockInfo[]>(this, () => "/api/locks", { every: () => LEDGER_MS });
  @state() private verdict = "";
  @state() private verifying = false;

  override render() {
    return html`<main id="page" class="fit security" tabindex="-1" @isthmus-judged=${() => this.waiting.again()} @isthmus-permit=${() => this.permits.again()}>${this.map()}
      <div class="decide">${this.judge()}${this.work()}${this.weak()}</div>${this.book()}${this.certificates()}</main>`;
  }

  private map() {
    const { value, load } = this.zones;
    const blank = value && value.zones.length === 0 ? { title: "No zones yet", text: "declare `zones` and `conduits` in the plant file; isthmus zones show tells what they mean" } : undefined;
    const islands = value?.zones.filter((zone) => zone.island).length ?? 0;
    const sub = value ? `${value.zones.length} zones, ${value.conduits.length} conduits as declared${islands ? `, ${islands} cut off` : ""}` : "";
    return html`<isthmus-card class="map" heading="Zones and conduits" sub=${sub} .load=${load} ?hollow=${!value} .blank=${blank}>
      <div class="scroll" tabindex="0"><isthmus-zone-map .zones=${(value?.zones ?? []).map((zone) => this.mapZone(zone))} .ways=${this.ways(value)}></isthmus-zone-map></div></isthmus-card>`;
  }

  private mapZone(zone: ZoneInfo): MapZone {
    const edges = zone.edges.map((name) => ({ name, address: "edge" }));
    const links = zone.connections.map((name) => ({ name, address: "connection" }));
    const self = zone.here ? [{ name: "isthmus", address: "this site" }] : [];
    const found = this.levels.value?.find((one) => one.zone === zone.name);
    const least = (levels: Record<string, number>) => Math.min(...Object.values(levels));
    const achieved: [number, number] | null = found ? [least(found.shown), least(found.at_most)] : null;
    return { name: zone.name, level: zone.level, target: zone.target, achieved, isolated: Boolean(zone.island), assets: [...self, ...edges, ...links] };
  }

  private ways(map: ZoneMap | undefined): MapWay[] {
    return (map?.conduits ?? []).map((way) => {
      const found = map?.findings.find((one) => one.about === `conduits.${way.id}` && one.text.includes("nothing protects"));
      return { id: way.id, from: way.source, to: way.target, allow: way.allow, doubt: found ? "plain text" : "" };
    });
  }

  private judge() {
    const { value, load } = this.waiting;
    if (load.state === "ready" && !value?.length) return nothing;
    return html`<isthmus-card heading="Waits for a person" sub=${value ? `${value.length} certificates` : ""} .load=${load} ?hollow=${!value}><div class="scroll" tabindex="0"><isthmus-waiting-certificates .certificates=${value ?? []}></isthmus-waiting-certificates></div></isthmus-card>`;
  }

  private work() {
    const { value, load } = this.permits;
    const asking = value?.filter((permit) => !["refused", "reviewed"].includes(permit.state)) ?? [];
    const locks = this.locks.value ?? [];
    const open = asking.filter((permit) => permit.state === "requested").length;
    const blank = value && !asking.length && !locks.length ? { title: "No permit is open, nothing is locked", text: "isthmus permit request asks for one" } : undefined;
    return html`<isthmus-card class="work" heading="Work permits" sub=${asking.length ? `${open} to decide, ${asking.length - open} others` : ""} .load=${load} ?hollow=${!value} .blank=${blank}><div class="scroll" tabindex="0"><isthmus-permit-list .permits=${asking} .locks=${locks}></isthmus-permit-list></div></isthmus-card>`;
  }

  private weak() {
    const unreviewed = (this.emergencies.value ?? []).filter((one) => !one.reviewed);
    const found: SecurityFinding[] = [
      ...unreviewed.map((one) => ({ where: `opened by ${one.by}, ${clock.moment(one.opened)}`, text: `the glass was broken: ${one.reason}`, advice: `look at what was done, then isthmus user review ${one.number}`, weight: "wrong" as const })),
      ...(this.hops.value ?? []).map((hop) => ({ where: hop.where, text: `${hop.what}: ${hop.found}`, advice: hop.do, weight: hop.weight })),
      ...(this.zones.value?.findings ?? []).map((one) => ({ where: one.about, text: one.text, advice: one.hint, weight: one.state })),
    ];
    const load = this.hops.load.state === "ready" ? this.zones.load : this.hops.load;
    const wrong = found.filter((one) => one.weight === "wrong").length;
    const blank = load.state === "ready" && !found.length ? { title: "Nothing weak is known", text: "isthmus doctor --security looks deeper" } : undefined;
    const people = html`<a class="why" href="/users">users and roles</a>`;
    return html`<isthmus-card class="weak" heading="What is open" .action=${people} sub=${found.length ? `${wrong} to mend, ${found.length - wrong} to know of` : ""} .load=${load} ?hollow=${!found.length} .blank=${blank}><isthmus-findings class="scroll" .findings=${found}></isthmus-findings></isthmus-card>`;
  }

  private book() {
    const { value, load } = this.ledger;
    const kind = this.query.get("kind") ?? "";
    const trouble = value?.trouble || value?.anchor_trouble || (value?.forward?.trouble ? `${value.forward.waiting} records wait for ${value.forward.to}: ${value.forward.trouble}` : "");
    const blank = value && value.records.length === 0 ? { title: kind ? `No ${kind} record` : "No record yet", text: "sign-ins, permits, writes and changes are recorded here" } : undefined;
    const action = html`<select class="field" aria-label="Kind of record" @change=${(event: Event) => this.choose((event.target as HTMLSelectElement).value)}>${KINDS.map((one) => html`<option value=${one} ?selected=${one === kind}>${one || "all kinds"}</option>`)}</select>
      <button ?disabled=${this.verifying} @click=${() => void this.verify()}>${this.verifying ? "Verifying…" : "Verify the chain"}</button>`;
    return html`<isthmus-card class="book" heading="Ledger" sub=${value ? `${number(value.count, 0)} records${this.verdict ? `; ${this.verdict}` : ""}` : ""} .action=${action} .load=${load} ?hollow=${!value} .blank=${blank}>
      ${trouble ? html`<div class="fail notice" role="alert"><b>${trouble}</b></div>` : nothing}<isthmus-ledger-list class="scroll" .records=${value?.records ?? []}></isthmus-ledger-list></isthmus-card>`;
  }

  private certificates() {
    const { value, load } = this.seen;
    const ended = value?.filter((one) => one.standing === "expired").length ?? 0;
    const renews = value?.filter((one) => one.renews).length ?? 0;
    const sub = value ? `${value.length}, ${ended ? `${ended} expired` : "none expired"}, ${renews} renew by themselves` : "";
    return html`<isthmus-card class="certificates" heading="Certificates" sub=${sub} .load=${load} ?hollow=${!value}><isthmus-certificate-list .certificates=${value ?? []}></isthmus-certificate-list></isthmus-card>`;
  }

  private choose(kind: string): void {
    const words = new URLSearchParams(this.query);
    if (kind) words.set("kind", kind);
    else words.delete("kind");
    history.replaceState(null, "", `${location.pathname}${words.size ? `?${words}` : ""}`);
    window.dispatchEvent(new Event("isthmus-route"));
  }

  private async verify(): Promise<void> {
    this.verifying = true;
    try {
      const found = await get<LedgerVerdict>("/api/ledger/verify");
      this.verdict = found.sound ? `sound: ${number(found.records, 0)} records, ${number(found.checkpoints, 0)} signatures` : `not as written: ${found.fault ? `record ${found.fault.number}, ${found.fault.text}` : "damaged"}`;
    } catch (cause) {
      this.verdict = `${cause instanceof Error ? cause.message : String(cause)}${cause instanceof ApiError && cause.hint ? `; ${cause.hint}` : ""}`;
    }
    this.verifying = false;
  }
}
