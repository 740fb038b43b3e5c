// Drives a studio in a real browser:  node tests/studio.mjs ADDRESS IMAGES RUN TEACH HELD COMMAND MODEL
// ADDRESS is what `alexnet studio MODEL IMAGES RUNS` prints, IMAGES its folder, RUN the folder of a run whose metrics.csv may be rewritten, TEACH a
// folder with folders red and blue of images, HELD one with red.jpg and blue.jpg, COMMAND alexnet.dll, MODEL a model for it.
// Prints a line for each check, and fails at the first that does not hold.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { choose, launch, start } from "./browser.mjs";

const [address, images, run, teach, held, command, model] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const files = readdirSync(images).sort().map((name) => join(images, name));
const browser = await launch();
const problems = [];
// Chromium says so of every answer that is a refusal, which the page shows as it should.
const refused = /the server responded with a status of 400/;

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
  page.on("console", (message) => message.type() === "error" && !refused.test(message.text()) && problems.push(message.text()));
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
  await page.locator("dialog[open] .excited p", { hasText: /that activate it most$|No image of the folder/ }).waitFor({ timeout: 20000 });
  if (colorScheme === "dark") await accessible(page, "a map");
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

  await page.getByRole("link", { name: "Teach" }).click();
  await accessible(page, `teach, empty (${colorScheme})`);
  await page.getByRole("button", { name: "Train" }).click();
  await page.locator("#toast", { hasText: "'Class 1' has no images" }).waitFor();
  await page.locator("input[webkitdirectory]").first().setInputFiles(teach);
  await page.locator(".lesson", { hasText: "8 images" }).nth(1).waitFor();
  await page.getByRole("button", { name: "Train" }).click();
  await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 30000 });
  await page.locator(".confusion td").nth(3).waitFor();
  for (const name of ["red", "blue"]) {
    await page.locator(".panel input[type=file]").setInputFiles(join(held, `${name}.jpg`));
    await page.locator(".panel .answer", { hasText: name }).waitFor();
  }
  assert.equal(await page.getByRole("link", { name: "ONNX" }).count(), 1);
  console.log("ok: two classes are taught from folders, and images held out are told apart");
  await accessible(page, `teach (${colorScheme})`);

  await page.getByRole("link", { name: "Watch" }).click();
  await page.locator(".run", { hasText: "first" }).waitFor();
  if ((await page.locator(".run", { hasText: "first" }).getAttribute("aria-pressed")) !== "true") await page.locator(".run", { hasText: "first" }).click();
  await page.locator(".fact", { hasText: "first" }).waitFor();
  const metrics = join(run, "metrics.csv"), before = readFileSync(metrics, "utf8"), epochs = before.trim().split("\n").length - 1;
  writeFileSync(metrics, `${before.trim()}\n${before.trim().split("\n").at(-1).replace(/^\d+/, String(epochs + 1))}\n`);
  await page.locator(".fact", { hasText: `${epochs + 1} of` }).waitFor({ timeout: 15000 });
  console.log("ok: a run is watched while it goes on");
  await accessible(page, `watch (${colorScheme})`);

  await page.getByRole("link", { name: "Benchmark" }).click();
  await page.getByText("The notebook's benchmark").waitFor();
  await page.getByLabel("Images in a batch").fill("1");
  await page.getByLabel("Steps").fill("3");
  if (colorScheme === "light") {
    await page.getByRole("button", { name: "Measure" }).click();
    await page.locator(".layer-bars").nth(1).waitFor({ timeout: 120000 });
    await page.locator(".layer-bars summary").first().click();
    await page.locator(".candidates li").nth(1).waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save the result as JSON" }).click()]);
    await page.locator(".dropfiles input").setInputFiles(await download.path());
    await page.locator("table.plain td", { hasText: "no difference beyond noise" }).first().waitFor();
    console.log("ok: the benchmark is run, saved and compared");
  }
  await accessible(page, `benchmark (${colorScheme})`);

  if (colorScheme === "dark") {
    await page.goto(new URL("/#classify", address).href);
    await page.getByRole("button", { name: "Camera" }).click();
    await page.locator(".rate", { hasText: "images/s" }).waitFor({ timeout: 20000 });
    await page.getByRole("button", { name: "Stop" }).click();
    console.log("ok: the camera is classified");

    await page.getByRole("link", { name: "Teach" }).click();
    await page.locator(".lesson").first().getByRole("button", { name: "Camera" }).click();
    const record = page.getByRole("button", { name: "Hold to record" }), before = await page.locator(".lesson").first().locator(".lesson-head .quiet").innerText();
    await record.focus();
    await page.keyboard.down("Space");
    await page.waitForFunction((text) => Number.parseInt(document.querySelector(".lesson-head .quiet").textContent) > Number.parseInt(text) + 2, before);
    await page.keyboard.up("Space");
    console.log("ok: a class is filled from the camera");
  }
  await context.close();
}
assert.deepEqual(problems, []);

