// Makes the screenshots of docs/studio.md, and of all pages at three widths in both themes for whoever changes them:
//   node tests/screenshots.mjs ADDRESS IMAGE TEACH OUT [all]
// ADDRESS is what `alexnet studio MODEL FOLDER RUNS` prints, TEACH a folder with a folder of images for each class.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { choose, launch } from "./browser.mjs";

const [address, image, teach, out, all] = process.argv.slice(2);
if (!out) {
  console.error("usage: node tests/screenshots.mjs ADDRESS IMAGE TEACH OUT [all]");
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const widths = all ? [360, 1280, 2560] : [1280], themes = all ? ["light", "dark"] : ["light"];
const browser = await launch();
for (const width of widths)
  for (const colorScheme of themes) {
    const page = await browser.newPage({ viewport: { width, height: width < 500 ? 740 : width > 2000 ? 1440 : 860 }, colorScheme, reducedMotion: "reduce" });
    page.on("console", (message) => message.type() === "error" && console.error("console:", message.text()));
    page.on("pageerror", (error) => console.error("page:", error.message));
    await page.goto(address);
    const shot = async (name, fullPage) => {
      if (fullPage) await page.evaluate(() => scrollTo(0, 0));
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(out, all ? `${name}-${width}-${colorScheme}.png` : `${name}.png`), fullPage });
    };
    await page.getByText("Drop an image here").waitFor();
    if (all) await shot("empty", false);
    await choose(page, [image]);
    await page.locator(".bars li").first().waitFor();
    await shot("classify", false);
    await page.goto(new URL("/#inside", address).href);
    await page.locator(".evidence figure:nth-child(4):not(.busy)").waitFor();
    await page.locator(".map").first().waitFor();
    await page.waitForFunction(() => document.querySelectorAll(".evidence .busy").length === 0);
    await shot("inside", true);
    await page.goto(new URL("/#similar", address).href);
    await page.locator(".tiles img").first().waitFor();
    await page.waitForTimeout(500);
    await shot("similar", false);
    if (all) {
      await page.goto(new URL("/#inside", address).href);
      await page.locator(".map").first().click();
      await page.locator("dialog[open] .excited p", { hasText: /that activate it most$|No image of the folder/ }).waitFor({ timeout: 60000 });
      await shot("map", false);
      await page.keyboard.press("Escape");
    }
    await page.goto(new URL("/#teach", address).href);
    if (all) await shot("teach-empty", false);
    await page.locator("input[webkitdirectory]").first().setInputFiles(teach);
    await page.waitForFunction(() => document.querySelector(".teach-classes > p").textContent === "" && document.querySelectorAll(".thumb").length > 0, undefined, { timeout: 120000 });
    await page.getByRole("button", { name: "Train" }).click();
    await page.getByRole("button", { name: "Train again" }).waitFor({ timeout: 60000 });
    await page.locator(".panel input[type=file]").setInputFiles(image);
    await page.locator(".panel .bars li").first().waitFor();
    await shot("teach", true);
    await page.goto(new URL("/#bench", address).href);
    await page.locator(".bench-form input[type=number]").first().fill(all ? "2" : "32");
    if (!(await page.locator(".layer-bars").count())) {
      await page.getByRole("button", { name: /^Measure/ }).click();
      await page.locator(".layer-bars").first().waitFor({ timeout: 240000 });
    }
    await page.locator(".layer-bars summary").nth(2).click();
    await shot("bench", true);
    await page.goto(new URL("/#watch", address).href);
    await page.locator(".chart").first().waitFor();
    const runs = page.locator(".run");
    if ((await runs.count()) > 1) await runs.nth(await runs.locator("[aria-pressed=false]").count() ? 0 : 1).click();
    await page.getByRole("button", { name: "Show its mistakes" }).first().click();
    await page.waitForFunction(() => document.querySelector(".asked section") && !document.querySelector(".asked progress"), undefined, { timeout: 60000 });
    await shot("watch", true);
    await page.close();
  }
await browser.close();
