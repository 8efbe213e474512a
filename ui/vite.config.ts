import { defineConfig } from "vitest/config";
import { samplePlant } from "./dev/sample";

// `vite` alone serves the sample plant, so that the pages can be drawn without a site;
// ISTHMUS=http://127.0.0.1:8080 npm run dev works against a running one.
const site = process.env["ISTHMUS"];

export default defineConfig({
  base: "/",
  plugins: site ? [] : [samplePlant(process.env["SAMPLE"] ?? "fault")],
  server: site ? { proxy: { "/api": site, "/sign-in": site } } : {},
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { include: ["tests/**/*.test.ts"] },
});
