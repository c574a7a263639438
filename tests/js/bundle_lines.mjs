/**
 * Checks what imsite/bundles takes for granted: a line of static/js that looks like a comment, an import or an export
 * is one, and not part of a text that extends over several lines. Prints each fault and exits with 1 if there are any.
 */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "static", "js");
const MISTAKEN_LINE = /\n(?:[ \t]*\/[/*]|(?:import|export)\b)/;
let faults = 0;

function visit(node, source) {
  const isText = node.kind >= ts.SyntaxKind.FirstTemplateToken && node.kind <= ts.SyntaxKind.LastTemplateToken;
  if (isText && MISTAKEN_LINE.test(node.getText(source))) {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    console.error(`static/js/${source.fileName}:${line + 1}: the bundler would mistake a line of this text`);
    faults++;
  }
  ts.forEachChild(node, (child) => visit(child, source));
}

for (const name of readdirSync(ROOT, { recursive: true }).filter((name) => name.endsWith(".js"))) {
  const source = ts.createSourceFile(name, readFileSync(join(ROOT, name), "utf8"), ts.ScriptTarget.Latest, true);
  visit(source, source);
}
process.exitCode = faults ? 1 : 0;
