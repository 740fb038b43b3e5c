// Drives a studio in a real browser:  node tests/studio.mjs ADDRESS IMAGES RUN
// ADDRESS is what `alexnet studio MODEL IMAGES RUNS` prints, IMAGES its folder, RUN the folder of a run whose metrics.csv may be rewritten.
// Prints a line for each check, and fails at the first that does not hold.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { choose, launch } from "./browser.mjs";

const [address, images, run] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const files = readdirSync(images).sort().map((name) => join(images, name));
const browser = await launch();
const problems = [];

async function accessible(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`), [], `accessibility of ${name}`);
  console.log(`ok: ${name} is accessible`);
}

for (const colorScheme of ["light", "dark"]) {
  // The policy of the page keeps the checker's script out; it is not part of the page.
  const context = await browser.newContext({ colorScheme, bypassCSP: true, permissions: ["camera"], reducedMotion: "reduce" }), page = await context.newPage();
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("request", (request) => {
    if (!/^(blob:|data:)/.test(request.url()) && new URL(request.url()).host !== new URL(address).host) problems.push(`a request to ${request.url()}`);
  });
  await page.goto(address);
  assert.equal(new URL(page.url()).search, "", "the token leaves the address");
  await page.getByText("Drop an image here").waitFor();
  await accessible(page, `the empty page (${colorScheme})`);

  const transfer = await page.evaluateHandle(([bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], "dropped.jpg", { type: "image/jpeg" }));
    return data;
  }, [readFileSync(files[0]).toString("base64")]);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
  await page.locator(".bars li").nth(4).waitFor();
  assert.match(await page.locator(".answer").innerText(), /^name \d$/);
  console.log("ok: a dropped image gets its classes");
  await accessible(page, `classes (${colorScheme})`);

  await choose(page, files);
  await page.locator(".tile b").nth(files.length - 1).waitFor();
  console.log("ok: several images become a sheet");

  await page.getByRole("link", { name: "Look inside" }).first().click();
  await page.locator(".map").first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".evidence .busy").length === 0);
  const layer = page.locator(".chip", { hasText: "conv2" });
  await layer.click();
  await page.locator("h3", { hasText: "conv2" }).waitFor();
  assert.equal(await layer.getAttribute("aria-pressed"), "true");
  await page.locator(".map").first().click();
  await page.locator("dialog[open] canvas").waitFor();
  await page.keyboard.press("Escape");
  console.log("ok: a layer opens, and a map of it");
  await accessible(page, `look inside (${colorScheme})`);

  await page.getByRole("link", { name: "Similar" }).click();
  await page.locator(".tiles img").first().waitFor();
  await page.locator(".tile").nth(1).click();
  await page.waitForTimeout(500);
  assert.equal(await page.locator(".tile b").first().innerText(), "0.0", "an image is nearest to itself");
  console.log("ok: similar images lead on");
  await accessible(page, `similar (${colorScheme})`);

  await page.getByRole("link", { name: "Watch" }).click();
  await page.locator(".run", { hasText: "first" }).waitFor();
  if ((await page.locator(".run", { hasText: "first" }).getAttribute("aria-pressed")) !== "true") await page.locator(".run", { hasText: "first" }).click();
  await page.locator(".fact", { hasText: "first" }).waitFor();
  const metrics = join(run, "metrics.csv"), before = readFileSync(metrics, "utf8"), epochs = before.trim().split("\n").length - 1;
  writeFileSync(metrics, `${before.trim()}\n${before.trim().split("\n").at(-1).replace(/^\d+/, String(epochs + 1))}\n`);
  await page.locator(".fact", { hasText: `${epochs + 1} of` }).waitFor({ timeout: 15000 });
  console.log("ok: a run is watched while it goes on");
  await accessible(page, `watch (${colorScheme})`);

  if (colorScheme === "dark") {
    await page.goto(new URL("/#classify", address).href);
    await page.getByRole("button", { name: "Camera" }).click();
    await page.locator(".rate", { hasText: "images/s" }).waitFor({ timeout: 20000 });
    await page.getByRole("button", { name: "Stop" }).click();
    console.log("ok: the camera is classified");
  }
  await context.close();
}
assert.deepEqual(problems, []);
console.log("ok: no error and no request to elsewhere");
await browser.close();
