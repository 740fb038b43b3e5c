import type uPlot from "uplot";
import type { Status, TaughtAnswer, TeachState } from "./api";
import { Camera } from "./camera";
import { chart, confusion, css, type Line } from "./charts";
import { bars } from "./classify";
import { el, milliseconds, percent, toast } from "./dom";
import { byFolder, chosen, dropped, isImage, type Found } from "./files";
import * as teaching from "./teaching";
import type { Page } from "./main";

const shownSamples = 14, defaultEpochs = 60, framesPerSecond = 8;

/** A button that opens a chooser of files, or of a folder. */
function picker(text: string, folder: boolean, taken: (found: Found[]) => void): HTMLElement {
  const input = el("input", { type: "file", multiple: true, class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
  if (folder) input.webkitdirectory = true;
  else input.accept = "image/*";
  input.addEventListener("change", () => {
    const found = chosen([...(input.files ?? [])]);
    if (found.length === 0) toast("No image found.");
    else taken(found);
    input.value = "";
  });
  return el("span", {}, el("button", { type: "button", onclick: () => input.click() }, text), input);
}

/** Lets files fall into a place. */
function dropZone(zone: HTMLElement, taken: (found: Found[]) => void): void {
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    event.stopPropagation();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    zone.classList.remove("over");
    dropped(event.dataTransfer, teaching.mostImages).then((found) => (found.length > 0 ? taken(found) : toast("No image found."))).catch(toast);
  });
}

