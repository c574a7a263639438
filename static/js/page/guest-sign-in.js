/** Signs in a new guest over HTTP. A session cookie, which scripts cannot read, then identifies the guest. */

/** @param {HTMLFormElement} form */
function tokenField(form) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem("csrfmiddlewaretoken"));
}

/** Return the token that the page's own requests have to carry. @param {HTMLFormElement} form */
export function csrfToken(form) {
  return tokenField(form).value;
}

/** @param {HTMLFormElement} form @param {string} token */
export function setCsrfToken(form, token) {
  tokenField(form).value = token;
}

/**
 * Sign in as a guest; resolve with null, or with an error message in the user's language, which may be empty. Rejects if
 * the server does not answer.
 * @param {HTMLFormElement} form the page's sign-out form, which holds the CSRF token
 * @param {{appId: number, name: string}} guest
 * @returns {Promise<string | null>}
 */
export async function signInAsGuest(form, { appId, name }) {
  const token = tokenField(form);
  const body = new URLSearchParams({ csrfmiddlewaretoken: token.value, appId: String(appId), name });
  const response = await fetch("/accounts/guest/", { method: "POST", body, headers: { Accept: "application/json" } });
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const reply = isJson ? await response.json() : {};
  // Signing in replaces the CSRF token, here and in other tabs. A refusal because of an old one has the new one.
  if (reply.csrf) token.value = reply.csrf;
  return response.status === 201 ? null : (reply.error ?? "");
}
