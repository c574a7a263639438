/** Coming in as a new guest: a browser session, which no script can read, remembers who it is. */

/**
 * @param {HTMLFormElement} form the page's sign-out form, whose token shows that the request is the page's own
 * @param {{appId: number, name: string}} guest
 * @returns {Promise<{refused: string | null}>} why not, in the person's language; null: one is in. Rejects if nobody answers.
 */
export async function comeInAsGuest(form, { appId, name }) {
  const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrfmiddlewaretoken"));
  const body = new URLSearchParams({ csrfmiddlewaretoken: token.value, appId: String(appId), name });
  const response = await fetch("/accounts/guest/", { method: "POST", body, headers: { Accept: "application/json" } });
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const answer = isJson ? await response.json() : {};
  if (response.status !== 201) return { refused: answer.error ?? "" };
  // Who signs in gets another token.
  token.value = answer.csrf;
  return { refused: null };
}
