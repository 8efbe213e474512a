/** How a lane shows what is not good: gaps hatched with their reason, doubts dotted, a strip below. */
import type uPlot from "uplot";
import type { LateStretch, QualityStretch } from "../api/contract";
import { duration } from "../app/clock";
import { ink } from "../app/theme";
import { reasonOf } from "../draw/quality";

const BAD = 0x80000000;
const STRIP = 4;
/** Under the axis, as high as it is seen and not in the way of the times. */
const LATE = 3;
/** Narrower stretches are in the strip alone: a hatch of few pixels looks like a line. */
const LEAST = 6;

/** Hatches `stretches` over the lane, below its lines. */
export function hatchQuality(plot: uPlot, stretches: readonly QualityStretch[], until: number): void {
  const { ctx, bbox } = plot;
  for (const { start, end, code } of stretches) {
    const [left, right] = edges(plot, start, Math.min(end, until));
    if (right - left < LEAST * devicePixelRatio) continue;
    const bad = code >= BAD;
    const word = reasonOf(code) || (bad ? "no data" : "uncertain");
    hatch(ctx, left, right, bbox, bad ? `${word} ${duration(end - start)}` : `uncertain: ${word}`, bad);
  }
}

/** The quality lane: a strip at the foot, filled where bad, hollow where uncertain; `row` counts from the foot. */
export function qualityStrip(plot: uPlot, stretches: readonly QualityStretch[], until: number, row: number): void {
  const { ctx, bbox } = plot;
  const size = STRIP * devicePixelRatio;
  const top = bbox.top + bbox.height - size * (row + 1) - row * devicePixelRatio;
  ctx.save();
  for (const { start, end, code } of stretches) {
    const [left, right] = edges(plot, start, Math.min(end, until));
    const width = Math.max(devicePixelRatio, right - left);
    if (right < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.fillStyle = ink("process");
    ctx.strokeStyle = ink("process");
    ctx.lineWidth = devicePixelRatio;
    if (code >= BAD) ctx.fillRect(left, top, width, size);
    else ctx.strokeRect(left + 0.5, top + 0.5, width, size - 1);
  }
  ctx.restore();
}

/** Bars under the axis, where samples came late or corrected what was known; `letter` is the pen's, `row` counts from the axis. */
export function lateBars(plot: uPlot, stretches: readonly LateStretch[], letter: string, row: number): void {
  const { ctx, bbox } = plot;
  const size = LATE * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = ink(`pen-${letter}`);
  for (const { start, end } of stretches) {
    if (plot.valToPos(end, "x", true) < bbox.left || plot.valToPos(start, "x", true) > bbox.left + bbox.width) continue;
    const [left, right] = edges(plot, start, end);
    ctx.fillRect(left, bbox.top + bbox.height + devicePixelRatio + row * (size + devicePixelRatio), Math.max(2 * devicePixelRatio, right - left), size);
  }
  ctx.restore();
}

function edges(plot: uPlot, start: number, end: number): [number, number] {
  const { left, width } = plot.bbox;
  const inside = (time: number) => Math.max(left, Math.min(left + width, plot.valToPos(time, "x", true)));
  return [inside(start), inside(end)];
}

function hatch(ctx: CanvasRenderingContext2D, from: number, to: number, box: uPlot.BBox, text: string, bad: boolean): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, box.top, to - from, box.height);
  ctx.clip();
  ctx.strokeStyle = ink("hatch");
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  if (!bad) ctx.setLineDash([1.5 * devicePixelRatio, 5 * devicePixelRatio]);
  for (let x = from - box.height; x < to; x += (bad ? 5 : 8) * devicePixelRatio) {
    ctx.moveTo(x, box.top + box.height);
    ctx.lineTo(x + box.height, box.top);
  }
  ctx.stroke();
  ctx.font = `${11 * devicePixelRatio}px ${ink("font")}`;
  const width = ctx.measureText(text).width;
  if (width < to - from - 4) {
    const middle = (from + to) / 2;
    ctx.fillStyle = ink("card");
    ctx.fillRect(middle - width / 2 - 3, box.top + box.height / 2 - 8 * devicePixelRatio, width + 6, 16 * devicePixelRatio);
    ctx.fillStyle = ink("text");
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.fillText(text, middle, box.top + box.height / 2);
  }
  ctx.restore();
}
