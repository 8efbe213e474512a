import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import { type DrawnWay, type DrawnZone, layOut } from "../draw/zone-layout";
import { Picture } from "./part";

/** A zone as the map shows it; `achieved` is what evidence shows, and what it does not deny. */
export interface MapZone {
  name: string;
  level: number;
  target: number;
  achieved: [number, number] | null;
  isolated: boolean;
  assets: { name: string; address: string }[];
}

/** A conduit as the map shows it; `doubt` is what a person should know of it, empty where nothing. */
export interface MapWay {
  id: string;
  from: string;
  to: string;
  allow: string[];
  doubt: string;
}

const MARK = 4;
const LETTER = 6.2;

/** Zones by level with their assets, and the conduits between them; a doubtful conduit is dashed and says why. */
@customElement("isthmus-zone-map")
export class ZoneMap extends Picture {
  @property({ attribute: false }) zones: readonly MapZone[] = [];
  @property({ attribute: false }) ways: readonly MapWay[] = [];
  @property() chosen = "";

  override render() {
    if (!this.width) return nothing;
    const drawing = layOut(this.zones, this.ways, this.width);
    const ways = new Map(this.ways.map((way) => [way.id, way]));
    const zones = new Map(this.zones.map((zone) => [zone.name, zone]));
    return html`<svg width=${drawing.width} height=${drawing.height} viewBox="0 0 ${drawing.width} ${drawing.height}" role="img" aria-label=${this.words()}>
      ${drawing.levels.map((level) => svg`<text x="0" y=${level.y + 4}>${level.text}</text>`)}
      ${drawing.zones.map((zone) => this.zone(zone, zones.get(zone.name)))}
      ${drawing.ways.map((way) => this.way(way, ways.get(way.id)))}${drawing.ways.map((way) => this.label(way, ways.get(way.id)))}</svg>`;
  }

  private zone(zone: DrawnZone, told: MapZone | undefined) {
    const level = told ? `SL-T ${told.target}${told.achieved ? `, SL-A ${told.achieved[0] === told.achieved[1] ? told.achieved[0] : told.achieved.join(" to ")}` : ""}` : "";
    const room = zone.width - 24 - zone.name.length * 7.4;
    const words = told?.isolated ? "island" : room > level.length * LETTER ? level : room > 40 && told ? `SL ${told.target}` : "";
    return svg`<g class=${this.chosen === zone.name ? "chosen" : ""}><rect class="zone ${told?.isolated ? "island" : ""}" x=${zone.x} y=${zone.y} width=${zone.width} height=${zone.height}/>
      <text class="name" x=${zone.x + 10} y=${zone.y + 20}>${cut(zone.name, zone.width - 10)}</text><text class="e" x=${zone.x + zone.width - 8} y=${zone.y + 19}>${words}</text>
      ${zone.assets.map((asset) => svg`<g><title>${asset.name} ${asset.address}</title><rect class="asset" x=${asset.x} y=${asset.y} width=${asset.width} height=${asset.height} rx="2"/>
        <text class="tx" x=${asset.x + 7} y=${asset.y + 14}>${cut(asset.name, asset.width)}</text><text x=${asset.x + 7} y=${asset.y + 27}>${cut(asset.address, asset.width)}</text></g>`)}
      ${zone.hidden ? svg`<text x=${zone.x + 10} y=${zone.y + zone.height - 9}>and ${zone.hidden} more</text>` : nothing}</g>`;
  }

  private way(way: DrawnWay, told: MapWay | undefined) {
    const [last, before] = [way.points[way.points.length - 1]!, way.points[way.points.length - 2]!];
    const up = last[1] < before[1] ? 1 : -1;
    const line = way.points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    return svg`<g class="way ${told?.doubt ? "doubt" : ""}"><title>${told ? `${told.from} to ${told.to}: ${carried(told)}` : ""}</title><path d=${line}/>
      <path class="head" d="M${last[0] - MARK} ${last[1] + up * 2 * MARK}l${MARK} ${-up * 2 * MARK} ${MARK} ${up * 2 * MARK}"/></g>`;
  }

  /** Words stand over every line. */
  private label(way: DrawnWay, told: MapWay | undefined) {
    return svg`<text class="tx over" x=${way.label[0]} y=${way.label[1]}>${told ? cut(carried(told), this.width - way.label[0]) : ""}</text>`;
  }

  /** The map for who cannot see it. */
  private words(): string {
    const zones = this.zones.map((zone) => `${zone.name} at level ${zone.level}, ${zone.assets.length} assets`);
    const ways = this.ways.map((way) => `${way.from} to ${way.to} ${way.allow.join(", ")}${way.doubt ? `, ${way.doubt}` : ""}`);
    return `zones: ${zones.join("; ")}. conduits: ${ways.join("; ") || "none"}`;
  }
}

function carried(way: MapWay): string {
  return `${way.allow.join(", ")}${way.doubt ? `: ${way.doubt}` : ""}`;
}

function cut(text: string, width: number): string {
  const most = Math.max(1, Math.floor((width - 10) / LETTER));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
