/** Tells what this browser can play, and measures pictures and videos before they are uploaded. */

/** @import { Upload } from "../net/uploads.js" */
/** Decoding takes four bytes for each pixel, so larger files are not shown before they are sent. */
const MAX_SHOWN_BYTES = 60 * 1024 * 1024;
const MEASURE_TIMEOUT_MS = 8000;

/** Containers that browsers play; of others, some say so and then fail. */
const CONTAINERS = /^(?:video\/(?:mp4|webm|ogg|quicktime)|audio\/(?:mpeg|mp4|x-m4a|aac|ogg|webm|wav|x-wav|flac|x-flac))$/;

/** @param {{kind: string, type: string}} file a video or sound */
export function canPlay({ kind, type }) {
  return CONTAINERS.test(type) && document.createElement(kind === "video" ? "video" : "audio").canPlayType(type) !== "";
}

/**
 * Return the size of a picture or video, turned upright; null if this browser cannot show it.
 * @param {Upload} upload
 * @returns {Promise<{width: number, height: number} | null>}
 */
export function measureMedia({ kind, url, size, type }) {
  if (kind === "image" && size > MAX_SHOWN_BYTES) return Promise.resolve(null);
  if (kind === "video" && !canPlay({ kind, type })) return Promise.resolve(null);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), MEASURE_TIMEOUT_MS);
    const end = (/** @type {number} */ width, /** @type {number} */ height) => {
      clearTimeout(timer);
      resolve(width && height ? { width, height } : null);
    };
    if (kind === "image") {
      const image = new Image();
      image.onload = () => end(image.naturalWidth, image.naturalHeight);
      image.onerror = () => end(0, 0);
      image.src = url;
      return;
    }
    const video = document.createElement("video");
    video.preload = "metadata";
    video.onloadedmetadata = () => end(video.videoWidth, video.videoHeight);
    video.onerror = () => end(0, 0);
    video.src = url;
  });
}
