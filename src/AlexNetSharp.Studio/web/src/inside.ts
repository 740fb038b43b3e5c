import { bytesOf, get, getBytes, type Evidence, type ExcitedSheet, type FilterSheet, type LayerRow, type LayerTable, type MapSheet } from "./api";
import { accent, count, el, milliseconds, percent, toast } from "./dom";
import { drawEvidence, drawMap, drawRgb, drawRgba } from "./draw";
import { onPicture, picture } from "./state";
import { chooser, take } from "./classify";
import type { Page } from "./main";

const methods: [string, string, string][] = [
  ["grad-cam", "Grad-CAM", "Which regions of the last convolution support the class."],
  ["gradient", "Gradient × input", "What each pixel contributes, to first order; blue counts against it."],
  ["occlusion", "Occlusion", "How much the probability falls when a square is covered."],
];

const firstMaps = 64;

export const insidePage: Page = (main, status) => {
  let ended = new AbortController(), chosen: string | null = null;
  const body = el("div", {});
  main.append(el("h1", { class: "visually-hidden" }, "Look inside"), body);

  function render(): void {
    ended.abort();
    ended = new AbortController();
    const shown = picture(), signal = ended.signal;
    if (!shown?.result.image) {
      body.replaceChildren(el("div", { class: "empty page" }, el("p", { class: "lead" }, "Choose an image to look at"),
        el("p", {}, "Every layer shows what it makes of it."), chooser("Choose an image", false, (files) => take(files).catch(toast))));
      return;
    }
    const id = shown.result.image, why = el("section", { class: "why", "aria-labelledby": "why" }), row = el("div", { class: "layers", role: "group", "aria-label": "Layers" }), detail = el("section", { class: "layer", "aria-live": "polite" });
    body.replaceChildren(why, el("h2", {}, "Layers"), row, detail);
    void explain(why, id, signal);
    void layers(row, detail, id, signal);
  }

  async function explain(section: HTMLElement, image: string, signal: AbortSignal): Promise<void> {
    const shown = picture()!, { width, height, classes } = shown.result;
    const select = el("select", { "aria-label": "Class" }, ...classes.map((c) => el("option", { value: String(c.index) }, `${c.name} (${percent(c.probability)})`)));
    const crop = el("canvas", { role: "img", "aria-label": "What the network sees" });
    const figures = methods.map(([, title, text]) => {
      const canvas = el("canvas", { role: "img", "aria-label": `${title}: ${text}` });
      return { canvas, figure: el("figure", {}, canvas, el("figcaption", {}, el("b", {}, title), text)) };
    });
    section.append(el("div", { class: "heading" }, el("h2", { id: "why" }, "Why"), select),
      el("div", { class: "evidence" }, el("figure", {}, crop, el("figcaption", {}, el("b", {}, "The image"), "The part that the network sees.")), ...figures.map((f) => f.figure)));
    try {
      drawRgba(crop, await getBytes(`/api/image/${image}/crop`, signal), width, height);
      for (const { canvas } of figures) {
        canvas.width = width;
        canvas.height = height;
      }
      select.addEventListener("change", () => void all());
      await all();
    } catch (e) {
      toast(e);
    }

    async function all(): Promise<void> {
      const index = select.value;
      for (let i = 0; i < methods.length; i++) {
        const { canvas, figure } = figures[i]!;
        figure.classList.add("busy");
        try {
          const evidence = await get<Evidence>(`/api/image/${image}/evidence/${methods[i]![0]}/${index}`, signal);
          if (select.value !== index) return;
          drawEvidence(canvas, crop, new Int8Array(bytesOf(evidence.data).buffer), evidence.width, evidence.height, methods[i]![0] !== "gradient");
          figure.title = milliseconds(evidence.milliseconds);
        } catch (e) {
          toast(e);
        } finally {
          figure.classList.remove("busy");
        }
      }
    }
  }

  async function layers(row: HTMLElement, detail: HTMLElement, image: string, signal: AbortSignal): Promise<void> {
    try {
      const table = await get<LayerTable>(`/api/image/${image}/layers`, signal), slowest = Math.max(...table.layers.map((layer) => layer.milliseconds));
      for (const layer of table.layers) {
        const time = el("span", { class: "time" });
        time.style.width = `${slowest > 0 ? Math.max(2, (100 * layer.milliseconds) / slowest) : 0}%`;
        row.append(el("button", { type: "button", class: `chip ${layer.kind.split(" ")[0]}`, "data-layer": layer.name, "aria-pressed": "false", onclick: () => void select(layer) },
          el("b", {}, layer.name), el("span", {}, layer.kind), el("span", {}, layer.isVector ? count(layer.channels) : `${layer.height}×${layer.width}×${layer.channels}`),
          el("span", {}, layer.milliseconds > 0 ? milliseconds(layer.milliseconds) : "–"), time));
      }
      const first = table.layers.find((layer) => layer.name === chosen) ?? table.layers[0];
      if (first) await select(first);
    } catch (e) {
      toast(e);
    }

    async function select(layer: LayerRow): Promise<void> {
      chosen = layer.name;
      for (const chip of row.querySelectorAll("button")) chip.setAttribute("aria-pressed", String(chip.dataset["layer"] === layer.name));
      try {
        const sheet = await get<MapSheet>(`/api/image/${image}/maps/${encodeURIComponent(layer.name)}`, signal);
        const filters = layer.hasFilters ? await get<FilterSheet>(`/api/filters/${encodeURIComponent(layer.name)}`, signal) : null;
        if (chosen === layer.name) detail.replaceChildren(...describe(layer, sheet, filters));
      } catch (e) {
        toast(e);
      }
    }
  }

  function describe(layer: LayerRow, sheet: MapSheet, filters: FilterSheet | null): HTMLElement[] {
    const facts = [layer.kind, layer.details, layer.parameters > 0 ? `${count(layer.parameters)} parameters` : "", layer.multiplyAdds > 0 ? `${count(layer.multiplyAdds)} multiply-adds` : "",
      `values ${sheet.minimum.toPrecision(3)} to ${sheet.maximum.toPrecision(3)}`].filter((fact) => fact !== "");
    const parts: HTMLElement[] = [el("div", { class: "heading" }, el("div", {}, el("h3", {}, layer.name), el("p", { class: "quiet" }, facts.join(" · "))), histogram(sheet))];
    if (filters) {
      const grid = el("div", { class: "maps filters", role: "img", "aria-label": `${filters.count} filters` }), data = bytesOf(filters.data), area = filters.size * filters.size * 3;
      for (let i = 0; i < filters.count; i++) {
        const canvas = el("canvas", { title: `filter ${i}` });
        drawRgb(canvas, data.subarray(i * area, (i + 1) * area), filters.size, filters.size);
        grid.append(canvas);
      }
      parts.push(el("details", {}, el("summary", {}, `Its ${filters.count} filters`), grid));
    }
    parts.push(layer.isVector ? vector(sheet) : maps(layer, sheet));
    return parts;
  }

  function maps(layer: LayerRow, sheet: MapSheet): HTMLElement {
    const data = bytesOf(sheet.data), area = sheet.width * sheet.height, grid = el("div", { class: "maps" }), large = el("dialog", { class: "zoom", "aria-label": "Feature map" });
    large.addEventListener("click", () => large.close());
    const add = (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const canvas = el("canvas", {}), channel = sheet.order[i]!, values = data.subarray(i * area, (i + 1) * area);
        drawMap(canvas, values, sheet.width, sheet.height);
        grid.append(el("button", { type: "button", class: "map", "aria-label": `Map ${channel} of ${layer.name}, mean ${sheet.strength[i]!.toPrecision(3)}`, onclick: () => {
          const copy = el("canvas", {});
          drawMap(copy, values, sheet.width, sheet.height);
          const excited = el("div", { class: "excited" });
          large.replaceChildren(copy, el("p", {}, `map ${channel}, mean ${sheet.strength[i]!.toPrecision(3)}, ${sheet.height} × ${sheet.width}`), excited, el("button", { type: "button" }, "Close"));
          large.showModal();
          if (status()?.hasFolder) void excite(excited, layer.name, channel, large);
        } }, canvas));
      }
    };
    add(0, Math.min(firstMaps, sheet.count));
    const box = el("div", {}, el("p", { class: "quiet" }, `${sheet.count} maps, the strongest first`), grid, large);
    if (sheet.count > firstMaps) {
      const more = el("button", { type: "button", onclick: () => {
        add(firstMaps, sheet.count);
        more.remove();
      } }, `Show all ${sheet.count}`);
      box.append(more);
    }
    return box;
  }

  /** The images of the folder that activate a map most, while they are searched for. */
  async function excite(box: HTMLElement, layer: string, map: number, dialog: HTMLDialogElement): Promise<void> {
    const note = el("p", { class: "quiet", role: "status" }), row = el("div", { class: "excited-row" });
    box.append(note, row);
    try {
      for (let shown = ""; dialog.open && box.isConnected; ) {
        const sheet = await get<ExcitedSheet>(`/api/excited/${encodeURIComponent(layer)}/${map}`, ended.signal), now = JSON.stringify(sheet.images);
        const searching = sheet.count === 0 || sheet.searched < sheet.count;
        note.textContent = searching ? `Images of the folder that activate it most: ${sheet.searched} of ${sheet.count || "…"} processed` : sheet.images.length > 0 ? "Images of the folder that activate it most" : "No image of the folder activates it.";
        if (now !== shown) row.replaceChildren(...sheet.images.map((image) => el("figure", {}, el("img", { src: `/api/folder/${image.id}`, alt: image.name, title: image.name }), el("figcaption", {}, image.value.toPrecision(3)))));
        shown = now;
        if (!searching) return;
        await new Promise((done) => setTimeout(done, 500));
      }
    } catch (e) {
      toast(e);
    }
  }

  function vector(sheet: MapSheet): HTMLElement {
    const data = bytesOf(sheet.data), side = Math.ceil(Math.sqrt(sheet.count)), square = new Uint8Array(side * side), canvas = el("canvas", { class: "vector", role: "img", "aria-label": `${sheet.count} values, the strongest first` });
    square.set(data.subarray(0, sheet.count));
    drawMap(canvas, square, side, side);
    return el("div", {}, el("p", { class: "quiet" }, `The ${sheet.count} strongest values, row by row`), canvas);
  }

  function histogram(sheet: MapSheet): HTMLElement {
    const canvas = el("canvas", { class: "histogram", role: "img", "aria-label": "Distribution of the values" }), most = Math.max(...sheet.histogram.map((n) => Math.log1p(n)));
    canvas.width = sheet.histogram.length * 6;
    canvas.height = 72;
    const context = canvas.getContext("2d")!;
    context.fillStyle = accent();
    sheet.histogram.forEach((n, i) => {
      const height = most > 0 ? (canvas.height * Math.log1p(n)) / most : 0;
      context.fillRect(6 * i, canvas.height - height, 5, height);
    });
    return canvas;
  }

  const stop = onPicture(render);
  render();
  return () => {
    ended.abort();
    stop();
  };
};
