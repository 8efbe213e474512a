import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { EquipmentInfo, Look, Ribbon } from "../api/contract";
import { LiveTags } from "../api/live";
import { brief, clock } from "../app/clock";
import { type Site, assetHref } from "../app/site";
import { wordOf } from "../draw/number";
import { countLooks } from "../draw/ribbon";
import { reading } from "./analog";
import { Part } from "./part";
import "./analog";
import "./state-ribbon";

/** How a unit looks now: the live state tag where there is one, else the newest interval. */
export function lookNow(unit: EquipmentInfo, site: Site, ribbon: Ribbon | undefined): { look: Look; word: string; since: number | undefined } {
  const last = ribbon?.intervals.at(-1);
  const tag = site.tag(unit.state);
  const now = tag ? reading(tag) : undefined;
  const word = tag && now && now.value !== null ? wordOf(tag, now.value) : last?.state ?? "unknown";
  // A state that is not known now is not drawn as if it still held.
  if (now && now.value !== null && (now.quality === "stale" || now.quality === "bad")) return { look: "unknown", word: `was ${word}`, since: undefined };
  const same = last && last.state === word;
  const cause = causeOf(site, unit);
  const look = same ? last.look : lookOf(word, cause);
  // Why it stands says more than that it stands: "starved" rather than "suspended".
  return { look, word: look !== "run" && cause ? cause.replaceAll("_", " ") : word, since: same ? last.start : undefined };
}

function causeOf(site: Site, unit: EquipmentInfo): string {
  const tag = site.tag(unit.cause);
  const word = tag ? wordOf(tag, reading(tag).value) : "";
  return word === "none" || word === "—" ? "" : word;
}

function lookOf(word: string, why: string): Look {
  if (word === "execute") return "run";
  if (why === "starved" || why === "blocked" || why === "break") return why;
  if (why === "changeover") return "setup";
  if (word === "suspended") return "blocked";
  if (word === "held") return "starved";
  return word === "unknown" ? "unknown" : "stop";
}

/** A unit as a strip of the overview: state, up to three live values, states of the shift. */
@customElement("isthmus-unit")
export class Unit extends Part {
  @property({ attribute: false }) asset!: EquipmentInfo;
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) ribbon: Ribbon | undefined;
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 0;
  protected readonly follow = new LiveTags(this, () => [this.asset.state, this.asset.cause].filter((tag) => tag !== null));

  override render() {
    const { asset, site, ribbon } = this;
    const { look, word, since } = lookNow(asset, site, ribbon);
    const analogs = asset.headline.map((id) => site.tags.get(id)).filter((tag) => tag !== undefined).slice(0, 3);
    const stops = ribbon ? [...countLooks(ribbon.intervals, this.from, this.to)].sort(([, one], [, other]) => other.ms - one.ms)[0] : undefined;
    return html`<div class="head"><a class="b title t15" href=${assetHref(asset.path)}>${asset.title || asset.name}</a>
        <span class="row"><span class="state ${look} small">${word}</span><span class="muted small since">${since ? brief(clock.now() - since) : ""}</span></span></div>
      ${analogs.map((tag) => html`<isthmus-analog .tag=${tag}></isthmus-analog>`)}
      ${ribbon ? html`<div><isthmus-state-ribbon .states=${ribbon.intervals} .from=${this.from} .to=${this.to}></isthmus-state-ribbon>
        <div class="row between tiny muted"><span>${clock.minute(this.from)}</span><span class="clip">${stops ? `${stops[1].count} ${stops[0].replaceAll("_", " ")}` : ""}</span><span>now</span></div></div>` : nothing}`;
  }
}
