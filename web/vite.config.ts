import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const api = process.env["MARQUEE_API"] ?? "http://127.0.0.1:8000";
const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The doors of the API, reached through the development server so that the page keeps one origin. */
const doors = ["/graphql", "/session", "/uploads", "/play", "/posters"];

/** Puts the texts of the page's documents beside the page; the server registers them and shows them to nobody. */
const manifest: Plugin = {
  name: "trusted-documents",
  generateBundle() {
    const source = readFileSync(page("src/gql/persisted.json"));
    this.emitFile({ type: "asset", fileName: "documents.manifest", source });
  },
};

export default defineConfig({
  plugins: [react(), manifest],
  build: {
    target: "es2022",
    // Two pages: the product, and the GraphQL workbench that the API shows at /graphql in development.
    rolldownOptions: {
      input: { index: page("index.html"), ide: page("ide.html") },
      // Some of the workbench's parts carry a directive for React's compiler, which means nothing in a bundle.
      onLog: (level, log, pass) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") pass(level, log);
      },
    },
    reportCompressedSize: false,
    // The player and the workbench's editor are single libraries of this size; both load only where they are used.
    chunkSizeWarningLimit: 4096,
  },
  server: { proxy: Object.fromEntries(doors.map((door) => [door, { target: api, ws: door === "/graphql" }])) },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
