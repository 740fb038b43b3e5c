import { post, type BenchDifference, type BenchLayer, type BenchReport, type BenchState } from "./api";
import { el, milliseconds, toast } from "./dom";
import type { Page } from "./main";

const largestFile = 3 << 20;

interface Kept { name: string; text: string; report: BenchReport }

// What was dropped stays as long as the page is open.
const others: Kept[] = [];

export const benchPage: Page = (main) => {
  let state: BenchState | null = null, own: Kept | null = null, ended = false;
  const batch = number("Images in a batch", 32, 512), steps = number("Steps", 20, 1000), gradients = el("input", { type: "checkbox", id: "gradients" });
  const go = el("button", { type: "button", class: "primary", onclick: () => void toggle() }, "Measure");
  const where = el("p", { class: "quiet" }), note = el("p", { class: "quiet", role: "status" }), bar = el("progress", { hidden: true, max: 1, value: 0, "aria-label": "Progress" });
  const results = el("section", {}), compare = el("section", { "aria-labelledby": "compare" });
  main.append(el("h1", { class: "visually-hidden" }, "Benchmark"), el("div", { class: "bench" },
    el("section", { "aria-labelledby": "bench" }, el("div", {}, el("h2", { id: "bench" }, "The notebook's benchmark"), where),
      el("div", { class: "bench-form" }, batch.label, steps.label, el("label", { class: "check" }, gradients, "Gradients of all layers"), go), note, bar),
    results, compare));

  function number(text: string, value: number, most: number): { label: HTMLElement; input: HTMLInputElement } {
    const input = el("input", { type: "number", min: "1", max: String(most), value: String(value) });
    return { label: el("label", {}, text, input), input };
  }

  async function toggle(): Promise<void> {
    try {
      if (state?.phase === "running") await post("/api/bench/stop");
      else await post("/api/bench", JSON.stringify({ batchSize: Number(batch.input.value), batches: Number(steps.input.value), allGradients: gradients.checked }));
    } catch (e) {
      toast(e);
    }
  }

  function told(next: BenchState): void {
    if (ended) return;
    state = next;
    const running = next.phase === "running", step = next.step;
    where.textContent = next.machine ?? "";
    go.textContent = running ? "Stop" : own || next.outcome ? "Measure again" : "Measure";
    bar.hidden = !running;
    bar.value = step ? step.done / step.total : 0;
    note.textContent = running ? (step ? `${step.run}: ${step.done} of ${step.total} steps, ${milliseconds(1000 * step.seconds)} each` : "Measuring the processor and the memory …")
      : next.phase === "failed" ? next.error ?? "It failed." : next.outcome ? "" : "Forward, and forward-backward, with random weights and noise as images. Keep the machine idle and this page open.";
    if (next.outcome) {
      const text = next.outcome.report;
      own = { name: "this machine", text, report: JSON.parse(text) as BenchReport };
      show(next.outcome.runs);
      void comparison();
    }
  }

  function show(runs: { run: string; layers: BenchLayer[] }[]): void {
    const report = own!.report, most = Math.max(...runs.flatMap(({ layers }) => layers.map(total)));
    results.replaceChildren(
      el("div", { class: "results" }, ...report.runs.map((run) => el("div", { class: "fact" }, el("h2", {}, run.name), el("dl", {}, ...([
        ["median", milliseconds(1000 * run.medianSeconds)],
        ["95 % of it", `${milliseconds(1000 * run.medianLowSeconds)} – ${milliseconds(1000 * run.medianHighSeconds)}`],
        ["images/s", run.imagesPerSecond.toFixed(0)],
        ["GFLOP/s", run.gflops.toFixed(0)],
      ] as const).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))), run.noise ? el("p", { class: "quiet" }, `Noisy: ${run.noise}. Measure again when the machine is idle.`) : null))),
      el("p", { class: "quiet" }, [`Multiply-adds alone: ${report.runs[0]?.peakBeforeGflops?.toFixed(0) ?? "–"} GFLOP/s`, `memory, read: ${report.memoryReadGBs?.toFixed(1) ?? "–"} GB/s`].join(" · ")),
      runs.some(({ layers }) => layers.some((layer) => layer.forwardFloor > layer.forwardSeconds || layer.backwardFloor > layer.backwardSeconds))
        ? el("p", { class: "quiet" }, "Some layers are faster than their floor: their data stayed in the caches, or other work disturbed the measurement of CPU and memory.") : "",
      ...runs.map(({ run, layers }) => el("section", {}, el("h3", {}, `Layers of ${run}`), key(run), el("ul", { class: "layer-bars" }, ...layers.map((layer) => el("li", {}, row(layer, most)))))),
      el("p", { class: "links" }, download()));
  }

  function total(layer: BenchLayer): number {
    return layer.forwardSeconds + layer.backwardSeconds + layer.prepareSeconds;
  }

  function key(run: string): HTMLElement {
    const entries: [string, string][] = [["floor", "floor of forward"], ["above", "forward above it"], ...(run === "forward" ? [] : [["back", "floor of backward"], ["back-above", "backward above it"], ["weights", "weight transforms"]] as [string, string][])];
    return el("p", { class: "key" }, ...entries.map(([name, text]) => el("span", { class: "timebar-key" }, keyBox(name), text)), el("span", {}, "The floor: multiplications at the processor's peak, or every byte once, whichever takes longer."));
  }

  function keyBox(name: string): HTMLElement {
    const box = el("i", { class: name });
    const variable = name.startsWith("back") ? "--line-3" : name === "weights" ? "--line-5" : "--accent";
    box.style.background = name.endsWith("above") ? `color-mix(in srgb, var(${variable}) 38%, var(--panel))` : `var(${variable})`;
    return box;
  }

  function row(layer: BenchLayer, most: number): HTMLElement {
    const bars = el("span", { class: "timebar", "aria-hidden": "true" });
    const piece = (name: string, seconds: number) => {
      if (seconds <= 0) return;
      const span = el("span", { class: name });
      span.style.width = `${(100 * seconds) / most}%`;
      bars.append(span);
    };
    const forward = Math.min(layer.forwardFloor, layer.forwardSeconds), backward = Math.min(layer.backwardFloor, layer.backwardSeconds);
    piece("floor", forward);
    piece("above", layer.forwardSeconds - forward);
    piece("back", backward);
    piece("back-above", layer.backwardSeconds - backward);
    piece("weights", layer.prepareSeconds);
    const floor = layer.forwardFloor + layer.backwardFloor, all = total(layer);
    return el("details", {}, el("summary", {}, el("b", { title: layer.name }, layer.name), el("span", { class: "what", title: layer.algorithm }, layer.algorithm), bars, el("span", { class: "number" }, milliseconds(1000 * all)),
      el("span", { class: "number what" }, all > 0 ? `floor ${Math.min(100, (100 * floor) / all).toFixed(0)} %` : "")),
      el("ul", { class: "candidates" }, el("li", {}, `forward ${milliseconds(1000 * layer.forwardSeconds)}, floor ${milliseconds(1000 * layer.forwardFloor)} (${by(layer.forwardBy)})${layer.backwardSeconds > 0 ? `; backward ${milliseconds(1000 * layer.backwardSeconds)}, floor ${milliseconds(1000 * layer.backwardFloor)} (${by(layer.backwardBy)})` : ""}`),
        ...layer.candidates.map((candidate) => el("li", {}, el("b", {}, candidate.algorithm), ` ${candidate.accepted ? "accepts" : "refuses"}${candidate.reason ? `: ${candidate.reason}` : ""}`))));
  }

  function by(what: string): string {
    return what === "mem" ? "memory" : "multiplications";
  }

  function download(): HTMLElement {
    const link = el("a", { href: "#bench" }, "Save the result as JSON");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const url = URL.createObjectURL(new Blob([own!.text], { type: "application/json" }));
      el("a", { href: url, download: "bench.json" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    });
    return link;
  }

  async function take(files: File[]): Promise<void> {
    for (const file of files) {
      try {
        if (file.size > largestFile) throw new Error(`${file.name}: larger than any result of 'alexnet bench --json'.`);
        const text = await file.text(), report = JSON.parse(text) as BenchReport;
        if (report.schema !== 1 || !Array.isArray(report.runs)) throw new Error(`${file.name}: not a single result of 'alexnet bench --json'.`);
        others.push({ name: file.name, text, report });
      } catch (e) {
        toast(e instanceof SyntaxError ? new Error(`${file.name}: not JSON.`) : e);
      }
    }
    await comparison();
  }

  async function comparison(): Promise<void> {
    const input = el("input", { type: "file", accept: ".json,application/json", multiple: true, class: "visually-hidden", tabindex: "-1", "aria-hidden": "true" });
    input.addEventListener("change", () => void take([...(input.files ?? [])]));
    const zone = el("div", { class: "dropfiles" }, el("button", { type: "button", onclick: () => input.click() }, "Open results"), input,
      el("span", { class: "quiet" }, "Drop files of ", el("code", {}, "alexnet bench --json"), " here to compare with other machines."));
    zone.addEventListener("dragover", (event) => (event.preventDefault(), zone.classList.add("over")));
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("over");
      void take([...(event.dataTransfer?.files ?? [])]);
    });
    const all = own ? [own, ...others] : others, first = all[0], body = el("tbody", {}), notes = el("ul", { class: "candidates" });
    for (const kept of all) {
      try {
        const difference = kept === first ? null : await post<BenchDifference>("/api/bench/compare", JSON.stringify({ firstName: first!.name, first: first!.text, otherName: kept.name, other: kept.text }));
        kept.report.runs.forEach((run, i) => {
          const ratio = difference?.rows[i];
          body.append(el("tr", {}, el("th", { scope: "row" }, kept.name), el("td", {}, `${kept.report.machine.processor}, ${kept.report.machine.simd}`), el("td", {}, String(kept.report.settings.threads)), el("td", {}, run.name),
            el("td", {}, milliseconds(1000 * run.medianSeconds)), el("td", {}, ratio ? `${ratio.ratio.toFixed(2)} (${ratio.low.toFixed(2)} – ${ratio.high.toFixed(2)})` : "1"), el("td", {}, ratio?.verdict ?? "")));
        });
        if (difference) notes.append(el("li", {}, el("b", {}, kept.name), ` ${difference.differences}`));
      } catch (e) {
        const at = others.indexOf(kept);
        if (at >= 0) others.splice(at, 1);
        toast(e);
      }
    }
    if (ended) return;
    compare.replaceChildren(el("h2", { id: "compare" }, "Compare"), zone);
    if (all.length > 0 && body.childElementCount > 0)
      compare.append(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Comparison" }, el("table", { class: "plain" }, el("thead", {}, el("tr", {}, ...["result", "processor", "threads", "run", "median", "times as fast (95 %)", "verdict"].map((text) => el("th", { scope: "col" }, text)))), body)), notes);
  }

  void comparison();
  const source = new EventSource("/api/bench/events");
  source.onmessage = (event) => told(JSON.parse(event.data as string) as BenchState);
  return () => {
    ended = true;
    source.close();
  };
};
