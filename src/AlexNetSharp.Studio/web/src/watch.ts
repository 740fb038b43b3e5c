import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { get, type Columns, type RunRow, type RunTable } from "./api";
import { duration, el, percent, toast } from "./dom";
import type { Page } from "./main";

const colors = ["--accent", "--line-2", "--line-3", "--line-4", "--line-5"];

interface Line { label: string; color: string; dash: boolean; x: number[]; y: (number | null)[] }

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export const watchPage: Page = (main) => {
  const list = el("div", { class: "runs", role: "group", "aria-label": "Runs" }), facts = el("div", { class: "facts", "aria-live": "polite" }), charts = el("div", { class: "charts" }), differences = el("div", { class: "differences" });
  main.append(el("h1", { class: "visually-hidden" }, "Watch"), el("section", { class: "watch" }, list, facts, charts, differences));
  const chosen = new Set<number>(), tables = new Map<number, RunTable>(), sources = new Map<number, EventSource>();
  let plots: uPlot[] = [], ended = false;

  async function begin(): Promise<void> {
    try {
      const runs = await get<RunRow[]>("/api/runs");
      if (ended) return;
      if (runs.length === 0) {
        list.replaceChildren(el("div", { class: "empty page" }, el("p", { class: "lead" }, "No trainings are open"), el("p", {}, "Start the studio with their folder: ", el("code", {}, "alexnet studio runs"))));
        return;
      }
      list.replaceChildren(...runs.map((run) => el("button", { type: "button", class: "run", "aria-pressed": "false", "data-run": String(run.id), onclick: () => void toggle(run.id) },
        el("b", {}, run.name), el("span", {}, `${run.epochs} epochs${run.isRunning ? " · running" : ""}`), el("span", {}, run.topOne === null ? "" : `top-1 ${percent(run.topOne)}`))));
      const newest = runs.reduce((a, b) => (b.changed > a.changed ? b : a));
      await toggle(newest.id);
    } catch (e) {
      toast(e);
    }
  }

  async function toggle(id: number): Promise<void> {
    if (chosen.has(id) && chosen.size > 1) {
      chosen.delete(id);
      sources.get(id)?.close();
      sources.delete(id);
    } else if (!chosen.has(id)) {
      chosen.add(id);
      const source = new EventSource(`/api/runs/${id}/events`);
      source.onmessage = () => void load(id);
      sources.set(id, source);
      await load(id);
    }
    draw();
  }

  async function load(id: number): Promise<void> {
    try {
      const before = tables.get(id)?.changed, table = await get<RunTable>(`/api/runs/${id}`);
      tables.set(id, table);
      if (before !== table.changed && !ended) draw();
    } catch (e) {
      toast(e);
    }
  }

  function draw(): void {
    for (const button of list.querySelectorAll<HTMLButtonElement>(".run")) {
      const at = [...chosen].indexOf(Number(button.dataset["run"]));
      button.setAttribute("aria-pressed", String(at >= 0));
      button.style.setProperty("--mark", at >= 0 ? css(colors[at % colors.length]!) : "transparent");
    }
    const shown = [...chosen].map((id) => tables.get(id)).filter((table): table is RunTable => table !== undefined);
    facts.replaceChildren(...shown.map(factsOf));
    plots.forEach((plot) => plot.destroy());
    plots = [];
    charts.replaceChildren();
    const many = shown.length > 1;
    const lines = (columns: (table: RunTable) => [string, boolean, Columns, string, string][]): Line[] => shown.flatMap((table, i) => columns(table)
      .filter(([, , source, x, y]) => source[x] && source[y]?.some((value) => value !== null))
      .map(([label, dash, source, x, y]) => ({ label: many ? `${table.name} ${label}` : label, color: css(colors[(many ? i : dash ? 1 : 0) % colors.length]!), dash: many && dash, x: source[x]!.map((v) => v ?? 0), y: source[y]! })));
    for (const drawn of [
      chart("Loss", lines((t) => [["training", true, t.epochs, "epoch", "train_loss"], ["validation", false, t.epochs, "epoch", "val_loss"]]), (v) => v.toPrecision(3)),
      chart("Top-1", lines((t) => [["training", true, t.epochs, "epoch", "train_top1"], ["validation", false, t.epochs, "epoch", "val_top1"]]), percent),
      chart("Loss of single steps", lines((t) => [["", false, t.steps, "step", "loss"]]), (v) => v.toPrecision(3)),
      chart("Learning rate", lines((t) => [["", false, t.epochs, "epoch", "learning_rate"]]), (v) => v.toPrecision(2)),
      chart("Images a second", lines((t) => [["", false, t.epochs, "epoch", "images_per_second"]]), (v) => v.toFixed(0)),
    ]) drawn?.();
    settings(shown);
  }

  function factsOf(table: RunTable): HTMLElement {
    const last = (name: string) => table.epochs[name]?.at(-1) ?? null, epochs = table.epochs["epoch"]?.length ?? 0;
    const values: [string, string][] = [
      ["epoch", table.epochsWanted ? `${epochs} of ${table.epochsWanted}` : String(epochs)],
      ["loss", last("val_loss")?.toPrecision(3) ?? last("train_loss")?.toPrecision(3) ?? "–"],
      ["top-1", last("val_top1") !== null ? percent(last("val_top1")!) : last("train_top1") !== null ? percent(last("train_top1")!) : "–"],
      ["images/s", last("images_per_second")?.toFixed(0) ?? "–"],
      ["state", table.isRunning ? (table.secondsLeft ? `running, ${duration(table.secondsLeft)} left` : "running") : "ended"],
    ];
    return el("div", { class: "fact" }, el("h2", {}, table.name), el("dl", {}, ...values.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
  }

  function chart(title: string, lines: Line[], format: (value: number) => string): (() => void) | null {
    if (lines.length === 0) return null;
    const box = el("figure", { class: "chart" }, el("figcaption", {}, title));
    charts.append(box);
    // Drawn when all boxes are there, which then have their widths.
    return () => plot(box, title, lines, format);
  }

  function plot(box: HTMLElement, title: string, lines: Line[], format: (value: number) => string): void {
    // All lines share one axis: the union of their places.
    const places = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b), at = new Map(places.map((x, i) => [x, i]));
    const data: uPlot.AlignedData = [places, ...lines.map((line) => {
      const y: (number | null)[] = new Array<number | null>(places.length).fill(null);
      line.x.forEach((x, i) => (y[at.get(x)!] = line.y[i] ?? null));
      return y;
    })];
    const axis = { stroke: css("--quiet"), grid: { stroke: css("--rule"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    plots.push(new uPlot({
      width: box.clientWidth - 32, height: 230, cursor: { y: false, points: { size: 6 } }, scales: { x: { time: false } },
      axes: [axis, { ...axis, size: 64, values: (_: uPlot, ticks: number[]) => ticks.map(format) }],
      series: [{ label: "at" }, ...lines.map((line) => ({ label: line.label || title, stroke: line.color, width: 2, spanGaps: true, points: { show: places.length < 3 }, ...(line.dash ? { dash: [5, 4] } : {}), value: (_: uPlot, v: number | null) => (v === null ? "–" : format(v)) }))],
    }, data, box));
  }

  function settings(shown: RunTable[]): void {
    const names = [...new Set(shown.flatMap((table) => Object.keys(table.settings)))].filter((name) => shown.length === 1 || new Set(shown.map((table) => table.settings[name] ?? "")).size > 1);
    if (names.length === 0) {
      differences.replaceChildren();
      return;
    }
    const table = el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "setting"), ...shown.map((run) => el("th", { scope: "col" }, run.name)))),
      el("tbody", {}, ...names.map((name) => el("tr", {}, el("th", { scope: "row" }, name), ...shown.map((run) => el("td", {}, run.settings[name] ?? "–"))))));
    differences.replaceChildren(shown.length > 1 ? el("h2", {}, "What differs") : el("h2", {}, "Settings"), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Settings" }, table));
  }

  const resized = () => {
    clearTimeout(later);
    later = window.setTimeout(draw, 150);
  };
  let later = 0;
  addEventListener("resize", resized);
  const theme = matchMedia("(prefers-color-scheme: dark)");
  theme.addEventListener("change", draw);
  void begin();
  return () => {
    ended = true;
    removeEventListener("resize", resized);
    theme.removeEventListener("change", draw);
    sources.forEach((source) => source.close());
    plots.forEach((plot) => plot.destroy());
  };
};
