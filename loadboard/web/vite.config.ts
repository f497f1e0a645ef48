import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  worker: { format: "es" },
  // The states are fetched by address: a data: address would be stopped by connect-src 'self'.
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
});
