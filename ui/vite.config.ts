// How the pages are built and, while they are being written, served beside a running Madang.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.MADANG_BASE_URL ?? "http://127.0.0.1:7600";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../server/src/madang_server/http/_ui",
    emptyOutDir: true,
    // Chromium, Firefox and Safari of the last three years; nothing older is polyfilled.
    target: "es2022",
    // The server's content policy allows images and fonts from itself only.
    assetsInlineLimit: 0,
    // The charts are one chunk of their own, fetched when a chart is drawn.
    chunkSizeWarningLimit: 700,
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": server, "/health": server, "/v1": server },
  },
});
