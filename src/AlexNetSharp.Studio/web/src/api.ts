// What the server answers, and how it is asked.
export interface Status { model: string | null; state: "ready" | "loading" | "failed" | "none"; error: string | null; network: string | null; parameters: number; classes: number; cropWidth: number; cropHeight: number; images: number; imagesDone: number; hasFolder: boolean; runs: number; saveFolder: string | null }
export interface ClassBar { index: number; id: string; name: string; probability: number }
export interface Times { decode: number; prepare: number; wait: number; compute: number }
export interface Classified { image: string | null; width: number; height: number; classes: ClassBar[]; times: Times }
export interface LayerRow { name: string; kind: string; details: string; height: number; width: number; channels: number; isVector: boolean; parameters: number; multiplyAdds: number; milliseconds: number; hasFilters: boolean }
export interface LayerTable { network: string; height: number; width: number; channels: number; layers: LayerRow[] }
export interface MapSheet { layer: string; height: number; width: number; count: number; order: number[]; strength: number[]; data: string; minimum: number; maximum: number; histogram: number[] }
export interface FilterSheet { layer: string; size: number; count: number; data: string }
export interface Evidence { method: string; class: number; name: string; height: number; width: number; data: string; milliseconds: number }
export interface Near { id: number; name: string; distance: number }
export interface NearSheet { images: Near[]; searched: number }
export interface ExcitedSheet { images: { id: number; name: string; value: number }[]; searched: number; count: number }
export interface RunRow { id: number; name: string; epochs: number; topOne: number | null; loss: number | null; isRunning: boolean; changed: number }
export type Columns = Record<string, (number | null)[]>;
export interface RunTable { id: number; name: string; epochs: Columns; steps: Columns; settings: Record<string, string>; epochsWanted: number | null; secondsLeft: number | null; isRunning: boolean; changed: number; canStop: boolean; canContinue: boolean; canEvaluate: boolean; problem: string | null }
export interface EvaluationState { run: number; phase: "none" | "running" | "done" | "failed"; error: string | null; done: number; count: number; description: string | null; topOne: number; loss: number; classes: string[]; confusion: number[]; mistakes: { name: string; label: number; predicted: number; probability: number }[]; width: number; height: number }

export interface TeachPoint { epoch: number; loss: number; top1: number; heldOutLoss: number | null; heldOutTop1: number | null }
export interface TeachMistake { image: number; label: number; predicted: number; probability: number }
export interface TeachState { phase: "collecting" | "training" | "trained" | "failed"; error: string | null; epoch: number; epochs: number; seconds: number; learned: number; heldOut: number; classes: string[]; history: TeachPoint[]; confusion: number[]; mistakes: TeachMistake[] }
export interface TaughtAnswer { classes: ClassBar[]; milliseconds: number }

export interface BenchCandidate { algorithm: string; accepted: boolean; reason: string }
export interface BenchLayer { name: string; algorithm: string; forwardFloor: number; forwardBy: string; backwardFloor: number; backwardBy: string; candidates: BenchCandidate[]; forwardSeconds: number; backwardSeconds: number; prepareSeconds: number }
export interface BenchState { phase: "idle" | "running" | "done" | "failed"; machine: string | null; error: string | null; step: { run: string; done: number; total: number; seconds: number } | null; outcome: { report: string; runs: { run: string; layers: BenchLayer[] }[] } | null }
export interface BenchRun { name: string; steps: number; medianSeconds: number; medianLowSeconds: number; medianHighSeconds: number; imagesPerSecond: number; gflops: number; peakBeforeGflops?: number; noise?: string }
/** A file of `alexnet bench --json`; docs/benchmarking.md describes it. */
export interface BenchReport { schema: number; version: string; date: string; network: string; settings: { batchSize: number; threads: number; gradients: string }; machine: { processor: string; simd: string; cores: number; dotnet: string }; memoryReadGBs?: number; runs: BenchRun[]; layerTimes?: { name: string; algorithm: string; forwardSeconds: number; backwardSeconds?: number }[] }
export interface BenchDifference { rows: { what: string; first: number; other: number; ratio: number; low: number; high: number; verdict: string }[]; differences: string }

export class ApiError extends Error {
  constructor(message: string, readonly status = 0) {
    super(message);
  }
}

async function answer(request: Promise<Response>): Promise<Response> {
  let response: Response;
  try {
    response = await request;
  } catch (e) {
    if (e instanceof DOMException && e.name === "AbortError") throw e;
    throw new ApiError("The studio does not answer: it may have ended. Start it again and open the address that it prints.");
  }
  if (response.ok) return response;
  let message = `The studio answered with ${response.status}.`;
  const text = await response.text();
  try {
    message = (JSON.parse(text) as { error: string }).error;
  } catch {
    if (response.status === 403 && text) message = text;
  }
  throw new ApiError(message, response.status);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await answer(fetch(path, { signal: signal ?? null }))).json() as Promise<T>;
}

export async function getBytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await answer(fetch(path, { signal: signal ?? null }))).arrayBuffer());
}

/** Sends bytes, or nothing, and gets an answer, or none. */
export async function post<T>(path: string, body: Blob | string | null = null, signal?: AbortSignal): Promise<T> {
  const response = await answer(fetch(path, { method: "POST", body, signal: signal ?? null, headers: body === null ? {} : { "Content-Type": "application/octet-stream" } }));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function classify(image: Blob, top: number, keep: boolean, signal?: AbortSignal): Promise<Classified> {
  return post<Classified>(`/api/classify?top=${top}&keep=${keep}`, image, signal);
}

export function forget(image: string): void {
  navigator.sendBeacon(`/api/forget/${image}`);
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
