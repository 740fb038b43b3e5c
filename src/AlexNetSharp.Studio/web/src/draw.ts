// Numbers of the network as pixels.

/** Small values are most of a map; a plain scale would leave them dark. */
const gamma = 0.6;

// A perceptual ramp from black over the accent's green to warm white, as stops of red, green and blue.
const stops: [number, number, number][] = [[10, 14, 18], [16, 56, 66], [18, 104, 96], [64, 152, 104], [166, 194, 106], [250, 240, 190]];

const ramp: Uint8ClampedArray = (() => {
  const table = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i++) {
    const at = Math.pow(i / 255, gamma) * (stops.length - 1), k = Math.min(Math.floor(at), stops.length - 2), t = at - k;
    for (let c = 0; c < 3; c++) table[3 * i + c] = stops[k]![c]! * (1 - t) + stops[k + 1]![c]! * t;
  }
  return table;
})();

/** Draws values of 0 to 255 at their own size; the page scales the canvas. */
export function drawMap(canvas: HTMLCanvasElement, values: Uint8Array, width: number, height: number): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!, image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const v = 3 * values[i]!;
    image.data[4 * i] = ramp[v]!;
    image.data[4 * i + 1] = ramp[v + 1]!;
    image.data[4 * i + 2] = ramp[v + 2]!;
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

export function drawRgb(canvas: HTMLCanvasElement, values: Uint8Array, width: number, height: number): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d")!, image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = values[3 * i + c]!;
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

export function drawRgba(canvas: HTMLCanvasElement, values: Uint8Array, width: number, height: number): void {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")!.putImageData(new ImageData(new Uint8ClampedArray(values), width, height), 0, 0);
}

/** Lays evidence over the crop: what speaks for the class is shown as it is, the rest is dimmed; what speaks against it turns blue. */
export function drawEvidence(canvas: HTMLCanvasElement, crop: HTMLCanvasElement, values: Int8Array, width: number, height: number, smooth: boolean): void {
  const small = document.createElement("canvas");
  small.width = width;
  small.height = height;
  const context = small.getContext("2d")!, image = context.createImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    const v = values[i]! / 127, strength = Math.sqrt(Math.abs(v));
    const color = v >= 0 ? [255, 196, 60] : [60, 130, 255];
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = color[c]! * strength;
    image.data[4 * i + 3] = 255 * (0.72 - 0.3 * strength);
  }
  context.putImageData(image, 0, 0);
  canvas.width = crop.width;
  canvas.height = crop.height;
  const target = canvas.getContext("2d")!;
  target.drawImage(crop, 0, 0);
  target.imageSmoothingEnabled = smooth;
  target.imageSmoothingQuality = "high";
  target.drawImage(small, 0, 0, canvas.width, canvas.height);
}
