// Writes what the built files were made from, so that a test can tell when they are older than their sources.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = import.meta.dirname;
const sources = ["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts",
  ...readdirSync(join(folder, "src"), { recursive: true }).map((name) => `src/${name.replaceAll("\\", "/")}`).filter((name) => /\.\w+$/.test(name))].sort();
const hash = createHash("sha256");
for (const name of sources) {
  hash.update(name + "\n");
  hash.update(readFileSync(join(folder, name)));
}
writeFileSync(join(folder, "dist", "sources.sha256"), hash.digest("hex") + "\n");
