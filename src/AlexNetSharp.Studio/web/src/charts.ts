// Curves that share one look.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { el } from "./dom";

export interface Line { label: string; color: string; dash: boolean; x: number[]; y: (number | null)[] }

export const colors = ["--accent", "--line-2", "--line-3", "--line-4", "--line-5"];

export function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A box for curves; what is returned draws them, when all boxes are there, which then have their widths. */
export function chart(parent: HTMLElement, title: string, lines: Line[], format: (value: number) => string, height = 230): (() => uPlot) | null {
  if (lines.length === 0) return null;
  const box = el("figure", { class: "chart" }, el("figcaption", {}, title));
  parent.append(box);
  return () => {
    // All lines share one axis: the union of their places.
    const places = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b), at = new Map(places.map((x, i) => [x, i]));
    const data: uPlot.AlignedData = [places, ...lines.map((line) => {
      const y: (number | null)[] = new Array<number | null>(places.length).fill(null);
      line.x.forEach((x, i) => (y[at.get(x)!] = line.y[i] ?? null));
      return y;
    })];
    const axis = { stroke: css("--quiet"), grid: { stroke: css("--rule"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const style = getComputedStyle(box), inner = box.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    return new uPlot({
      width: Math.max(120, inner), height, cursor: { y: false, points: { size: 6 } }, scales: { x: { time: false } },
      axes: [{ ...axis, size: 28 }, { ...axis, size: 64, values: (_: uPlot, ticks: number[]) => ticks.map(format) }],
      series: [{ label: "at" }, ...lines.map((line) => ({ label: line.label || title, stroke: line.color, width: 2, spanGaps: true, points: { show: places.length < 3 }, ...(line.dash ? { dash: [5, 4] } : {}), value: (_: uPlot, v: number | null) => (v === null ? "–" : format(v)) }))],
    }, data, box);
  };
}

/** With more classes, columns have numbers. */
const mostNames = 6;

/** The confusion matrix: a row for each actual class. */
export function confusion(names: string[], counts: number[], caption: string): HTMLElement {
  const n = names.length, sums = names.map((_, i) => counts.slice(i * n, (i + 1) * n).reduce((a, b) => a + b, 0));
  const cell = (i: number, k: number) => {
    const count = counts[i * n + k] ?? 0, share = sums[i] ? count / sums[i]! : 0;
    const td = el("td", { class: i === k ? "right" : "wrong", title: `${names[i]} predicted as ${names[k]}: ${count}` }, count > 0 ? String(count) : "");
    td.style.setProperty("--share", String(share));
    if (share > 0.55) td.classList.add("strong");
    return td;
  };
  return el("figure", { class: "confusion" }, el("figcaption", {}, caption), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Confusion matrix" }, el("table", {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "actual ↓", el("br", {}), "predicted →"), ...names.map((name, k) => el("th", { scope: "col", title: name }, n > mostNames ? String(k + 1) : name)))),
    el("tbody", {}, ...names.map((name, i) => el("tr", {}, el("th", { scope: "row", title: name }, n > mostNames ? `${i + 1} ${name}` : name), ...names.map((_, k) => cell(i, k))))))));
}