// What another process trains is watched while it does.
{
  const context = await browser.newContext({ bypassCSP: true }), page = await context.newPage(), training = start("dotnet", [command, "train", teach, "--network", "cifar10-quick", "--image-size", "32", "--epochs", "2000", "--batch-size", "8", "--threads", "1", "--out", join(dirname(run), "live")]);
  try {
    await page.goto(address);
    await page.goto(new URL("/#watch", address).href);
    await page.locator(".run", { hasText: "live" }).click({ timeout: 60000 });
    const fact = page.locator(".fact", { hasText: "live" });
    await fact.filter({ hasText: "running" }).waitFor({ timeout: 30000 });
    const epoch = () => fact.locator("dd").first().innerText().then(Number.parseInt), first = await epoch();
    for (let i = 0; i < 100 && (await epoch()) <= first; i++) await page.waitForTimeout(200);
    assert.ok((await epoch()) > first, "epochs go on");
    console.log("ok: a run that another process trains is watched");
    await fact.getByRole("button", { name: "Show its mistakes" }).click();
    await page.locator(".asked .confusion td").nth(3).waitFor({ timeout: 60000 });
    await accessible(page, "mistakes of a run");
    console.log("ok: the mistakes of a run are shown");
    await fact.getByRole("button", { name: "Stop" }).click();
    await fact.getByRole("button", { name: "Continue" }).waitFor({ timeout: 30000 });
    assert.equal(await training.code(), 130, "a training that is stopped ends as after Ctrl-C");
    console.log("ok: a run that another process trains is stopped");
  } finally {
    await training.end("SIGTERM");
  }
  await context.close();
}

// A studio that is killed is missed, and comes back.
{
  const context = await browser.newContext(), page = await context.newPage(), first = start("dotnet", [command, "studio", model, "--no-browser", "--threads", "1"]);
  const before = await first.line(/^http:/);
  await page.goto(before);
  await page.locator(".model[data-state=ready]").waitFor({ timeout: 30000 });
  await page.getByRole("link", { name: "Teach" }).click();
  await page.locator("input[webkitdirectory]").first().setInputFiles(teach);
  await page.locator(".lesson", { hasText: "8 images" }).nth(1).waitFor();
  await first.end("SIGKILL");
  await page.locator("#toast", { hasText: "The studio does not answer" }).waitFor({ timeout: 20000 });
  await page.locator(".model", { hasText: "The studio has ended" }).waitFor();
  const second = start("dotnet", [command, "studio", model, "--no-browser", "--threads", "1", "--port", new URL(before).port]);
  try {
    const after = await second.line(/^http:/);
    await page.locator(".model", { hasText: "open the address that it printed" }).waitFor({ timeout: 20000 });
    const other = await context.newPage();
    await other.goto(after);
    await page.locator(".model[data-state=ready]").waitFor({ timeout: 30000 });
    await page.getByRole("button", { name: "Train" }).click();
    await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 30000 });
    console.log("ok: a killed studio is missed, and goes on with what the page holds when it is back");
  } finally {
    await second.end("SIGTERM");
  }
  await context.close();
}
console.log("ok: no error and no request to elsewhere");
await browser.close();
