/**
 * Checks that the page uses nothing that the oldest supported browsers lack: interfaces, globals and syntax in static/js
 * (by their types), properties and functions in static/css, elements and attributes in templates. MDN's browser
 * compatibility data tells since when a browser has them. Prints each fault and exits with 1 if there are any.
 */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import bcd from "@mdn/browser-compat-data/forLegacyNode";
import ts from "typescript";

/** The page tells a user of an older browser so: see templates/chat/home.html. */
const OLDEST = {
  chrome: 109, chrome_android: 109, edge: 109, firefox: 115, firefox_android: 115, safari: 16, safari_ios: 16,
};
/** Newer features without which a page is as good, or nearly, and why. A name stands for all below it as well. */
const OPTIONAL = {
  "javascript.builtins.Intl.Segmenter.segment": "static/js/lib/graphemes.js has an approximation",
  "api.InputEvent.isComposing": "a search also runs while an input method composes",
  "html.elements.video.playsinline": "browsers without it play in place anyway",
  "html.global_attributes.popover": "a toast is shown below a dialog",
  "api.Notification": "without it the page says that this browser cannot notify",
  "api.PushManager": "static/js/page/web-push.js asks whether it is there",
  "api.PushSubscription": "static/js/page/web-push.js asks whether there are subscriptions",
  "api.ServiceWorkerRegistration.getNotifications": "only browsers with subscriptions have notifications to close",
  "api.ServiceWorkerRegistration.pushManager": "static/js/page/web-push.js asks whether there are subscriptions",
  "api.Window.requestIdleCallback": "what is kept of the chat is written without waiting for idle time",
  "api.Window.pushManager": "it is that of a service worker's registration",
  "css.at-rules.supports": "it asks whether a feature is there",
  "css.properties.accent-color": "checkboxes have the system's colour",
  "css.properties.contain.style": "rendering is slower",
  "css.properties.content-visibility": "the contents of the documentation cannot be folded away",
  "css.properties.cursor": "a finger has no cursor",
  "css.properties.field-sizing": "a script fits the height of the composers",
  "css.properties.forced-color-adjust": "Safari has no forced colours",
  "css.properties.line-clamp": "the prefixed property does the same",
  "css.properties.outline": "its corners are not round",
  "css.properties.overflow-anchor": "the timeline keeps its place itself",
  "css.properties.resize": "a phone's fields have no handle",
  "css.properties.scrollbar-width": "the scroll bar is wider",
  "css.properties.text-size-adjust": "the prefixed property does the same",
  "css.properties.text-wrap": "lines are less even",
  "css.properties.-webkit-touch-callout": "other browsers have no callout",
  "css.selectors.details-content": "the contents of the documentation cannot be folded away",
  "css.selectors.selection": "a selection has the system's colour",
};
const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "..", "..");
/** Interfaces in which the data lists the members that TypeScript declares in mixins. */
const MIXIN_HOSTS = ["Element", "HTMLElement", "SVGElement", "Node", "Document", "DocumentFragment", "Window", "Response"];
/** @type {Set<string>} */
const faults = new Set();
let checked = 0;

/** Return the compatibility data at the path, or null. */
function dataAt(path) {
  let node = bcd;
  for (const key of path) {
    if (!Object.hasOwn(Object(node), key)) return null;
    node = node[key];
  }
  return node?.__compat ?? null;
}

/** Return the browsers that lack the feature. */
function browsersWithout({ support }) {
  return Object.entries(OLDEST).filter(([browser, oldest]) => {
    const statements = [support[browser] ?? []].flat();
    return !statements.some(({ version_added: added, version_removed: removed, flags }) => {
      const isThere = typeof added === "string" && parseFloat(added.replace("≤", "")) <= oldest;
      return isThere && !flags && (!removed || parseFloat(removed) > oldest);
    });
  }).map(([browser]) => browser);
}

/** Report the feature if an old browser lacks it. Returns whether the data knows it. */
function check(path, where) {
  const data = dataAt(path);
  const name = path.join(".");
  if (!data) return false;
  checked++;
  const missing = browsersWithout(data);
  const isOptional = Object.keys(OPTIONAL).some((known) => `${name}.`.startsWith(`${known}.`));
  if (missing.length && !isOptional) faults.add(`${where}: ${name} is missing in the oldest ${missing.join(", ")}`);
  return true;
}

function filesIn(folder, extension) {
  return readdirSync(join(ROOT, folder), { recursive: true })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(ROOT, folder, name));
}

// JavaScript

