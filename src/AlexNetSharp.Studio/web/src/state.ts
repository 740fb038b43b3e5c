// The image that all pages look at.
import { forget, type Classified } from "./api";

export interface Picture { name: string; url: string; blob: Blob; result: Classified }

let current: Picture | null = null;
const listeners = new Set<() => void>();

export function picture(): Picture | null {
  return current;
}

export function show(next: Picture): void {
  if (current && current.blob !== next.blob) {
    if (current.result.image && current.result.image !== next.result.image) forget(current.result.image);
    URL.revokeObjectURL(current.url);
  }
  current = next;
  for (const listener of listeners) listener();
}

export function onPicture(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

addEventListener("pagehide", () => {
  if (current?.result.image) forget(current.result.image);
});
