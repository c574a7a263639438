/**
 * Prepares the folder static/js/net for `npm pack`, which runs this before and after: writes its types and the licence,
 * and removes them. Usage: node client_package.mjs prepare|clean
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const client = join(root, "static/js/net");
const compiler = join(here, "node_modules/typescript/bin/tsc");

/** @param {string} command @param {string[]} parameters */
function run(command, ...parameters) {
  const { status, error } = spawnSync(command, parameters, { stdio: ["ignore", "inherit", "inherit"] });
  if (error) throw error;
  if (status) process.exit(status);
}

rmSync(join(client, "types"), { recursive: true, force: true });
rmSync(join(client, "LICENSE"), { force: true });
if (process.argv[2] === "prepare") {
  if (!existsSync(compiler)) run("npm", "ci", "--prefix", here, "--no-audit", "--no-fund");
  run(process.execPath, compiler, "-p", join(here, "client-types.json"), "--outDir", join(client, "types"));
  copyFileSync(join(root, "LICENSE"), join(client, "LICENSE"));
}
