/**
 * What the bytes of a picture or a voice message are, told by themselves and not by who sent them. Pure.
 *
 * @typedef {{kind: "image", type: string, width: number, height: number}} Picture
 * @typedef {{kind: "audio", type: string}} Voice
 */

/** A picture of more pixels is not shown: the browser would take four bytes of memory for each. */
const MOST_PIXELS = 40_000_000;

/** @param {string} base64 @returns {Uint8Array | null} */
export function bytesOf(base64) {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

/** What can be shown or played; null for everything else, whatever it claims to be. @param {Uint8Array} bytes @returns {Picture | Voice | null} */
export function sniff(bytes) {
  const size = pictureSize(bytes);
  if (size) {
    const { width, height } = size;
    return width > 0 && height > 0 && width * height <= MOST_PIXELS ? { kind: "image", ...size } : null;
  }
  const type = voiceType(bytes);
  return type ? { kind: "audio", type } : null;
}

/** @param {Uint8Array} bytes @returns {{type: string, width: number, height: number} | null} */
function pictureSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (begins(bytes, 0, "\x89PNG\r\n\x1a\n") && bytes.length > 24) {
    return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if ((begins(bytes, 0, "GIF87a") || begins(bytes, 0, "GIF89a")) && bytes.length > 10) {
    return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (begins(bytes, 0, "RIFF") && begins(bytes, 8, "WEBP") && bytes.length > 30) return webpSize(bytes, view);
  if (begins(bytes, 0, "\xff\xd8\xff")) return jpegSize(bytes, view);
  return null;
}

/** @param {Uint8Array} bytes @param {DataView} view */
function webpSize(bytes, view) {
  const type = "image/webp";
  if (begins(bytes, 12, "VP8X")) {
    const three = (/** @type {number} */ at) => 1 + (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16));
    return { type, width: three(24), height: three(27) };
  }
  if (begins(bytes, 12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return { type, width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
  }
  if (begins(bytes, 12, "VP8 ")) {
    return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  return null;
}

/** From one segment to the next until the one that tells the size. @param {Uint8Array} bytes @param {DataView} view */
function jpegSize(bytes, view) {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    const tellsSize = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (tellsSize) return { type: "image/jpeg", height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return null;
}

/** @param {Uint8Array} bytes @returns {string} */
function voiceType(bytes) {
  if (begins(bytes, 0, "RIFF") && begins(bytes, 8, "WAVE")) return "audio/wav";
  if (begins(bytes, 0, "OggS")) return "audio/ogg";
  if (begins(bytes, 0, "fLaC")) return "audio/flac";
  if (begins(bytes, 4, "ftyp")) return "audio/mp4";
  if (begins(bytes, 0, "\x1a\x45\xdf\xa3")) return "audio/webm";
  if (begins(bytes, 0, "ID3")) return "audio/mpeg";
  if (bytes[0] === 0xff && (bytes[1] & 0xf6) === 0xf0) return "audio/aac";
  return bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0 && (bytes[1] & 0x06) !== 0 ? "audio/mpeg" : "";
}

/** @param {Uint8Array} bytes @param {number} at @param {string} text */
function begins(bytes, at, text) {
  return bytes.length >= at + text.length && [...text].every((char, i) => bytes[at + i] === char.charCodeAt(0));
}
