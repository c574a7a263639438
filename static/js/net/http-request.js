/**
 * HTTP requests that report the progress of their body, which `fetch` cannot.
 *
 * @typedef {{status: number, header: (name: string) => string | null, data: Record<string, unknown> | null}} HttpReply
 *   `data`: the JSON object of the body, or null
 */
import { Code, DisconnectedError, RequestError } from "./protocol.js";

/** A request without progress for this long counts as lost. */
const STALL_MS = 45_000;

/**
 * Send a request and return its reply, whatever its status. Rejects with DisconnectedError if there is none, and with the
 * signal's reason if it is aborted.
 * @param {string} method
 * @param {string} url
 * @param {{headers?: Record<string, string>, body?: XMLHttpRequestBodyInit | null, signal: AbortSignal,
 *   onProgress?: (bytes: number) => void}} options  `onProgress`: the bytes of the body that were sent so far
 * @returns {Promise<HttpReply>}
 */
export function sendRequest(method, url, { headers = {}, body = null, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    let timer = setTimeout(abort, STALL_MS);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => {
      clearTimeout(timer);
      timer = setTimeout(abort, STALL_MS);
      onProgress?.(loaded);
    };
    request.onload = () => resolve({
      status: request.status,
      header: (name) => request.getResponseHeader(name),
      data: jsonObject(request.responseText),
    });
    request.onerror = () => reject(new DisconnectedError("The request got no reply."));
    request.onabort = () => reject(signal.aborted ? signal.reason : new DisconnectedError("The request made no progress."));
    request.onloadend = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
    signal.addEventListener("abort", abort);
    request.send(body);
  });
}

/** Return the error that a reply stands for, as if it had come over the connection. @param {HttpReply} reply */
export function replyError({ status, data }) {
  const { detail, code, reason } = data ?? {};
  const retryAfter = data?.retryAfter === undefined ? {} : { retryAfter: data.retryAfter };
  if (typeof code === "number") {
    return new RequestError(code, String(detail), { ...data, ...retryAfter, error: detail }, String(reason ?? ""));
  }
  // A proxy has answered in place of the site.
  if (status === 413) return new RequestError(Code.TOO_MUCH, "", { limit: 0 }, "upload_too_large");
  return new RequestError(status >= 500 || status === 429 ? Code.SERVER_ERROR : Code.FAILED, "", {}, "");
}

/** @param {string} text @returns {Record<string, unknown> | null} */
function jsonObject(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
