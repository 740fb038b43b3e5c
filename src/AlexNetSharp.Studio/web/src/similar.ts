import { get, type NearSheet, type Status } from "./api";
import { el, toast } from "./dom";
import { onPicture, picture } from "./state";
import { chooser, take } from "./classify";
import type { Page } from "./main";

export const similarPage: Page = (main, status) => {
  const body = el("div", {});
  main.append(el("h1", { class: "visually-hidden" }, "Similar"), body);
  let ended = new AbortController();

  function render(): void {
    ended.abort();
    ended = new AbortController();
    const shown = picture(), now: Status | null = status();
    if (now && !now.hasFolder) {
      body.replaceChildren(el("div", { class: "empty page" }, el("p", { class: "lead" }, "No folder of images is open"),
        el("p", {}, "Start the studio with one: ", el("code", {}, "alexnet studio MODEL FOLDER"))));
      return;
    }
    if (!shown?.result.image) {
      body.replaceChildren(el("div", { class: "empty page" }, el("p", { class: "lead" }, "Choose an image to search with"),
        el("p", {}, "The images of the folder that are nearest to it by the network's last hidden layer are shown."), chooser("Choose an image", false, (files) => take(files).catch(toast))));
      return;
    }
    const grid = el("div", { class: "tiles large" }), note = el("p", { class: "quiet", "aria-live": "polite" }, "Searching …");
    body.replaceChildren(el("div", { class: "query" }, el("img", { src: shown.url, alt: shown.name }), el("div", {}, el("h2", {}, shown.result.classes[0]?.name ?? ""), note, chooser("Another image", false, (files) => take(files).catch(toast)))), grid);
    void search(shown.result.image, grid, note, ended.signal);
  }

  async function search(image: string, grid: HTMLElement, note: HTMLElement, signal: AbortSignal): Promise<void> {
    try {
      const sheet = await get<NearSheet>(`/api/image/${image}/similar?top=24`, signal), now = status();
      note.textContent = `The nearest of ${sheet.searched} images${now && now.imagesDone < now.images ? ` (${now.images - now.imagesDone} are still being read)` : ""}.`;
      grid.replaceChildren(...sheet.images.map((near) => el("button", { type: "button", class: "tile", onclick: () => void go(near.id, near.name) },
        el("img", { src: `/api/folder/${near.id}`, alt: near.name, loading: "lazy" }), el("span", { class: "caption", title: near.name }, el("span", {}, near.name.split(/[\\/]/).pop()!), el("b", {}, near.distance.toFixed(1))))));
    } catch (e) {
      toast(e);
    }
  }

  async function go(id: number, name: string): Promise<void> {
    try {
      const blob = await (await fetch(`/api/folder/${id}`)).blob();
      await take([new File([blob], name, { type: blob.type })]);
      scrollTo({ top: 0, behavior: "smooth" });
    } catch (e) {
      toast(e);
    }
  }

  const stop = onPicture(render);
  render();
  return () => {
    ended.abort();
    stop();
  };
};
