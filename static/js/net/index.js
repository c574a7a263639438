/** All that programs import from this package. A page imports the modules themselves, so that it loads only what it uses. */
export * from "./client.js";
export { MemoryStorage } from "./memory-storage.js";
export { Code, DisconnectedError, RequestError } from "./protocol.js";
export * from "./wire-types.js";
