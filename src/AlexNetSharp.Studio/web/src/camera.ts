// The camera, whose images become no larger than a network needs.
export class Camera {
  readonly video = document.createElement("video");
  #stream: MediaStream | null = null;
  #canvas = document.createElement("canvas");

  /** Throws where there is none, or it may not be used. */
  async start(): Promise<void> {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: false });
    } catch {
      throw new Error("No camera is available, or access was denied.");
    }
    this.video.autoplay = this.video.muted = this.video.playsInline = true;
    this.video.srcObject = this.#stream;
    await this.video.play().catch(() => undefined);
  }

  /** What it sees now, the shorter side 256 pixels. */
  async image(): Promise<Blob | null> {
    const { video } = this, scale = 256 / Math.max(1, Math.min(video.videoWidth, video.videoHeight));
    this.#canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
    this.#canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
    this.#canvas.getContext("2d")!.drawImage(video, 0, 0, this.#canvas.width, this.#canvas.height);
    return new Promise((done) => this.#canvas.toBlob(done, "image/jpeg", 0.9));
  }

  stop(): void {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
  }
}
