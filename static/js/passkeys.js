// On the account pages: forms that sign in with a passkey or add one. `data-options` and `data-answer` are the URLs for
// the authenticator's options and for its answer. In browsers without passkeys their areas stay hidden, and a note says so.

/** @param {string} text base64url @returns {ArrayBuffer} */
function toBytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0)).buffer;
}

/** @param {ArrayBuffer} bytes @returns {string} base64url without padding */
function toText(bytes) {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {{id: string, type: "public-key"}[]} [credentials] @returns {PublicKeyCredentialDescriptor[]} */
function descriptors(credentials = []) {
  return credentials.map(({ id, type }) => ({ id: toBytes(id), type }));
}

/** Make a passkey. @param {any} options JSON @returns {Promise<Record<string, string>>} the fields of the answer */
async function create(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: descriptors(options.excludeCredentials),
  };
  const credential = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
  return answer(credential, { attestationObject: toText(response.attestationObject) });
}

/** Sign with a passkey. @param {any} options JSON @returns {Promise<Record<string, string>>} the fields of the answer */
async function get(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: descriptors(options.allowCredentials),
  };
  const credential = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  return answer(credential, {
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    ...(response.userHandle ? { userHandle: toText(response.userHandle) } : {}),
  });
}

/** @param {PublicKeyCredential} credential @param {Record<string, string>} response */
function answer(credential, response) {
  const id = toText(credential.rawId);
  const clientDataJSON = toText(credential.response.clientDataJSON);
  const whole = { id, rawId: id, type: credential.type, response: { clientDataJSON, ...response } };
  return { answer: JSON.stringify({ ...whole, clientExtensionResults: {} }) };
}

/**
 * Send the form with more fields. Return the response's JSON; throw an Error with the site's explanation, if it has one.
 * If the user has to sign in or to confirm first, open this page anew, which leads there; the promise stays pending.
 * @param {string} url @param {HTMLFormElement} form @param {Record<string, string>} [fields]
 */
async function post(url, form, fields = {}) {
  const body = new URLSearchParams(fields);
  for (const [name, value] of new FormData(form)) body.set(name, String(value));
  const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  if (response.redirected) {
    location.assign(location.href);
    return new Promise(() => {});
  }
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const reply = isJson ? await response.json() : {};
  // The user has signed in elsewhere since the page was loaded. The next attempt succeeds.
  if (reply.csrf) /** @type {HTMLInputElement} */ (form.elements.namedItem("csrfmiddlewaretoken")).value = reply.csrf;
  if (!response.ok || !isJson) throw new Error(reply.error ?? form.dataset.failed);
  return reply;
}

/** @param {HTMLFormElement} form @param {unknown} error */
function explanation(form, error) {
  if (error instanceof DOMException) {
    const { cancelled, known, unavailable } = form.dataset;
    const text = { NotAllowedError: cancelled, InvalidStateError: known, SecurityError: unavailable }[error.name];
    return text ?? form.dataset.failed ?? "";
  }
  return error instanceof TypeError || !(error instanceof Error) ? (form.dataset.failed ?? "") : error.message;
}

/** @param {HTMLFormElement} form */
async function submit(form) {
  const error = /** @type {HTMLElement} */ (form.querySelector("[role=alert]"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  error.hidden = true;
  button.disabled = true;
  try {
    const { publicKey } = await post(form.dataset.options ?? "", form);
    const fields = form.dataset.passkey === "create" ? await create(publicKey) : await get(publicKey);
    const { next } = await post(form.dataset.answer ?? "", form, fields);
    location.assign(next);
  } catch (failure) {
    error.textContent = explanation(form, failure);
    error.hidden = false;
    button.disabled = false;
  }
}

/** @type {NodeListOf<HTMLElement>} */
const shown = document.querySelectorAll(window.PublicKeyCredential ? "[data-passkey-area]" : "[data-passkeys-missing]");
for (const element of shown) element.hidden = false;
/** @type {NodeListOf<HTMLFormElement>} */
const forms = document.querySelectorAll("form[data-passkey]");
for (const form of forms) {
  // Firefox keeps it disabled when the page is reloaded during an attempt.
  /** @type {HTMLButtonElement} */ (form.querySelector("button")).disabled = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(form);
  });
}
