/** A Vite plug-in that answers /api with the sample plant: SAMPLE=fault|well|dead|empty|denied npm run dev. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { COLUMNS } from "../src/api/columns";
import * as answers from "./sample-answers";
import { now, ribbons, tags, valueAt } from "./sample-plant";

/** The binary form of a history answer. */
function columns(ids: number[], from: number, to: number, points: number): Buffer {
  const rows = Math.min(points, 600);
  const time = Array.from({ length: rows }, (_, row) => from + (row * (to - from)) / (rows - 1)).filter((at) => at <= now());
  const pens = ids.map((tag) => ({ tag, raw: false, rows: time.length, samples: Math.round((to - from) / 1000), good_percent: 100, last: valueAt(tag, to), quality: [] }));
  const header = Buffer.from(JSON.stringify({ start: from, end: to, pens }));
  const padding = (8 - ((4 + header.length) % 8)) % 8;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const body = ids.map((tag) => {
    const mean = time.map((at) => (at % 3_600_000 < 240_000 && tag % 5 === 0 ? NaN : valueAt(tag, at)));
    const spread = Math.abs(mean[0] ?? 1) * 0.01;
    return Buffer.from(new Float64Array([...time, ...mean.map((one) => one - spread), ...mean.map((one) => one + spread), ...mean]).buffer);
  });
  return Buffer.concat([length, header, Buffer.alloc(padding), ...body]);
}

function stream(response: ServerResponse, send: (event: (name: string, data: unknown) => void, first: boolean) => void, every: number): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const event = (name: string, data: unknown) => response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  send(event, true);
  const timer = setInterval(() => send(event, false), every);
  response.on("close", () => clearInterval(timer));
}

function quality(tag: number, mode: string): number {
  const path = tags[tag - 1]?.path ?? "";
  if (mode === "dead") return 0x80310000;
  if (mode === "fault" && path.endsWith("palletiser/power")) return 0x40900000;
  return mode === "fault" && path.endsWith("labeller/label_offset") ? 0x808c0000 : 0;
}

function value(tag: number, mode: string): number {
  const vibration = mode !== "well" && tags[tag - 1]?.name === "bearing_vibration";
  return valueAt(tag, now()) + (vibration ? 3 : 0);
}

function live(response: ServerResponse, ids: number[], mode: string): void {
  let beat = 0;
  stream(response, (event, first) => {
    if (mode === "silent" && beat > 2) return;
    const wanted = first ? ids : ids.filter((id) => (id + beat) % 3 === 0);
    const at = now() - 200 - (mode === "dead" ? 252_000 : 0);
    if (wanted.length && (first || mode !== "dead")) event("values", { now: now(), tag: wanted, time: wanted.map(() => at), value: wanted.map((id) => value(id, mode)), quality: wanted.map((id) => quality(id, mode)), text: Object.fromEntries(wanted.filter((id) => tags[id - 1]?.kind === "text").map((id) => [id, "still 0.5 L"])) });
    if (beat++ % 2 === 0) {
      event("status", { now: now(), shift: "Early shift", links_up: mode === "dead" ? 0 : mode === "fault" ? 6 : 7, links: 7, lag_s: 0.4, lost: 0, values_per_s: mode === "dead" ? 0 : 1240, bus: "up", history: "up", attention: mode === "well" ? {} : { asset: 2, connections: 4 } });
    }
  }, 500);
}

/** Answers one request from the sample plant. */
function answer(request: IncomingMessage, response: ServerResponse, mode: string): void {
  const url = new URL(request.url ?? "/", "http://sample");
  const query = (key: string) => url.searchParams.get(key) ?? "";
  const ids = query("tags").split(",").filter(Boolean).map(Number);
  const json = (data: unknown, status = 200) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(data));
  const [from, to] = [Number(query("from")), Number(query("to"))];
  if (mode === "denied") json({ error: "not signed in", hint: "open the sign-in link" }, 401);
  else if (url.pathname === "/api/plant") json(mode === "empty" ? { ...answers.plant(), areas: [], tags: [] } : answers.plant());
  else if (url.pathname === "/api/live") live(response, ids, mode);
  else if (mode === "broken") json({ error: "reading the historian failed: the disk is full", hint: "free space on the site's disk; nothing is lost until the stream is full too" }, 503);
  else if (url.pathname === "/api/overview") json(answers.overview(mode));
  else if (url.pathname === "/api/history") response.writeHead(200, { "content-type": COLUMNS }).end(columns(ids, from, to, Number(query("points")) || 800));
  else if (url.pathname === "/api/statistics") json(answers.statistics(ids, from, to));
  else if (url.pathname === "/api/states") json(ribbons().filter((ribbon) => ribbon.path.startsWith(query("path"))));
  else if (url.pathname === "/api/performance") json(answers.performance(query("window")));
  else if (url.pathname === "/api/energy") json(answers.energy(query("window")));
  else if (url.pathname === "/api/links") json(answers.links(mode));
  else if (url.pathname.endsWith("/browse")) json(answers.browse(query("node")));
  else if (url.pathname.endsWith("/tap")) stream(response, (event) => event("tap", tags.slice(0, 4).map((tag, row) => ({ time: now() - row * 50, tag: tag.path, raw: valueAt(tag.id, now()), value: valueAt(tag.id, now()), text: "", quality: 0, then: row % 2 ? "inside deadband" : "kept", after_s: row % 2 ? null : 0.11 }))), 500);
  else json({ error: `nothing is at ${url.pathname}`, hint: "see /api/openapi.json" }, 404);
}

export function samplePlant(mode: string): Plugin {
  return {
    name: "sample-plant",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (request.url?.startsWith("/api/")) answer(request, response, mode);
        else next();
      });
    },
  };
}
