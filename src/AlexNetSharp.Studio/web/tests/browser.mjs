// What the browser programs have in common: Debian's Chromium, found where it is.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
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

/** Starts a process; line waits for one of its output, end for its end after a signal. */
export function start(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] }), lines = [], ended = new Promise((done) => child.once("exit", done));
  let heard = () => undefined;
  createInterface({ input: child.stdout }).on("line", (line) => (lines.push(line), heard()));
  process.once("exit", () => child.kill("SIGKILL"));
  return {
    id: child.pid,
    async line(pattern) {
      for (;;) {
        const found = lines.find((line) => pattern.test(line));
        if (found) return found;
        if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
        await Promise.race([new Promise((done) => (heard = done)), ended]);
      }
    },
    async code() {
      await ended;
      return child.exitCode;
    },
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
