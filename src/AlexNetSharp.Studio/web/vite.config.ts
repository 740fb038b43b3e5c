import { defineConfig } from "vite";

// Names without hashes: the files are inside the assembly and never cached.
export default defineConfig({
  base: "/",
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    assetsDir: "",
    modulePreload: false,
    rollupOptions: { output: { entryFileNames: "studio.js", chunkFileNames: "[name].js", assetFileNames: "[name][extname]" } },
  },
});
