// What the browser programs have in common: Debian's Chromium, found where it is.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch() {
  const executablePath = places.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium: apt-get install chromium, or name one in CHROMIUM");
  const args = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  // Chromium's sandbox refuses to run for root.
  if (process.getuid?.() === 0) args.push("--no-sandbox");
  return chromium.launch({ executablePath, args });
}

/** Chooses a file on the page that is open, as a user would. */
export async function choose(page, files) {
  await page.locator("input[type=file]").first().setInputFiles(files);
}
