import { type TemplateResult, html, nothing } from "lit";
import type { EnergyPart, EnergySplit, MeterTree } from "../api/contract";
import { duration } from "../app/clock";
import { type Site, assetHref } from "../app/site";
import { number } from "../draw/number";
import { marker } from "./marker";

const row = (part: EnergyPart, pieces: boolean, strong = false): TemplateResult =>
  html`<tr class=${strong ? "b" : ""}><td>${part.name}</td><td class="num nowrap">${duration(1000 * part.seconds)}</td><td class="num">${number(part.kwh, 1)}</td>${pieces ? nothing : html`<td class="num">${number(part.percent, 1)}</td>`}<td class="num">${number(part.money, 2)}</td><td class="num">${number(part.co2_kg, 1)}</td>${pieces ? html`<td class="num">${number(part.pieces, 0)}</td><td class="num">${part.kwh_per_piece === null ? "—" : number(part.kwh_per_piece, 4)}</td>` : nothing}</tr>`;

const head = (first: string, currency: string, pieces: boolean): TemplateResult =>
  html`<thead><tr><th>${first}</th><th class="num">Time</th><th class="num">kWh</th>${pieces ? nothing : html`<th class="num">%</th>`}<th class="num">${currency}</th><th class="num">kg CO2</th>${pieces ? html`<th class="num">Good</th><th class="num">kWh/pc</th>` : nothing}</tr></thead>`;

/** Energy by what the line did with it; what was idle, and what runs anyhow, below. */
export function statesTable(split: EnergySplit): TemplateResult {
  const sums = [split.waste && { ...split.waste, name: "idle waste" }, split.base_load && { ...split.base_load, name: `base load, ${number(split.base_load_kw, 1)} kW` }, split.total];
  return html`<div class="scroll" tabindex="0"><table>${head("State", split.currency, false)}
    <tbody>${split.states.map((part) => row(part, false))}</tbody>
    <tbody class="sum">${sums.map((part) => (part ? row(part, false, part === split.total) : nothing))}</tbody></table></div>`;
}

/** Energy by order, newest first, and by product. */
export function ordersTable(split: EnergySplit): TemplateResult {
  const rest = (part: EnergyPart) => part.name === "no order" || part.name === "not told";
  const orders = [...split.orders.filter((part) => !rest(part)).reverse(), ...split.orders.filter(rest)];
  const told = split.products.some((part) => part.name !== "not told");
  return html`<div class="scroll" tabindex="0"><table>${head("Order", split.currency, true)}<tbody>${orders.map((part) => row(part, true))}</tbody>
    ${told ? html`<tbody><tr><th colspan="7">Product</th></tr>${split.products.map((part) => row(part, true))}</tbody>` : nothing}</table></div>`;
}

/** Which machine draws most while it makes nothing. */
export function wasteTable(split: EnergySplit): TemplateResult {
  return html`<div class="scroll" tabindex="0"><table><thead><tr><th>Machine</th><th class="num">Idle waste, kWh</th><th class="num">% of its own</th><th class="num">${split.currency}</th><th class="num">kg CO2</th></tr></thead>
    <tbody>${split.machines.map((machine) => html`<tr><td class="nowrap"><a href=${assetHref(machine.path)}>${machine.title}</a></td><td class="num">${number(machine.waste.kwh, 1)}</td><td class="num">${number(machine.waste.percent, 1)}</td><td class="num">${number(machine.waste.money, 2)}</td><td class="num">${number(machine.waste.co2_kg, 1)}</td></tr>`)}</tbody></table></div>`;
}

/** The meters as a tree, whole before part; an hour that is not known is told, with who is silent. */
export function metersTable(tree: MeterTree, site: Site): TemplateResult {
  return html`<div class="scroll" tabindex="0"><table><thead><tr><th>Meter</th><th>How</th><th class="num">kW</th><th class="num">kWh</th><th class="num">${tree.currency}</th><th class="num">kg CO2</th></tr></thead>
    <tbody>${tree.meters.map((meter) => {
      const silent = meter.hours < tree.hours;
      const why = silent ? `${meter.hours} of ${tree.hours} hours are known; silent: ${meter.missing.join(", ")}` : "";
      const name = site.equipment.has(meter.path) ? html`<a href=${assetHref(meter.path)}>${meter.title}</a>` : meter.title;
      return html`<tr><td class="nowrap" style=${`padding-left:${8 + 16 * meter.depth}px`}>${name} ${silent ? html`<span title=${why} class="nowrap">${marker(4)} <span class="tiny muted">${meter.hours} of ${tree.hours} h</span></span>` : nothing}</td>
        <td class="tiny muted">${meter.how === "measured" ? "" : meter.how}</td><td class="num">${number(meter.kw, 1)}</td><td class="num">${number(meter.kwh, 1)}</td><td class="num">${number(meter.money, 2)}</td><td class="num">${number(meter.co2_kg, 1)}</td></tr>`;
    })}</tbody></table></div>${tree.notes.length ? html`<div class="tiny muted">${tree.notes.join(" ")}</div>` : nothing}`;
}
