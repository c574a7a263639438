/**
 * Detects the format of picture and voice messages from their bytes, whatever the sender claims. Pure.
 *
 * @typedef {{kind: "image", type: string, width: number, height: number}} PictureInfo  `type`: a media type
 * @typedef {{kind: "audio", type: string}} VoiceInfo
 * @typedef {{type: string, width: number, height: number}} ImageSize
 */

/** The browser needs four bytes of memory for each pixel, so larger pictures are not shown. */
const MAX_PIXELS = 40_000_000;

/** @param {string} base64 @returns {Uint8Array<ArrayBuffer> | null} null: not valid Base64 */
export function decodeBase64(base64) {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

/**
 * Return the format of a picture or recording that the page can show or play, or null.
 * @param {Uint8Array} bytes
 * @returns {PictureInfo | VoiceInfo | null}
 */
export function detectMedia(bytes) {
  const size = imageSize(bytes);
  if (size) {
    const { width, height } = size;
    return width > 0 && height > 0 && width * height <= MAX_PIXELS ? { kind: "image", ...size } : null;
  }
  const type = audioType(bytes);
  return type ? { kind: "audio", type } : null;
}

/** @param {Uint8Array} bytes @returns {ImageSize | null} */
function imageSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (hasAt(bytes, 0, "\x89PNG\r\n\x1a\n") && bytes.length > 24) {
    return { type: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
  }
  if ((hasAt(bytes, 0, "GIF87a") || hasAt(bytes, 0, "GIF89a")) && bytes.length > 10) {
    return { type: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (hasAt(bytes, 0, "RIFF") && hasAt(bytes, 8, "WEBP") && bytes.length > 30) return webpSize(bytes, view);
  if (hasAt(bytes, 0, "\xff\xd8\xff")) return jpegSize(bytes, view);
  return null;
}

/** @param {Uint8Array} bytes @param {DataView} view @returns {ImageSize | null} */
function webpSize(bytes, view) {
  const type = "image/webp";
  if (hasAt(bytes, 12, "VP8X")) {
    const uint24 = (/** @type {number} */ at) => bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16);
    return { type, width: 1 + uint24(24), height: 1 + uint24(27) };
  }
  if (hasAt(bytes, 12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return { type, width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
  }
  if (hasAt(bytes, 12, "VP8 ")) {
    return { type, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  return null;
}

/**
 * Walk through the segments to the frame header, which holds the size.
 * @param {Uint8Array} bytes
 * @param {DataView} view
 * @returns {ImageSize | null}
 */
function jpegSize(bytes, view) {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    const isFrameHeader = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrameHeader) return { type: "image/jpeg", height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return null;
}

/** @param {Uint8Array} bytes @returns {string} a media type, or "" */
function audioType(bytes) {
  if (hasAt(bytes, 0, "RIFF") && hasAt(bytes, 8, "WAVE")) return "audio/wav";
  if (hasAt(bytes, 0, "OggS")) return "audio/ogg";
  if (hasAt(bytes, 0, "fLaC")) return "audio/flac";
  if (hasAt(bytes, 4, "ftyp")) return "audio/mp4";
  if (hasAt(bytes, 0, "\x1a\x45\xdf\xa3")) return "audio/webm";
  if (hasAt(bytes, 0, "ID3")) return "audio/mpeg";
  if (bytes[0] === 0xff && (bytes[1] & 0xf6) === 0xf0) return "audio/aac";
  return bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0 && (bytes[1] & 0x06) !== 0 ? "audio/mpeg" : "";
}

/** @param {Uint8Array} bytes @param {number} at @param {string} signature one character for each byte */
function hasAt(bytes, at, signature) {
  if (bytes.length < at + signature.length) return false;
  return [...signature].every((char, i) => bytes[at + i] === char.charCodeAt(0));
}
