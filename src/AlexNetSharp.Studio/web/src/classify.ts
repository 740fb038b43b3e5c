import { classify, getBytes, type ClassBar, type Classified } from "./api";
import { Camera } from "./camera";
import { isImage } from "./files";
import { el, milliseconds, percent, toast } from "./dom";
import { drawRgba } from "./draw";
import { onPicture, picture, show } from "./state";
import type { Page } from "./main";

export function bars(classes: ClassBar[]): HTMLElement {
  return el("ol", { class: "bars", "aria-label": "Classes" }, ...classes.map((c) => {
    const fill = el("span", { class: "fill" });
    fill.style.width = `${Math.max(0.5, 100 * c.probability)}%`;
    return el("li", {}, el("span", { class: "name" }, c.name), el("span", { class: "value" }, percent(c.probability)), el("span", { class: "track" }, fill));
  }));
}

/** Classifies files: one is shown, several become a sheet. */
export async function take(files: Iterable<Blob>): Promise<void> {
  const all = [...files].filter(isImage);
  if (all.length === 0) {
    toast("That is not an image.");
    return;
  }
  const blob = all[0]!;
  const result = await classify(blob, 5, true);
  show({ name: blob instanceof File ? blob.name : "image", url: URL.createObjectURL(blob), blob, result });
}

export function chooser(text: string, multiple: boolean, taken: (files: File[]) => void): HTMLElement {
  const input = el("input", { type: "file", accept: "image/*", multiple, class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
  input.addEventListener("change", () => {
    taken([...(input.files ?? [])]);
    input.value = "";
  });
  return el("span", {}, el("button", { type: "button", class: "primary", onclick: () => input.click() }, text), input);
}

export const classifyPage: Page = (main) => {
  const stage = el("div", { class: "stage" }), side = el("div", { class: "side", "aria-live": "polite" }), sheet = el("div", { class: "sheet" });
  const drop = el("div", { class: "drop" }, stage);
  const camera = new Camera();
  let running = false;
  const cameraButton = el("button", { type: "button", onclick: () => (running ? stop() : void start()) }, "Camera");
  const actions = el("div", { class: "actions" }, chooser("Choose images", true, (files) => void add(files)), cameraButton);
  main.append(el("section", { class: "classify" }, el("h1", { class: "visually-hidden" }, "Classify"), el("div", { class: "picture" }, drop, actions), side), sheet);

  async function add(files: File[]): Promise<void> {
    stop();
    const images = files.filter(isImage);
    if (images.length === 0) {
      if (files.length > 0) toast("That is not an image.");
      return;
    }
    drop.classList.add("busy");
    try {
      await take([images[0]!]);
      if (images.length > 1) await fill(images);
    } catch (e) {
      toast(e);
    } finally {
      drop.classList.remove("busy");
    }
  }

  async function fill(files: File[]): Promise<void> {
    sheet.replaceChildren(el("h2", {}, `${files.length} images`));
    const grid = el("div", { class: "tiles" });
    sheet.append(grid);
    for (const file of files) {
      const url = URL.createObjectURL(file), caption = el("span", { class: "caption" }, "…");
      const image = el("img", { src: url, alt: file.name, loading: "lazy" });
      grid.append(el("button", { type: "button", class: "tile", onclick: () => void add([file]) }, image, caption));
      try {
        const best = (await classify(file, 1, false)).classes[0]!;
        caption.replaceChildren(el("span", {}, best.name), el("b", {}, percent(best.probability)));
      } catch (e) {
        caption.textContent = e instanceof Error ? e.message : String(e);
      }
    }
  }

  function render(): void {
    const shown = picture();
    if (running) return;
    if (!shown) {
      stage.replaceChildren(el("div", { class: "empty" },
        el("p", { class: "lead" }, "Drop an image here"), el("p", {}, "or paste one, choose some, or use the camera. Nothing leaves this machine.")));
      side.replaceChildren();
      return;
    }
    stage.replaceChildren(el("img", { src: shown.url, alt: shown.name }));
    side.replaceChildren(...answerOf(shown.result, shown.name));
    if (shown.result.image) {
      const crop = el("canvas", { role: "img", "aria-label": "The part of the image that the network sees" });
      side.append(el("figure", { class: "crop" }, crop, el("figcaption", {}, `What the network sees: ${shown.result.width} × ${shown.result.height}`)));
      getBytes(`/api/image/${shown.result.image}/crop`).then((bytes) => drawRgba(crop, bytes, shown.result.width, shown.result.height)).catch(toast);
    }
    side.append(sameElsewhere(shown.name, shown.result));
  }

  function answerOf(result: Classified, name: string): HTMLElement[] {
    const t = result.times;
    return [
      el("h2", { class: "answer" }, result.classes[0]?.name ?? ""),
      el("p", { class: "quiet" }, name),
      bars(result.classes),
      el("dl", { class: "times" }, ...([["decode", t.decode], ["prepare", t.prepare], ["compute", t.compute]] as const)
        .map(([what, value]) => el("div", {}, el("dt", {}, what), el("dd", {}, milliseconds(value))))),
      el("p", { class: "links" }, el("a", { href: "#inside" }, "Look inside"), el("a", { href: "#similar" }, "Find similar")),
    ];
  }

  function sameElsewhere(name: string, result: Classified): HTMLElement {
    const json = JSON.stringify(result.classes, null, 2);
    return el("details", {}, el("summary", {}, "The same as JSON and as a command"),
      el("pre", { tabindex: "0" }, `alexnet classify MODEL '${name.replaceAll("'", "'\\''")}'`), el("pre", { tabindex: "0" }, json));
  }

  async function start(): Promise<void> {
    try {
      await camera.start();
    } catch (e) {
      toast(e);
      return;
    }
    running = true;
    cameraButton.textContent = "Stop";
    const rate = el("span", { class: "rate" }), times: number[] = [];
    stage.replaceChildren(camera.video, rate);
    while (running) {
      const blob = await camera.image();
      if (!blob || !running) continue;
      try {
        const result = await classify(blob, 5, false);
        if (!running) break;
        side.replaceChildren(...answerOf(result, "camera").slice(0, 4));
        times.push(performance.now());
        if (times.length > 20) times.shift();
        if (times.length > 1) rate.textContent = `${((1000 * (times.length - 1)) / (times[times.length - 1]! - times[0]!)).toFixed(1)} images/s`;
      } catch (e) {
        toast(e);
        stop();
      }
    }
  }

  function stop(): void {
    if (!running) return;
    running = false;
    cameraButton.textContent = "Camera";
    camera.stop();
    render();
  }

  const over = (event: DragEvent) => {
    event.preventDefault();
    drop.classList.add("over");
  };
  const leave = () => drop.classList.remove("over");
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    leave();
    void add([...(event.dataTransfer?.files ?? [])]);
  };
  const pasted = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) void add(files);
  };
  addEventListener("dragover", over);
  addEventListener("dragleave", leave);
  addEventListener("drop", dropped);
  addEventListener("paste", pasted);
  const forgetListener = onPicture(render);
  render();
  return () => {
    running = false;
    camera.stop();
    removeEventListener("dragover", over);
    removeEventListener("dragleave", leave);
    removeEventListener("drop", dropped);
    removeEventListener("paste", pasted);
    forgetListener();
  };
};
