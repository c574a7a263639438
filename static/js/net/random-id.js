/** Return 128 random bits in hex. `crypto.randomUUID` is missing on a page that comes over plain HTTP from another machine. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
