/**
 * HTTP requests of the page that report the progress of their body, which `fetch` cannot.
 *
 * @import { SendRequest } from "../net/http-request.js"
 */
import { jsonObject } from "../net/http-request.js";
import { DisconnectedError } from "../net/protocol.js";

/** A request without progress for this long counts as lost. */
const STALL_MS = 45_000;

/** Return a function that sends requests with the session cookie. @param {() => string} csrfToken @returns {SendRequest} */
export function xhrRequests(csrfToken) {
  return (method, path, { headers = {}, body = null, signal, onProgress }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const token = csrfToken();
      // A page that was opened without a connection has none yet.
      if (!token) throw new DisconnectedError("The page has no form token.");
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      let timer = setTimeout(abort, STALL_MS);
      request.open(method, path);
      const allHeaders = { Accept: "application/json", "X-CSRFToken": token, ...headers };
      for (const [name, value] of Object.entries(allHeaders)) request.setRequestHeader(name, value);
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
