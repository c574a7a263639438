/** Draws sound as bars: the loudness of a recording in equal parts. Pure. */

/** Quieter recordings are not drawn as tall as loud ones. */
const MIN_SCALE = 0.1;
/** Samples that are read of each part at most; more would change nothing that can be seen. */
const SAMPLES_PER_BAR = 400;

/**
 * Return the loudness of each of `count` parts, between 0 and 1.
 * @param {ArrayLike<number>} samples between -1 and 1
 * @param {number} count
 * @returns {number[]}
 */
export function waveform(samples, count) {
  const length = samples.length / count;
  const step = Math.max(1, Math.floor(length / SAMPLES_PER_BAR));
  const bars = Array.from({ length: count }, (_, bar) => {
    let sum = 0;
    let read = 0;
    const end = Math.min(samples.length, Math.floor((bar + 1) * length));
    for (let i = Math.floor(bar * length); i < end; i += step, read++) sum += samples[i] * samples[i];
    return read ? Math.sqrt(sum / read) : 0;
  });
  const loudest = Math.max(MIN_SCALE, ...bars);
  return bars.map((bar) => Math.min(1, bar / loudest));
}
