// What this page teaches, as long as it is open: classes with their images, and the session of the server, which keeps no image.
import { ApiError, post, type TeachState } from "./api";
import { toast } from "./dom";

export interface Sample { blob: Blob; name: string; url: string; image: number; session: string; failed: boolean }
export interface Lesson { number: number; name: string; samples: Sample[] }

export const mostImages = 4000;
const lanes = 4;

export const lessons: Lesson[] = [];
export let state: TeachState | null = null;
let session: string | null = null, opening: Promise<string> | null = null, source: EventSource | null = null, next = 0;
let waiting: { lesson: Lesson; sample: Sample }[] = [], busy = 0, refused = 0, why = "";
const listeners = new Set<() => void>();

export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}

export function pending(): number {
  return waiting.length + busy;
}

export function count(): number {
  return lessons.reduce((sum, lesson) => sum + lesson.samples.length, 0);
}

export function sampleOf(image: number): Sample | undefined {
  return lessons.flatMap((lesson) => lesson.samples).find((sample) => sample.image === image && sample.session === session);
}

/** The session's address; a new one where there is none. */
export async function address(): Promise<string> {
  if (session) return `/api/teach/${session}`;
  opening ??= post<{ id: string }>("/api/teach").then(({ id }) => {
    session = id;
    source = new EventSource(`/api/teach/${id}/events`);
    source.onmessage = (event) => {
      state = JSON.parse(event.data as string) as TeachState;
      tell();
    };
    source.onerror = () => {
      // Closed for good: the server does not know the session any more, and gets everything again when it is needed.
      if (source?.readyState === EventSource.CLOSED) lose();
    };
    return id;
  }).finally(() => (opening = null));
  return `/api/teach/${await opening}`;
}

function lose(): void {
  source?.close();
  source = session = null;
  if (state?.phase === "training") toast("Training ended because the studio shut down.");
  state = null;
  tell();
}

/** Asks the session, once more with a new one where it is gone. */
async function ask<T>(path: string, body: Blob | string | null = null): Promise<T> {
  try {
    return await post<T>(`${await address()}${path}`, body);
  } catch (e) {
    if (!(e instanceof ApiError) || e.status !== 404) throw e;
    lose();
    await resend();
    return post<T>(`${await address()}${path}`, body);
  }
}

export function addLesson(name = ""): Lesson {
  const names = new Set(lessons.map((lesson) => lesson.name));
  let given = name;
  for (let i = lessons.length + 1; given === "" || (name === "" && names.has(given)); i++) given = `Class ${i}`;
  const lesson = { number: next++, name: given, samples: [] };
  lessons.push(lesson);
  tell();
  return lesson;
}

export function removeLesson(lesson: Lesson): void {
  lessons.splice(lessons.indexOf(lesson), 1);
  waiting = waiting.filter((item) => item.lesson !== lesson);
  lesson.samples.forEach((sample) => URL.revokeObjectURL(sample.url));
  if (session) post(`/api/teach/${session}/forget?number=${lesson.number}`).catch(() => undefined);
  tell();
}

export function removeSample(lesson: Lesson, sample: Sample): void {
  lesson.samples.splice(lesson.samples.indexOf(sample), 1);
  waiting = waiting.filter((item) => item.sample !== sample);
  URL.revokeObjectURL(sample.url);
  if (session && sample.session === session) post(`/api/teach/${session}/forget?image=${sample.image}`).catch(() => undefined);
  tell();
}

export function add(lesson: Lesson, files: Blob[]): void {
  const room = mostImages - count();
  if (files.length > room) toast(`At most ${mostImages} images are allowed; ${files.length - room} were left out.`);
  for (const blob of files.slice(0, room)) {
    const sample = { blob, name: blob instanceof File ? blob.name : "camera", url: URL.createObjectURL(blob), image: -1, session: "", failed: false };
    lesson.samples.push(sample);
    waiting.push({ lesson, sample });
  }
  tell();
  pump();
}

function pump(): void {
  while (busy < lanes && waiting.length > 0) {
    const item = waiting.shift()!;
    busy++;
    void send(item.lesson, item.sample).finally(() => {
      busy--;
      if (pending() === 0 && refused > 0) {
        toast(refused === 1 ? why : `${refused} images were left out: ${why}`);
        refused = 0;
      }
      tell();
      pump();
    });
  }
}

async function send(lesson: Lesson, sample: Sample): Promise<void> {
  try {
    const at = await address();
    sample.image = (await post<{ image: number }>(`${at}/images/${lesson.number}`, sample.blob)).image;
    sample.session = at.split("/").at(-1)!;
  } catch (e) {
    why = e instanceof Error ? e.message.replace(/^image:/, `${sample.name}:`) : String(e);
    if (e instanceof ApiError && (e.status === 400 || e.status === 413)) {
      refused++;
      removeSample(lesson, sample);
    } else {
      if (e instanceof ApiError && e.status === 404) lose();
      sample.failed = true;
      toast(why);
      waiting = [];
    }
  }
}

/** Sends what the server has not, and waits for it; again where the session turns out to be gone meanwhile. */
async function resend(): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    const id = (await address()).split("/").at(-1)!;
    for (const lesson of lessons)
      for (const sample of lesson.samples)
        if (sample.session !== id && !waiting.some((item) => item.sample === sample)) waiting.push({ lesson, sample });
    pump();
    while (pending() > 0) await new Promise((done) => setTimeout(done, 60));
    if (session === id && lessons.every((lesson) => lesson.samples.every((sample) => sample.session === id))) return;
  }
  throw new Error("Not all images reached the studio: try again.");
}

export async function train(epochs: number): Promise<void> {
  await resend();
  await ask("/train", JSON.stringify({ classes: lessons.map(({ number, name }) => ({ number, name })), epochs }));
}

export function stop(): Promise<void> {
  return ask("/stop");
}

export function classify<T>(image: Blob): Promise<T> {
  return ask<T>("/classify", image);
}

export function save(name: string): Promise<{ name: string }> {
  return ask(`/save?name=${encodeURIComponent(name)}`);
}

addEventListener("pagehide", () => {
  if (session) navigator.sendBeacon(`/api/teach/${session}/end`);
  session = null;
});
