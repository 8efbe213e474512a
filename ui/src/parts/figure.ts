import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Kpi } from "../api/contract";
import { number } from "../draw/number";
import { bar } from "./analog";
import { Part } from "./part";
import "./value";

/** The bar of a KPI from `low` to `high`; where they are not told, wide enough for target and normal range. */
function kpiBar(kpi: Kpi) {
  const percent = kpi.unit.startsWith("%");
  const told = typeof kpi.low === "number" && typeof kpi.high === "number" && kpi.high > kpi.low;
  if (kpi.value === null || (!kpi.normal && typeof kpi.target !== "number" && !percent && !told)) return bar(null, null);
  const edges = [kpi.value, kpi.target, ...(kpi.normal ?? [])].filter((edge) => edge !== null && edge !== undefined);
  const high = told ? kpi.high! : percent ? 100 : Math.max(...edges) * 1.2;
  const low = told ? kpi.low! : percent ? 0 : Math.min(0, ...edges);
  return bar({ low, high, normal: kpi.normal ?? null, priority: null, limits: kpi.target === null || kpi.target === undefined ? [] : [{ at: kpi.target, priority: 3, broken: false }] }, kpi.value);
}

/** One figure of a strip: name, number, bar, and the sentence that puts it in place. */
@customElement("isthmus-figure")
export class Figure extends Part {
  @property({ attribute: false }) kpi!: Kpi;
  @property() size: "l" | "xl" = "l";
  /** What the plant file lacks for this figure; said in place of a value. */
  @property() lacks = "";

  override render() {
    const { kpi } = this;
    const goal = kpi.target !== null && kpi.target !== undefined ? `target ${number(kpi.target, kpi.digits)}` : "";
    const usual = kpi.normal ? `normal ${number(kpi.normal[0], kpi.digits)} to ${number(kpi.normal[1], kpi.digits)}` : "";
    const text = (kpi.value === null && this.lacks) || kpi.detail || goal || usual;
    return html`<div class="small muted" title=${kpi.title}>${kpi.title}</div>
      <isthmus-value .value=${kpi.value} .unit=${kpi.unit} .digits=${kpi.digits} .size=${this.size} quality=${kpi.value === null ? "none" : "calculated"} reason=${kpi.formula}></isthmus-value>
      ${kpiBar(kpi)}<div class="small muted" title=${text}>${text}</div>`;
  }
}