export const teachPage: Page = (main, status) => {
  const camera = new Camera();
  let cameraAt: teaching.Lesson | "try" | null = null, ended = false, plots: uPlot[] = [], drawn: TeachState | null = null;
  if (teaching.lessons.length === 0) {
    teaching.addLesson();
    teaching.addLesson();
  }

  const cards = el("div", { class: "lessons" }), note = el("p", { class: "quiet", role: "status" });
  const classes = el("section", { class: "teach-classes", "aria-labelledby": "teach-classes" },
    el("div", { class: "heading" }, el("h2", { id: "teach-classes" }, "Classes"), picker("Folder of classes", true, (found) => addFolders(found))),
    cards, el("div", { class: "actions" }, el("button", { type: "button", onclick: () => focusName(teaching.addLesson()) }, "Add a class")), note);
  const epochs = el("input", { type: "number", min: "1", max: "500", value: String(defaultEpochs), id: "epochs" });
  const go = el("button", { type: "button", class: "primary wide", onclick: () => void (training() ? teaching.stop().catch(toast) : train()) }, "Train");
  const progress = el("p", { class: "quiet", role: "status" }), curves = el("div", { class: "charts single" }), who = el("div", { class: "who" });
  const learning = el("section", { class: "panel", "aria-labelledby": "teach-training" }, el("h2", { id: "teach-training" }, "Training"), go, progress,
    el("details", {}, el("summary", {}, "Settings"), el("label", { for: "epochs" }, "Epochs"), epochs), curves, who);
  const tryStage = el("div", { class: "drop stage small" }), tryAnswer = el("div", { class: "side", "aria-live": "polite" }), keep = el("div", { class: "keep" });
  const tryCamera = el("button", { type: "button", onclick: () => void toggleCamera("try") }, "Camera");
  const trying = el("section", { class: "panel", "aria-labelledby": "teach-try" }, el("h2", { id: "teach-try" }, "Try it"), tryStage,
    el("div", { class: "actions" }, picker("Choose an image", false, (found) => void ask(found[0]!.file)), tryCamera), tryAnswer, keep);
  main.append(el("h1", { class: "visually-hidden" }, "Teach"), el("div", { class: "teach" }, classes, learning, trying));
  dropZone(tryStage, (found) => void ask(found[0]!.file));
  dropZone(classes, addFolders);

  const cardOf = new Map<teaching.Lesson, { element: HTMLElement; update: () => void }>();

  function addFolders(found: Found[]): void {
    const folders = byFolder(found);
    if (folders.size === 1 && folders.has("")) {
      toast("Drop images on the class that they show, or a folder with a folder for each class.");
      return;
    }
    for (const [name, files] of folders) {
      if (name === "") continue;
      // Classes that were there from the start, and stayed empty, make room.
      const same = teaching.lessons.find((lesson) => lesson.name === name), empty = teaching.lessons.find((lesson) => lesson.samples.length === 0 && /^Class \d+$/.test(lesson.name));
      const lesson = same ?? empty ?? teaching.addLesson(name);
      lesson.name = name;
      teaching.add(lesson, files);
    }
  }

  function focusName(lesson: teaching.Lesson): void {
    const input = cardOf.get(lesson)?.element.querySelector<HTMLInputElement>("input.name");
    input?.focus();
    input?.select();
  }

  function card(lesson: teaching.Lesson): { element: HTMLElement; update: () => void } {
    const name = el("input", { class: "name", type: "text", value: lesson.name, maxlength: "60", "aria-label": "Name of the class", spellcheck: "false" });
    name.addEventListener("input", () => (lesson.name = name.value));
    const number = el("span", { class: "quiet" }), thumbs = el("div", { class: "thumbs" }), view = el("div", { class: "viewfinder" });
    const record = el("button", { type: "button", class: "record", hidden: true }, "Hold to record");
    const cameraButton = el("button", { type: "button", onclick: () => void toggleCamera(lesson) }, "Camera");
    let held = false;
    const hold = async () => {
      if (held) return;
      held = true;
      record.classList.add("on");
      while (held && cameraAt === lesson && !ended) {
        const image = await camera.image();
        if (image && held) teaching.add(lesson, [image]);
        await new Promise((done) => setTimeout(done, 1000 / framesPerSecond));
      }
    };
    const release = () => {
      held = false;
      record.classList.remove("on");
    };
    record.addEventListener("pointerdown", (event) => {
      record.setPointerCapture(event.pointerId);
      void hold();
    });
    for (const event of ["pointerup", "pointercancel", "blur"]) record.addEventListener(event, release);
    record.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      void hold();
    });
    record.addEventListener("keyup", release);
    const element = el("article", { class: "lesson" },
      el("div", { class: "lesson-head" }, name, number, el("button", { type: "button", class: "plain", "aria-label": `Remove the class ${lesson.name}`, title: "Remove the class", onclick: () => {
        if (cameraAt === lesson) stopCamera();
        teaching.removeLesson(lesson);
      } }, "×")),
      view, thumbs, el("div", { class: "actions" }, picker("Add images", false, (found) => teaching.add(lesson, found.map((f) => f.file))),
        picker("Add a folder", true, (found) => teaching.add(lesson, found.map((f) => f.file))), cameraButton, record));
    dropZone(element, (found) => teaching.add(lesson, found.map((f) => f.file)));
    let shown: teaching.Sample[] = [];
    const update = () => {
      if (document.activeElement !== name && name.value !== lesson.name) name.value = lesson.name;
      number.textContent = lesson.samples.length === 1 ? "1 image" : `${lesson.samples.length} images`;
      const now = lesson.samples.slice(-shownSamples).reverse();
      if (now.length !== shown.length || now.some((sample, i) => sample !== shown[i])) {
        shown = now;
        thumbs.replaceChildren(...now.map((sample) => el("button", { type: "button", class: "thumb", title: `${sample.name}: remove`, "aria-label": `Remove ${sample.name}`, onclick: () => teaching.removeSample(lesson, sample) }, el("img", { src: sample.url, alt: "" }))));
        if (lesson.samples.length > now.length) thumbs.append(el("span", { class: "quiet more" }, `and ${lesson.samples.length - now.length} more`));
        if (now.length === 0) thumbs.append(el("span", { class: "quiet" }, "Drop images or a folder here."));
      }
      const on = cameraAt === lesson;
      cameraButton.textContent = on ? "Camera off" : "Camera";
      record.hidden = !on;
      if (on && camera.video.parentElement !== view) view.replaceChildren(camera.video);
      if (!on) view.replaceChildren();
    };
    return { element, update };
  }

  async function toggleCamera(at: teaching.Lesson | "try"): Promise<void> {
    const same = cameraAt === at;
    stopCamera();
    if (same) return;
    try {
      cameraAt = at;
      await camera.start();
      if (ended || cameraAt !== at) camera.stop();
      else if (at === "try") void live();
    } catch (e) {
      cameraAt = null;
      toast(e);
    }
    update();
  }

  function stopCamera(): void {
    if (cameraAt === "try") tryStage.replaceChildren(invitation());
    cameraAt = null;
    camera.stop();
    tryCamera.textContent = "Camera";
    update();
  }

  async function live(): Promise<void> {
    const rate = el("span", { class: "rate" }), times: number[] = [];
    tryCamera.textContent = "Stop";
    tryStage.replaceChildren(camera.video, rate);
    while (cameraAt === "try" && !ended) {
      const image = await camera.image();
      if (!image) continue;
      try {
        const answer = await teaching.classify<TaughtAnswer>(image);
        if (cameraAt !== "try" || ended) return;
        tryAnswer.replaceChildren(el("p", { class: "answer" }, answer.classes[0]?.name ?? ""), bars(answer.classes));
        times.push(performance.now());
        if (times.length > 20) times.shift();
        if (times.length > 1) rate.textContent = `${((1000 * (times.length - 1)) / (times.at(-1)! - times[0]!)).toFixed(1)} images/s`;
      } catch (e) {
        toast(e);
        stopCamera();
      }
    }
  }

  async function ask(blob: Blob): Promise<void> {
    if (!isImage(blob)) {
      toast("That is not an image.");
      return;
    }
    if (cameraAt === "try") stopCamera();
    try {
      const answer = await teaching.classify<TaughtAnswer>(blob);
      if (ended) return;
      const old = tryStage.querySelector("img")?.src, url = URL.createObjectURL(blob);
      if (old) URL.revokeObjectURL(old);
      tryStage.replaceChildren(el("img", { src: url, alt: blob instanceof File ? blob.name : "image" }));
      tryAnswer.replaceChildren(el("p", { class: "answer" }, answer.classes[0]?.name ?? ""), bars(answer.classes), el("p", { class: "quiet" }, milliseconds(answer.milliseconds)));
    } catch (e) {
      toast(e);
    }
  }

  function invitation(): HTMLElement {
    return el("p", { class: "quiet" }, teaching.state?.phase === "trained" ? "Drop an image here." : "After training, drop an image here.");
  }

  function training(): boolean {
    return teaching.state?.phase === "training";
  }

  async function train(): Promise<void> {
    go.disabled = true;
    try {
      await teaching.train(Number(epochs.value));
    } catch (e) {
      toast(e);
    } finally {
      go.disabled = false;
    }
  }

  function update(): void {
    if (ended) return;
    for (const [lesson, { element }] of cardOf)
      if (!teaching.lessons.includes(lesson)) {
        element.remove();
        cardOf.delete(lesson);
      }
    for (const lesson of teaching.lessons) {
      let entry = cardOf.get(lesson);
      if (!entry) {
        cardOf.set(lesson, (entry = card(lesson)));
        cards.append(entry.element);
      }
      entry.update();
    }
    note.textContent = teaching.pending() > 0 ? `${teaching.pending()} of ${teaching.count()} images are still being read …` : "";
    const state = teaching.state;
    go.textContent = training() ? "Stop" : state?.phase === "trained" ? "Train again" : "Train";
    progress.textContent = !state || state.phase === "collecting" ? "Name the classes, give each some images, and press the button. Nothing leaves this machine."
      : state.phase === "failed" ? state.error ?? "The training failed."
      : `Epoch ${state.epoch} of ${state.epochs} · ${state.seconds.toFixed(1)} s · ${state.learned} images learned${state.heldOut > 0 ? `, ${state.heldOut} held out` : ""}`;
    if (state !== drawn) {
      const before = drawn?.phase;
      drawn = state;
      draw(state);
      if (before !== state?.phase) {
        keeping(state, status());
        if (!tryStage.querySelector("img, video")) tryStage.replaceChildren(invitation());
      }
    }
  }

  function draw(state: TeachState | null): void {
    plots.forEach((plot) => plot.destroy());
    plots = [];
    curves.replaceChildren();
    who.replaceChildren();
    if (!state || state.history.length === 0) return;
    const x = state.history.map((point) => point.epoch), held = state.heldOut > 0;
    const lines = (name: string, a: (number | null)[], b: (number | null)[]): Line[] => [
      { label: held ? "learned" : name, color: css(held ? "--line-2" : "--accent"), dash: held, x, y: a },
      ...(held ? [{ label: "held out", color: css("--accent"), dash: false, x, y: b }] : []),
    ];
    const boxes = [
      chart(curves, "Loss", lines("loss", state.history.map((p) => p.loss), state.history.map((p) => p.heldOutLoss)), (v) => v.toPrecision(2), 130),
      chart(curves, "Accuracy", lines("accuracy", state.history.map((p) => p.top1), state.history.map((p) => p.heldOutTop1)), percent, 130),
    ];
    for (const box of boxes) if (box) plots.push(box());
    if (state.confusion.length > 0) who.append(confusion(state.classes, state.confusion, held ? `The ${state.heldOut} images held out` : "The images that were learned (five of a class are needed to hold one out)"));
    const mistakes = state.mistakes.map((mistake) => ({ mistake, sample: teaching.sampleOf(mistake.image) })).filter(({ sample }) => sample);
    if (mistakes.length > 0)
      who.append(el("h3", {}, "Mistakes"), el("div", { class: "tiles small" }, ...mistakes.map(({ mistake, sample }) => el("figure", { class: "tile" },
        el("img", { src: sample!.url, alt: `${state.classes[mistake.label]}, predicted as ${state.classes[mistake.predicted]}` }),
        el("figcaption", { class: "caption" }, el("span", {}, `${state.classes[mistake.label]} → ${state.classes[mistake.predicted]}`), el("b", {}, percent(mistake.probability)))))));
  }

  function keeping(state: TeachState | null, now: Status | null): void {
    keep.replaceChildren();
    if (state?.phase !== "trained") return;
    const links = el("p", { class: "links" });
    void teaching.address().then((at) => links.append(el("a", { href: `${at}/model.safetensors`, download: "taught.safetensors" }, "safetensors"), el("a", { href: `${at}/model.onnx`, download: "taught.onnx" }, "ONNX")));
    keep.append(el("h3", {}, "Keep it"), links);
    if (!now?.saveFolder) {
      keep.append(el("p", { class: "quiet" }, "To keep it as a run, start the studio with ", el("code", {}, "--save FOLDER"), "."));
      return;
    }
    const name = el("input", { type: "text", id: "run-name", maxlength: "60", value: "taught", spellcheck: "false" });
    const button = el("button", { type: "button", onclick: async () => {
      button.disabled = true;
      try {
        toast(`Saved as ${now.saveFolder}/${(await teaching.save(name.value)).name}.`);
      } catch (e) {
        toast(e);
      } finally {
        button.disabled = false;
      }
    } }, "Save as a run");
    keep.append(el("label", { for: "run-name" }, `Name of the run in ${now.saveFolder}`), el("div", { class: "actions" }, name, button));
  }

  const redraw = () => {
    clearTimeout(later);
    later = window.setTimeout(() => draw(drawn), 150);
  };
  let later = 0;
  addEventListener("resize", redraw);
  const theme = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("change", redraw);
  const forget = teaching.onChange(update);
  tryStage.replaceChildren(invitation());
  update();
  keeping(teaching.state, status());
  const nowhere = (event: DragEvent) => event.preventDefault();
  addEventListener("dragover", nowhere);
  addEventListener("drop", nowhere);
  return () => {
    ended = true;
    stopCamera();
    clearTimeout(later);
    forget();
    plots.forEach((plot) => plot.destroy());
    removeEventListener("resize", redraw);
    theme.removeEventListener("change", redraw);
    removeEventListener("dragover", nowhere);
    removeEventListener("drop", nowhere);
  };
};