const SYNTAX = new Map([
  [ts.SyntaxKind.ClassStaticBlockDeclaration, ["classes", "static", "initialization_blocks"]],
  [ts.SyntaxKind.ImportAttributes, ["statements", "import", "import_attributes"]],
  [ts.SyntaxKind.QuestionQuestionEqualsToken, ["operators", "nullish_coalescing_assignment"]],
  [ts.SyntaxKind.BarBarEqualsToken, ["operators", "logical_or_assignment"]],
  [ts.SyntaxKind.AmpersandAmpersandEqualsToken, ["operators", "logical_and_assignment"]],
]);
const REGEXP_FLAGS = { d: "hasIndices", s: "dotAll", u: "unicode", v: "unicodeSets", y: "sticky" };
const REGEXP_PARTS = [
  [/\(\?<[=!]/, "lookbehind_assertion"],
  [/\(\?<\w/, "named_capturing_group"],
  [/\\p\{/, "unicode_character_class_escape"],
  [/\(\?[ims-]+:/, "modifier"],
];

function checkScripts() {
  const { config } = ts.readConfigFile(join(HERE, "tsconfig.json"), ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, HERE);
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();
  for (const source of program.getSourceFiles()) {
    if (!source.isDeclarationFile) visit(source, source, checker);
  }
}

function visit(node, source, checker) {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  const where = `${relative(ROOT, source.fileName)}:${line + 1}`;
  if (SYNTAX.has(node.kind)) check(["javascript", ...SYNTAX.get(node.kind)], where);
  if (ts.isRegularExpressionLiteral(node)) {
    const end = node.text.lastIndexOf("/");
    checkRegExp(node.text.slice(1, end), node.text.slice(end + 1), where);
  }
  if (ts.isNewExpression(node) && node.expression.getText(source) === "RegExp") {
    const [pattern, flags] = node.arguments ?? [];
    checkRegExp(pattern?.getText(source).replaceAll("\\\\", "\\") ?? "", flags?.text ?? "", where);
  }
  // `x.name?.()` says that the browser may lack it.
  const isGuarded = ts.isCallExpression(node.parent ?? node) && Boolean(node.parent?.questionDotToken);
  if (ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node.parent)) checkSymbol(checker, node, where);
  if (ts.isPropertyAccessExpression(node) && !isGuarded) checkSymbol(checker, node.name, where);
  ts.forEachChild(node, (child) => visit(child, source, checker));
}

function checkRegExp(pattern, flags, where) {
  for (const flag of flags) if (flag in REGEXP_FLAGS) check(["javascript", "builtins", "RegExp", REGEXP_FLAGS[flag]], where);
  for (const [rule, name] of REGEXP_PARTS) if (rule.test(pattern)) check(["javascript", "regular_expressions", name], where);
}

/** Check what the name stands for, if TypeScript's own declarations declare it. */
function checkSymbol(checker, identifier, where) {
  const declarations = checker.getSymbolAtLocation(identifier)?.declarations ?? [];
  for (const declaration of declarations) {
    if (!/\/lib\.[\w.]+\.d\.ts$/.test(declaration.getSourceFile().fileName)) continue;
    const owner = declaration.parent?.name?.getText() ?? declaration.parent?.parent?.name?.getText() ?? "";
    const name = identifier.text;
    const namespace = namespaceOf(declaration);
    const isGlobal = ts.isVariableDeclaration(declaration) || ts.isFunctionDeclaration(declaration);
    if (isGlobal && !namespace) {
      check(["api", name], where) || check(["api", "Window", name], where) || check(["javascript", "builtins", name], where);
      continue;
    }
    const type = owner.replace(/Constructor$/, "");
    const isKnown =
      check(["javascript", "builtins", ...namespace, type, name], where) ||
      check(["javascript", "builtins", ...namespace, name], where) ||
      check(["api", type, name], where) || check(["api", type, `${name}_static`], where);
    if (!isKnown && !bcd.api[type]) MIXIN_HOSTS.some((host) => check(["api", host, name], where));
  }
}

/** Return the namespace of a declaration, such as ["Intl"]. */
function namespaceOf(declaration) {
  for (let node = declaration.parent; node; node = node.parent) if (ts.isModuleDeclaration(node)) return [node.name.text];
  return [];
}

// Style sheets

function checkStyles() {
  for (const file of filesIn("static/css", ".css")) {
    const text = readFileSync(file, "utf-8").replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""));
    text.split("\n").forEach((line, index) => checkStyleLine(line, `${relative(ROOT, file)}:${index + 1}`));
  }
}

const STYLE_FUNCTIONS = new Map();
for (const [group, members] of Object.entries(bcd.css.types)) {
  STYLE_FUNCTIONS.set(group, ["css", "types", group]);
  for (const name of Object.keys(members)) if (name !== "__compat") STYLE_FUNCTIONS.set(name, ["css", "types", group, name]);
}

function checkStyleLine(line, where) {
  const rule = /^\s*@([\w-]+)/.exec(line);
  if (rule) check(["css", "at-rules", rule[1]], where);
  const declaration = /^\s*(-?[a-z][\w-]*)\s*:\s*([^{]*);\s*$/.exec(line);
  if (declaration) {
    const [, property, value] = declaration;
    check(["css", "properties", property], where);
    for (const word of value.replace(/--[\w-]+/g, "").match(/[a-z][\w-]*/g) ?? []) check(["css", "properties", property, word], where);
  } else {
    for (const [, name] of line.matchAll(/::?([a-z][\w-]*)/g)) check(["css", "selectors", name], where);
    if (/^\s*&/.test(line)) check(["css", "selectors", "nesting"], where);
    const feature = rule?.[1] === "media" && /\(\s*([a-z-]+)/.exec(line);
    if (feature) check(["css", "at-rules", "media", feature[1]], where);
  }
  for (const [, name] of line.matchAll(/([a-z][\w-]*)\(/g)) {
    const path = STYLE_FUNCTIONS.get(name);
    if (path) check(path, where);
  }
}

// Templates

function checkTemplates() {
  for (const file of filesIn("templates", ".html").filter((name) => !name.includes("/admin/"))) {
    readFileSync(file, "utf-8").split("\n").forEach((line, index) => {
      for (const [, element, attributes] of line.matchAll(/<([a-z][a-z0-9]*)((?:\s[^<>]*)?)>/g)) {
        const where = `${relative(ROOT, file)}:${index + 1}`;
        check(["html", "elements", element], where);
        for (const [, name] of attributes.matchAll(/\s([a-z][\w-]*)(?:=|(?=[\s/]|$))/g)) {
          check(["html", "elements", element, name], where) || check(["html", "global_attributes", name], where);
        }
      }
    });
  }
}

checkScripts();
checkStyles();
checkTemplates();
for (const fault of faults) console.error(fault);
console.log(`${checked} uses of browser features checked.`);
process.exitCode = faults.size ? 1 : 0;
