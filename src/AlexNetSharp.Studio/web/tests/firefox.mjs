// The studio in Firefox, stock as Debian has it, over WebDriver BiDi:  node tests/firefox.mjs ADDRESS IMAGES
// ADDRESS is what `alexnet studio MODEL IMAGES` prints, IMAGES its folder. Prints a line for each check, and fails at the first that does not hold.
// Playwright drives Firefox only in a build of its own; the protocol is little enough to speak it here.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

// Node.js 20 has WebSocket behind a switch.
if (!globalThis.WebSocket) {
  const child = spawn(process.execPath, ["--experimental-websocket", "--no-warnings", ...process.argv.slice(1)], { stdio: "inherit" });
  process.exit(await new Promise((done) => child.once("exit", (code) => done(code ?? 1))));
}

const [address, images] = process.argv.slice(2), patience = 30000;
const profile = mkdtempSync(join(tmpdir(), "alexnet-firefox-")), problems = [];
// A camera of colored noise, without asking; nothing of Firefox's own goes out.
writeFileSync(join(profile, "user.js"), Object.entries({
  "media.navigator.streams.fake": true, "media.navigator.permission.disabled": true, "app.normandy.enabled": false, "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false, "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,
  "ui.prefersReducedMotion": 1,
}).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(""));
const firefox = spawn(process.env.FIREFOX ?? "firefox-esr", ["--headless", "--remote-debugging-port", "0", "--profile", profile, "--no-remote"], { stdio: ["ignore", "ignore", "pipe"] });

/** Sends commands of the protocol, and hears of events. */
async function connect(url, heard) {
  const socket = new WebSocket(url), open = new Map();
  await new Promise((done, failed) => {
    socket.onopen = done;
    socket.onerror = () => failed(new Error(`no connection to Firefox at ${url}`));
  });
  let last = 0;
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data), waiting = open.get(message.id);
    if (message.type === "event") heard(message.method, message.params);
    else if (waiting) {
      open.delete(message.id);
      if (message.type === "success") waiting.done(message.result);
      else waiting.failed(new Error(`${waiting.method}: ${message.message}`));
    }
  };
  return (method, params = {}) => new Promise((done, failed) => {
    open.set(++last, { method, done, failed });
    socket.send(JSON.stringify({ id: last, method, params }));
  });
}

async function listening() {
  for await (const line of createInterface({ input: firefox.stderr })) {
    const found = /WebDriver BiDi listening on (ws:\S+)/.exec(line);
    if (found) return `${found[1]}/session`;
  }
  throw new Error("Firefox ends before it listens");
}

async function check() {
  const send = await connect(await listening(), (method, params) => {
    if (method === "log.entryAdded" && params.level === "error") problems.push(params.text);
    if (method === "network.beforeRequestSent" && !/^(blob:|data:)/.test(params.request.url) && new URL(params.request.url).host !== new URL(address).host)
      problems.push(`a request to ${params.request.url}`);
  });
  const { capabilities } = await send("session.new", { capabilities: {} });
  await send("session.subscribe", { events: ["log.entryAdded", "network.beforeRequestSent"] });
  const { context } = await send("browsingContext.create", { type: "tab" });
  const target = { context };

  /** What a function gives in the page; its arguments are strings. */
  async function inPage(work, ...args) {
    const answer = await send("script.callFunction", { functionDeclaration: String(work), awaitPromise: true, target, arguments: args.map((value) => ({ type: "string", value })), userActivation: true });
    if (answer.type === "exception") throw new Error(answer.exceptionDetails.text);
    return answer.result.value;
  }

  async function until(what, work, ...args) {
    const start = Date.now();
    for (;;) {
      const value = await inPage(work, ...args);
      if (value) return value;
      if (Date.now() - start > patience) throw new Error(`Firefox: ${what} does not come`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Clicks into the middle of the first element that matches, as a mouse would. */
  async function click(selector, text = "") {
    const found = await until(`${selector} ${text}`, (css, words) => {
      const element = [...document.querySelectorAll(css)].find((each) => each.textContent.includes(words) && each.getClientRects().length > 0);
      element?.scrollIntoView({ block: "center", behavior: "instant" });
      const box = element?.getBoundingClientRect();
      return box && JSON.stringify([Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]);
    }, selector, text);
    const [x, y] = JSON.parse(found);
    await send("input.performActions", { context, actions: [{ type: "pointer", id: "mouse", actions: [{ type: "pointerMove", x, y }, { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }] }] });
  }

  const appears = (selector, text = "") => until(`${selector} ${text}`, (css, words) => [...document.querySelectorAll(css)].some((each) => each.textContent.includes(words)), selector, text);

  await send("browsingContext.setViewport", { context, viewport: { width: 1280, height: 900 } });
  await send("browsingContext.navigate", { context, url: address, wait: "complete" });
  assert.equal(await inPage(() => location.search), "", "the token leaves the address");
  await appears("body", "Drop an image here");
  console.log(`ok: the page is there, ${capabilities.browserName} ${capabilities.browserVersion}`);

  const file = join(images, readdirSync(images).sort()[0]);
  await inPage((base64) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], "dropped.jpg", { type: "image/jpeg" }));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, readFileSync(file).toString("base64"));
  await until("five classes", () => document.querySelectorAll(".bars li").length >= 5);
  assert.match(await inPage(() => document.querySelector(".answer").innerText), /\S/);
  console.log("ok: a dropped image gets its classes");

  await click("nav a", "Look inside");
  await appears(".map");
  await until("the evidence", () => document.querySelectorAll(".evidence .busy").length === 0);
  await click(".chip", "conv2");
  await appears("h3", "conv2");
  await click(".map");
  await appears("dialog[open] canvas");
  const drawn = await inPage(() => {
    const canvas = document.querySelector("dialog[open] canvas"), { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(data).size;
  });
  assert.ok(drawn > 2, "a map is drawn");
  await inPage(() => document.querySelector("dialog[open]").close());
  console.log("ok: a layer opens, and a map of it");

  for (const [name, selector] of [["Similar", ".tiles img"], ["Teach", ".lesson"], ["Watch", ".watch"], ["Benchmark", "h1"]]) {
    await click("nav a", name);
    await appears(selector);
  }
  console.log("ok: the other pages open");

  await click("nav a", "Classify");
  await click("button", "Camera");
  await appears(".rate", "images/s");
  await click("button", "Stop");
  console.log("ok: the camera is classified");
  assert.deepEqual(problems, []);
  console.log("ok: no error and no request to elsewhere");
}

const ended = new Promise((done) => firefox.once("exit", done));
try {
  await Promise.race([check(), new Promise((_, failed) => firefox.once("error", failed))]);
} finally {
  firefox.kill("SIGTERM");
  const killer = setTimeout(() => firefox.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(killer);
  rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
process.exit(0);
