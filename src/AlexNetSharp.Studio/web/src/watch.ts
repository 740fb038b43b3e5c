import type uPlot from "uplot";
import { get, getBytes, post, type Columns, type EvaluationState, type RunRow, type RunTable } from "./api";
import { chart, colors, confusion, css, type Line } from "./charts";
import { drawRgba } from "./draw";
import { duration, el, percent, toast } from "./dom";
import type { Page } from "./main";

export const watchPage: Page = (main) => {
  const list = el("div", { class: "runs", role: "group", "aria-label": "Runs" }), facts = el("div", { class: "facts", "aria-live": "polite" }), charts = el("div", { class: "charts" }), differences = el("div", { class: "differences" }), asked = el("div", { class: "asked" });
  main.append(el("h1", { class: "visually-hidden" }, "Watch"), el("section", { class: "watch" }, list, facts, charts, asked, differences));
  const evaluations = new Map<number, EvaluationState>(), chosen = new Set<number>(), tables = new Map<number, RunTable>();
  const buttonsOf = new Map<number, { key: string; element: HTMLElement }>();
  let plots: uPlot[] = [], ended = false;

  function listed(runs: RunRow[]): void {
    if (ended) return;
    if (runs.length === 0) {
      list.replaceChildren(el("div", { class: "empty page" }, el("p", { class: "lead" }, "No training runs are open"), el("p", {}, "Start the studio with their folder: ", el("code", {}, "alexnet studio runs"))));
      return;
    }
    const focused = (document.activeElement as HTMLElement | null)?.dataset["run"];
    list.replaceChildren(...runs.map((run) => el("button", { type: "button", class: "run", "aria-pressed": "false", "data-run": String(run.id), onclick: () => void toggle(run.id) },
      el("b", {}, run.name), el("span", {}, `${run.epochs} epochs${run.isRunning ? " · running" : ""}`), el("span", {}, run.topOne === null ? "" : `top-1 ${percent(run.topOne)}`))));
    if (focused !== undefined) list.querySelector<HTMLElement>(`[data-run="${focused}"]`)?.focus();
    if (chosen.size === 0) void toggle(runs.reduce((a, b) => (b.changed > a.changed ? b : a)).id);
    else mark();
    for (const run of runs) {
      const table = tables.get(run.id);
      if (chosen.has(run.id) && table && (table.changed !== run.changed || table.isRunning !== run.isRunning)) void load(run.id).then(draw);
    }
  }

  async function toggle(id: number): Promise<void> {
    if (chosen.has(id) && chosen.size > 1) chosen.delete(id);
    else if (!chosen.has(id)) {
      chosen.add(id);
      await load(id);
    }
    draw();
  }

  async function load(id: number): Promise<void> {
    try {
      tables.set(id, await get<RunTable>(`/api/runs/${id}`));
    } catch (e) {
      toast(e);
    }
  }

  function mark(): void {
    for (const button of list.querySelectorAll<HTMLButtonElement>(".run")) {
      const at = [...chosen].indexOf(Number(button.dataset["run"]));
      button.setAttribute("aria-pressed", String(at >= 0));
      button.style.setProperty("--mark", at >= 0 ? css(colors[at % colors.length]!) : "transparent");
    }
  }

  function draw(): void {
    if (ended) return;
    mark();
    const shown = [...chosen].map((id) => tables.get(id)).filter((table): table is RunTable => table !== undefined);
    facts.replaceChildren(...shown.map(factsOf));
    plots.forEach((plot) => plot.destroy());
    plots = [];
    charts.replaceChildren();
    const many = shown.length > 1;
    const lines = (columns: (table: RunTable) => [string, boolean, Columns, string, string][]): Line[] => shown.flatMap((table, i) => columns(table)
      .filter(([, , source, x, y]) => source[x] && source[y]?.some((value) => value !== null))
      .map(([label, dash, source, x, y]) => ({ label: many ? `${table.name} ${label}` : label, color: css(colors[(many ? i : dash ? 1 : 0) % colors.length]!), dash: many && dash, x: source[x]!.map((v) => v ?? 0), y: source[y]! })));
    const boxes = [
      chart(charts, "Loss", lines((t) => [["training", true, t.epochs, "epoch", "train_loss"], ["validation", false, t.epochs, "epoch", "val_loss"]]), (v) => v.toPrecision(3)),
      chart(charts, "Top-1", lines((t) => [["training", true, t.epochs, "epoch", "train_top1"], ["validation", false, t.epochs, "epoch", "val_top1"]]), percent),
      chart(charts, "Loss of single steps", lines((t) => [["", false, t.steps, "step", "loss"]]), (v) => v.toPrecision(3)),
      chart(charts, "Learning rate", lines((t) => [["", false, t.epochs, "epoch", "learning_rate"]]), (v) => v.toPrecision(2)),
      chart(charts, "Images per second", lines((t) => [["", false, t.epochs, "epoch", "images_per_second"]]), (v) => v.toFixed(0)),
    ];
    for (const box of boxes) if (box) plots.push(box());
    settings(shown);
    for (const table of shown) if (!evaluations.has(table.id)) void look(table.id);
    evaluated();
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
    return el("div", { class: "fact" }, el("h2", {}, table.name), el("dl", {}, ...values.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))), actions(table));
  }

  /** Buttons stay the same while a training goes on: one that is replaced between press and release is not clicked. */
  function actions(table: RunTable): HTMLElement {
    const key = JSON.stringify([table.canContinue, table.canStop, table.canEvaluate, table.isRunning, table.problem]), before = buttonsOf.get(table.id);
    if (before?.key === key) return before.element;
    const element = actionsOf(table);
    buttonsOf.set(table.id, { key, element });
    return element;
  }

  function actionsOf(table: RunTable): HTMLElement {
    const button = (text: string, work: () => Promise<unknown>) => {
      const element = el("button", { type: "button", onclick: async () => {
        element.disabled = true;
        try {
          await work();
        } catch (e) {
          toast(e);
        } finally {
          element.disabled = false;
        }
      } }, text);
      return element;
    };
    const buttons = [
      table.canContinue ? button("Continue", () => goOn(table.id)) : null,
      table.canStop ? button("Stop", () => stop(table.id)) : null,
      table.canEvaluate ? button("Show its mistakes", () => ask(table.id)) : null,
    ].filter((element) => element !== null);
    return el("div", { class: "run-actions" }, ...buttons, table.isRunning && !table.canStop ? el("p", { class: "quiet" }, "Stop it where it runs, with Ctrl-C; its state is saved.") : null,
      table.problem ? el("p", { class: "quiet problem" }, table.problem) : null);
  }

  async function goOn(id: number): Promise<void> {
    await post(`/api/runs/${id}/continue`);
    // Until it has the folder, or has failed to.
    for (let i = 0; i < 40 && !ended; i++) {
      await new Promise((done) => setTimeout(done, 500));
      await load(id);
      const table = tables.get(id);
      if (table?.isRunning || table?.problem) break;
    }
    draw();
  }

  async function stop(id: number): Promise<void> {
    await post(`/api/runs/${id}/stop`);
    // It ends its step and writes a checkpoint.
    for (let i = 0; i < 60 && !ended; i++) {
      await new Promise((done) => setTimeout(done, 500));
      await load(id);
      if (!tables.get(id)?.isRunning) break;
    }
    draw();
  }

  async function ask(id: number): Promise<void> {
    await post(`/api/runs/${id}/evaluation`);
    await look(id);
    asked.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  /** Follows an evaluation until it has ended. */
  async function look(id: number): Promise<void> {
    for (;;) {
      const state = await get<EvaluationState>(`/api/runs/${id}/evaluation`);
      if (ended) return;
      evaluations.set(id, state);
      evaluated();
      if (state.phase !== "running") return;
      await new Promise((done) => setTimeout(done, 400));
    }
  }

  function evaluated(): void {
    const parts = [...chosen].map((id) => ({ id, state: evaluations.get(id), table: tables.get(id) })).filter(({ state }) => state && state.phase !== "none");
    // Images that are there stay.
    const key = JSON.stringify(parts.map(({ id, state }) => [id, state!.phase, state!.done]));
    if (asked.dataset["key"] === key) return;
    asked.dataset["key"] = key;
    asked.replaceChildren(...parts.map(({ id, state, table }) => answer(id, state!, table?.name ?? "")));
  }

  function answer(id: number, state: EvaluationState, name: string): HTMLElement {
    const heading = el("h2", {}, `Mistakes of ${name}`);
    if (state.phase === "failed") return el("section", {}, heading, el("p", { class: "quiet" }, state.error ?? ""));
    if (state.phase === "running")
      return el("section", {}, heading, el("p", { class: "quiet", role: "status" }, state.count > 0 ? `${state.done} of ${state.count} images …` : "Opening the images …"), el("progress", { max: Math.max(1, state.count), value: state.done, "aria-label": "Progress" }),
        el("div", { class: "actions" }, el("button", { type: "button", onclick: () => void post("/api/evaluation/stop").catch(toast) }, "Stop")));
    const tiles = state.mistakes.map((mistake, i) => {
      const canvas = el("canvas", { role: "img", "aria-label": `${mistake.name}: ${state.classes[mistake.label]}, predicted as ${state.classes[mistake.predicted]}` });
      getBytes(`/api/runs/${id}/mistakes/${i}`).then((bytes) => drawRgba(canvas, bytes, state.width, state.height)).catch(() => undefined);
      return el("figure", { class: "tile", title: mistake.name }, canvas, el("figcaption", { class: "caption" }, el("span", {}, `${state.classes[mistake.label]} → ${state.classes[mistake.predicted]}`), el("b", {}, percent(mistake.probability))));
    });
    return el("section", {}, heading, el("p", { class: "quiet" }, `Top-1 ${percent(state.topOne)}, loss ${state.loss.toPrecision(3)} on ${state.description}.`),
      el("div", { class: "asked-grid" },
        state.confusion.length > 0 ? confusion(state.classes, state.confusion, "Confusion matrix") : el("p", { class: "quiet" }, `${state.classes.length} classes are too many for a picture of who is predicted as whom; alexnet eval writes it as a table.`),
        el("figure", {}, el("figcaption", {}, tiles.length > 0 ? "Most confident mistakes" : "It made no mistake."), el("div", { class: "tiles small" }, ...tiles))));
  }

  /** What is not set, or was not there when the run was made, is the same: nothing. */
  function settingOf(table: RunTable, name: string): string {
    const value = table.settings[name] ?? "";
    return value === "null" ? "" : value;
  }

  function settings(shown: RunTable[]): void {
    const names = [...new Set(shown.flatMap((table) => Object.keys(table.settings)))].filter((name) => shown.length === 1 || new Set(shown.map((table) => settingOf(table, name))).size > 1);
    if (names.length === 0) {
      differences.replaceChildren();
      return;
    }
    const table = el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "setting"), ...shown.map((run) => el("th", { scope: "col" }, run.name)))),
      el("tbody", {}, ...names.map((name) => el("tr", {}, el("th", { scope: "row" }, name), ...shown.map((run) => el("td", {}, settingOf(run, name) || "–"))))));
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
  // One stream for all: a browser opens few connections to a server.
  const source = new EventSource("/api/runs/events");
  source.onmessage = (event) => listed(JSON.parse(event.data as string) as RunRow[]);
  return () => {
    ended = true;
    removeEventListener("resize", resized);
    theme.removeEventListener("change", draw);
    source.close();
    plots.forEach((plot) => plot.destroy());
  };
};
