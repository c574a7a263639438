/** The script's element in the page, and the site that it came from. */

/** @returns {HTMLElement & {src?: string}} */
function findScript() {
  const running = document.currentScript;
  // A page may have loaded the script as a module.
  const script = running instanceof HTMLScriptElement ? running : document.querySelector('script[src$="/widget.js"]');
  return script instanceof HTMLScriptElement ? script : document.createElement("script");
}

export const scriptElement = findScript();

/** The origin of the chat's site. */
export const scriptSite = scriptElement.src ? new URL(scriptElement.src).origin : location.origin;
