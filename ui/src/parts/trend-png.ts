/** A trend as one picture file: its lanes below each other, with the names that lie over them. */
import { ink } from "../app/theme";
import { tail } from "../app/site";
import { unitText } from "../draw/number";
import { LEFT, type Pen } from "./lane";

const LETTER = 15;

/** The PNG of `lanes`, each `height` high, on the page's own ground. */
export async function trendPng(lanes: readonly HTMLCanvasElement[], groups: readonly Pen[][], height: number, size: { width: number; height: number }, cursors: readonly ({ x: number; text: string } | null)[]): Promise<Blob> {
  const ratio = devicePixelRatio;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  const ctx = canvas.getContext("2d");
  if (!ctx) throw new Error("drawing the picture: this browser gives no canvas");
  ctx.fillStyle = ink("card");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  lanes.forEach((lane, row) => ctx.drawImage(lane, 0, Math.round(row * height * ratio)));
  ctx.scale(ratio, ratio);
  ctx.textBaseline = "middle";
  groups.forEach((pens, row) => names(ctx, pens, row * height + 10));
  for (const cursor of cursors) if (cursor) line(ctx, cursor, size.height);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("drawing the picture: it is too large"))), "image/png"));
}

function names(ctx: CanvasRenderingContext2D, pens: readonly Pen[], y: number): void {
  let x = LEFT;
  for (const { letter, tag } of pens) {
    ctx.fillStyle = ink(`pen-${letter}`);
    ctx.fillRect(x, y - LETTER / 2, LETTER, LETTER);
    ctx.fillStyle = ink("card");
    ctx.font = `700 10px ${ink("font")}`;
    ctx.textAlign = "center";
    ctx.fillText(letter.toUpperCase(), x + LETTER / 2, y + 0.5);
    const text = `${tail(tag.path)}${tag.unit ? `, ${unitText(tag.unit)}` : ""}`;
    ctx.fillStyle = ink("text");
    ctx.font = `11px ${ink("font")}`;
    ctx.textAlign = "left";
    ctx.fillText(text, x + LETTER + 6, y + 0.5);
    x += LETTER + 6 + ctx.measureText(text).width + 14;
  }
}

function line(ctx: CanvasRenderingContext2D, { x, text }: { x: number; text: string }, height: number): void {
  ctx.strokeStyle = ink("selection");
  ctx.lineWidth = 1.4;
  ctx.beginPath();
  ctx.moveTo(x, 0);
  ctx.lineTo(x, height - 24);
  ctx.stroke();
  ctx.fillStyle = ink("selection");
  ctx.font = `600 11px ${ink("font")}`;
  ctx.textAlign = "center";
  ctx.fillText(text, x, height - 12);
}
