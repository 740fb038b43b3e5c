import "./style.css";
import { ApiError, get, type Status } from "./api";
import { count, el, toast } from "./dom";
import { benchPage } from "./bench";
import { classifyPage } from "./classify";
import { insidePage } from "./inside";
import { similarPage } from "./similar";
import { teachPage } from "./teach";
import { watchPage } from "./watch";

// Each page fills the main element and returns what ends it.
export type Page = (main: HTMLElement, status: () => Status | null) => () => void;

const pages: { id: string; title: string; page: Page }[] = [
  { id: "classify", title: "Classify", page: classifyPage },
  { id: "inside", title: "Look inside", page: insidePage },
  { id: "similar", title: "Similar", page: similarPage },
  { id: "teach", title: "Teach", page: teachPage },
  { id: "watch", title: "Watch", page: watchPage },
  { id: "bench", title: "Benchmark", page: benchPage },
];

const main = document.getElementById("main")!, tabs = document.getElementById("tabs")!, model = document.getElementById("model")!;
let status: Status | null = null, end: (() => void) | null = null, opened: (typeof pages)[number] | null = null, lost = false;

for (const { id, title } of pages) tabs.append(el("a", { href: `#${id}` }, title));

function open(): void {
  const id = location.hash.slice(1).split("/")[0] || (status?.state === "none" && status.runs > 0 ? "watch" : "classify");
  const entry = pages.find((candidate) => candidate.id === id) ?? pages[0]!;
  for (const tab of tabs.querySelectorAll("a")) {
    if (tab.getAttribute("href") === `#${entry.id}`) {
      tab.setAttribute("aria-current", "page");
      // On a narrow screen the tabs scroll.
      tabs.scrollTo({ left: tab.offsetLeft - tabs.offsetLeft - 40 });
    } else tab.removeAttribute("aria-current");
  }
  document.title = `${entry.title} · AlexNet Studio`;
  end?.();
  main.replaceChildren();
  if (entry !== opened) scrollTo({ top: 0 });
  opened = entry;
  end = entry.page(main, () => status);
}

async function refresh(): Promise<void> {
  try {
    const before = status?.state;
    status = await get<Status>("/api/status");
    lost = false;
    const text = status.state === "ready" ? `${status.model} · ${status.network}, ${count(status.parameters)} parameters, ${status.classes} classes`
      : status.state === "loading" ? `${status.model} is loading …`
      : status.state === "failed" ? status.error ?? "The model cannot be used."
      : "No model";
    if (model.textContent !== text) model.textContent = text;
    model.dataset["state"] = status.state;
    if (before !== status.state) dispatchEvent(new CustomEvent("studio-status"));
  } catch (e) {
    if (!lost) toast(e);
    lost = true;
    model.textContent = e instanceof ApiError && e.status === 403 ? "The studio was started again: open the address that it printed" : "The studio has ended";
    model.dataset["state"] = "failed";
  }
  setTimeout(refresh, lost ? 1500 : status?.state === "loading" || (status?.hasFolder && status.imagesDone < status.images) ? 400 : 3000);
}

addEventListener("hashchange", open);
void refresh().then(open);
