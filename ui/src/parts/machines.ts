/** Pictures of machines on a conveyor; a machine that stands is drawn hollow. */
import { html, nothing, svg } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { EquipmentInfo, Look } from "../api/contract";
import { Picture } from "./part";

/** Between two columns of the units below the picture. */
const GAP = 28;

const posts = svg`<rect x="0" y="0" width="3" height="76"/><rect x="79" y="0" width="3" height="76"/>`;

/** Drawings by what the machine is called or of which type it is. */
const DRAWINGS: [RegExp, ReturnType<typeof svg>][] = [
  [/fill(er|ing)/i, svg`<path d="M6 0H76V14H60V34H54V14H44V34H38V14H28V34H22V14H6z"/>${posts}`],
  [/capp(er|ing)/i, svg`<path fill-rule="evenodd" d="M41 1a19 19 0 1 0 .01 0zM41 9a11 11 0 1 1-.01 0z"/><circle cx="41" cy="20" r="4.5"/><rect x="36" y="39" width="10" height="9"/>${posts}`],
  [/label(l?er|l?ing)/i, svg`<path fill-rule="evenodd" d="M12 4h24v36H12zM17 11h14v4H17zM17 19h14v14H17z"/><path d="M36 11h24v22h-2V13H36z"/><circle cx="59" cy="36" r="5"/>${posts}`],
  [/pallet/i, svg`<rect x="0" y="0" width="7" height="76"/><path d="M7 6H58V14H7z"/><rect x="50" y="14" width="6" height="12"/><path d="M36 36h13.5v10.5H36zM51 36h13.5v10.5H51zM36 48h13.5v10.5H36zM51 48h13.5v10.5H51zM66 48h13.5v10.5H66zM36 60h13.5v10.5H36zM51 60h13.5v10.5H51zM66 60h13.5v10.5H66zM34 72H84V75H34z"/>`],
  [/pack(er|ing)|cas(er|ing)|carton/i, svg`<path d="M8 0H74V8H46V22H58V40H24V22H36V8H8z"/>${posts}`],
];
/** A machine of a kind that has no drawing. */
const HOUSING = svg`<path fill-rule="evenodd" d="M10 8h62v40H10zM18 16h20v12H18zM46 18h18v3H46zM46 25h18v3H46z"/>${posts}`;

const drawingOf = (kind: string) => DRAWINGS.find(([pattern]) => pattern.test(kind))?.[1];

const bottle = (x: number, capped: boolean, labelled: boolean) => svg`<path class="fp2" d="M${x} 81h7v-13l-2-3v-4h-3v4l-2 3z"/>${capped ? svg`<rect class="fp2" x=${x + 1.4} y="59" width="4.2" height="3"/>` : nothing}${labelled ? svg`<rect class="fc" x=${x} y="71" width="7" height="5"/>` : nothing}`;
const box = (x: number) => svg`<rect class="fp2" x=${x} y="61" width="28" height="20"/><rect class="fc" x=${x} y="70" width="28" height="1.5"/>`;

const piece = (x: number) => svg`<rect class="fp2" x=${x} y="65" width="16" height="16"/>`;

/** What lies between two machines: what the ones before have done to the piece; a plain block where one is of no known kind. */
function load(done: string[], from: number, room: number) {
  const last = done.at(-1) ?? "";
  if (/pallet/i.test(last)) return nothing;
  const plain = !done.some((kind) => /fill(er|ing)/i.test(kind)) || done.some((kind) => !drawingOf(kind));
  const packed = !plain && done.some((kind) => /pack(er|ing)|cas(er|ing)|carton/i.test(kind));
  const step = packed ? 42 : 24;
  const count = Math.max(0, Math.min(packed ? 4 : 8, Math.floor((room - 20) / step)));
  return Array.from({ length: count }, (_, row) => plain ? piece(from + 12 + row * step) : packed ? box(from + 10 + row * step) : bottle(from + 12 + row * step, done.some((kind) => /capp/i.test(kind)), done.some((kind) => /label/i.test(kind))));
}

/** The line as a picture: its machines in the order of the material. */
@customElement("isthmus-flow-picture")
export class FlowPicture extends Picture {
  @property({ attribute: false }) units: EquipmentInfo[] = [];
  @property({ attribute: false }) looks: ReadonlyMap<string, Look> = new Map();

  override render() {
    const { width, units } = this;
    if (width < 200 || units.length === 0) return nothing;
    const step = (width + GAP) / units.length;
    const rollers = Array.from({ length: Math.floor(width / 22) }, (_, row) => svg`<circle class="fp3" cx=${8 + row * 22} cy="85" r="1.6"/>`);
    const kinds = units.map((unit) => `${unit.name} ${unit.type}`);
    const words = units.map((unit) => `${unit.title || unit.name} ${this.looks.get(unit.path) ?? "unknown"}`).join(", ");
    return html`<svg width=${width} height="92" viewBox="0 0 ${width} 92" role="img" aria-label="the line: ${words}">
      <path class="axis" style="stroke:var(--process-2)" d="M0 82H${width}M0 88H${width}" />${rollers}
      ${units.map((unit, row) => {
        const runs = (this.looks.get(unit.path) ?? "unknown") === "run";
        const at = row * step + 6;
        return svg`<g transform="translate(${at} 6)" class=${runs ? "fp" : "hol"}>${drawingOf(kinds[row] ?? "") ?? HOUSING}</g>${load(kinds.slice(0, row + 1), at + 84, step - 98)}`;
      })}</svg>`;
  }
}
