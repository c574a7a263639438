/**
 * Kinds of files, by which they are shown. Pure.
 *
 * @typedef {"image" | "video" | "audio" | "file"} FileKind
 */

/** Pictures that every supported browser shows. */
const SHOWN_PICTURES = /^image\/(?:png|jpeg|gif|webp|avif|bmp)$/;

/** Return the kind of a file that is to be uploaded. @param {{type: string}} file @returns {FileKind} */
export function fileKind({ type }) {
  if (SHOWN_PICTURES.test(type)) return "image";
  return type.startsWith("video/") ? "video" : type.startsWith("audio/") ? "audio" : "file";
}
