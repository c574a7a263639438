/** Tells when the network comes and goes, where the runtime knows. Browsers do, in pages and workers; Node.js does not. */

/** Call `handle` whenever that changes. @param {(isOnline: boolean) => void} handle @returns {() => void} ends that */
export function onNetworkChange(handle) {
  if (!("addEventListener" in globalThis)) return () => {};
  const onEvent = (/** @type {Event} */ { type }) => handle(type === "online");
  for (const type of ["online", "offline"]) globalThis.addEventListener(type, onEvent);
  return () => {
    for (const type of ["online", "offline"]) globalThis.removeEventListener(type, onEvent);
  };
}
