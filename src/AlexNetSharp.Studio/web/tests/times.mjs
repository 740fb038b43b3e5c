// Measures a studio in Chromium; tools/studio-times.sh calls it:  node tests/times.mjs COMMAND MODEL IMAGE REQUESTS
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { basename } from "node:path";
import { launch, start } from "./browser.mjs";

const [command, model, image, requests] = process.argv.slice(2), bytes = readFileSync(image);
const browser = await launch();
const context = await browser.newContext({ permissions: ["camera"] }), page = await context.newPage();
await page.goto("about:blank");

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const p95 = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)];

console.log(`${cpus()[0].model}, ${cpus().length} processors`);
let studio, address;
const starts = [];
for (let i = 0; i < 5; i++) {
  if (studio) await studio.end("SIGTERM");
  const before = performance.now();
  studio = start(command, ["studio", model, "--no-browser"]);
  address = await studio.line(/^http:/);
  await page.goto(address);
  await page.getByText("Drop an image here").waitFor();
  starts.push(performance.now() - before);
}
console.log(`start to a page that can be used: ${median(starts).toFixed(0)} ms (median of ${starts.length})`);
await page.locator(".model[data-state=ready]").waitFor({ timeout: 60000 });

// From the drop event to the classes on the page, measured in the page.
const drops = await page.evaluate(async ([base64, name]) => {
  const file = new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type: "image/jpeg" }), times = [];
  for (let i = 0; i < 60; i++) {
    const data = new DataTransfer();
    data.items.add(file);
    document.querySelector(".side").replaceChildren();
    const shown = new Promise((done) => {
      const seen = new MutationObserver(() => document.querySelector(".bars li") && (seen.disconnect(), done()));
      seen.observe(document.querySelector(".side"), { childList: true, subtree: true });
    });
    const before = performance.now();
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
    await shown;
    times.push(performance.now() - before);
    await new Promise((done) => setTimeout(done, 60));
  }
  return times.slice(10);
}, [bytes.toString("base64"), basename(image)]);
console.log(`dropping ${basename(image)} (${bytes.length} bytes) to its answer: ${median(drops).toFixed(0)} ms median, ${p95(drops).toFixed(0)} ms 95 %`);

await page.getByRole("button", { name: "Camera" }).click();
await page.locator(".rate", { hasText: "images/s" }).waitFor();
await page.waitForTimeout(8000);
console.log(`camera: ${await page.locator(".rate").innerText()}`);
await page.getByRole("button", { name: "Stop" }).click();

const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${studio.id}/status`, "utf8"))[1]) / 1024;
const total = Number(requests), parts = 10;
console.log(`memory before: ${memory().toFixed(0)} MiB`);
for (let part = 1; part <= parts; part++) {
  await page.evaluate(async ([base64, count]) => {
    const body = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    for (let i = 0; i < count; i++) {
      const answer = await fetch("/api/classify?top=5&keep=true", { method: "POST", body, headers: { "Content-Type": "application/octet-stream" } });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.text();
    }
  }, [bytes.toString("base64"), total / parts]);
  console.log(`memory after ${(total / parts) * part} images: ${memory().toFixed(0)} MiB`);
}
await studio.end("SIGTERM");
await browser.close();
