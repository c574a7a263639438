/** Records the microphone. */

/** In order of preference: most browsers play the first. */
const TYPES = ["audio/mp4;codecs=mp4a.40.2", "audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const BITS_PER_SECOND = 32_000;
const FFT_SIZE = 512;

/** Tell whether this browser can record: only on a page that came over a secure connection, or from this machine. */
export function canRecord() {
  return typeof MediaRecorder !== "undefined" && Boolean(navigator.mediaDevices?.getUserMedia) && Boolean(recordingType());
}

function recordingType() {
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
}

export class SoundRecorder {
  /** @type {Blob[]} */ #parts = [];
  #context = new AudioContext();
  #analyser = this.#context.createAnalyser();
  #samples = new Float32Array(FFT_SIZE);
  #startedAt = performance.now();
  /** The length of the recording once it has stopped, in ms. @type {number | null} */ #length = null;

  /** Ask for the microphone and record. Rejects if the user or the system refuses. */
  static async start() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    return new SoundRecorder(stream);
  }

  /** @param {MediaStream} stream */
  constructor(stream) {
    this.stream = stream;
    const type = recordingType();
    /** The MIME type without parameters. */
    this.type = type.split(";")[0];
    this.recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    this.recorder.ondataavailable = ({ data }) => this.#parts.push(data);
    this.#analyser.fftSize = FFT_SIZE;
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    this.recorder.start();
  }

  /** Milliseconds recorded so far. */
  get length() {
    return this.#length ?? performance.now() - this.#startedAt;
  }

  /** The present loudness, between 0 and 1. */
  get level() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const sum = this.#samples.reduce((total, sample) => total + sample * sample, 0);
    return Math.min(1, Math.sqrt(sum / FFT_SIZE) * 4);
  }

  /** Stop, free the microphone and return what was recorded. @returns {Promise<Blob>} */
  stop() {
    this.#length = this.length;
    return new Promise((resolve) => {
      const finish = () => resolve(new Blob(this.#parts, { type: this.type }));
      if (this.recorder.state === "inactive") finish();
      else {
        this.recorder.onstop = finish;
        this.recorder.stop();
      }
      for (const track of this.stream.getTracks()) track.stop();
      this.#context.close().catch(() => {});
    });
  }
}
