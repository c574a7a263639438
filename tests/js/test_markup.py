"""Message text is formatted as users of other chats expect, and nothing else changes."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_SHOW = """
  const { parseMarkup, plainText, summaryLine } = await import("/static/js/lib/markup.js");
  const names = new Map([["alice", true], ["bob", false], ["马远", false]]);
  const tags = { strong: "b", emphasis: "i", strike: "s", quote: "quote", code: "code", "labelled-link": "a" };
  const show = (nodes) => nodes.map((node) => {
    switch (node.kind) {
      case "text": return node.text;
      case "link": return `⟦${node.text}⟧`;
      case "mention": return `{${node.text}}`;
      case "labelled-link": return `<a ${node.href}>${show(node.children)}</a>${node.host && ` (${node.host})`}`;
      case "code-block": return `<pre ${node.language}>${node.text}</pre>`;
      case "list": return `<list ${node.start}>${node.items.map(show).join("|")}</list>`;
      case "code": return `<code>${node.text}</code>`;
      default: return `<${tags[node.kind]}>${show(node.children)}</${tags[node.kind]}>`;
    }
  }).join("");
"""

# Each text with what is shown of it.
STYLES = [
    ("**b** *i* _i_ ~~s~~ ***bi***", "<b>b</b> <i>i</i> <i>i</i> <s>s</s> <b><i>bi</i></b>"),
    ("**a *b* _c_ ~~d~~**", "<b>a <i>b</i> <i>c</i> <s>d</s></b>"),
    ("***a** b* ***a* b**", "<i><b>a</b> b</i> <b><i>a</i> b</b>"),
    ("*a **b* c**", "<i>a **b</i> c**"),
    ("**Note:** (**b**), “**c**” and **d**!", "<b>Note:</b> (<b>b</b>), “<b>c</b>” and <b>d</b>!"),
    ("**a\nb**\n**c\n\nd**", "<b>a\nb</b>\n**c\n\nd**"),
    ("**粗体**文字，中**粗**文，这是*强调*的", "<b>粗体</b>文字，中<b>粗</b>文，这是<i>强调</i>的"),
    ("他说**“粗体”**真好 **注意**：", "他说<b>“粗体”</b>真好 <b>注意</b>："),
    ("**한국**은 ~~まちがい~~です", "<b>한국</b>은 <s>まちがい</s>です"),
    ("**!!!** **50 %**", "<b>!!!</b> <b>50 %</b>"),
    (r"\*a\* \_b\_ \~~c~~ \`d` \[e](https://a.example/)", "*a* _b_ ~~c~~ `d` [e](⟦https://a.example/⟧)"),
]
# Texts in which marks are no formatting.
PLAIN = [
    "snake_case a_b_c __init__ _ _x", "2*3*4 x**2 + y**2 5 * 3 * 2 2**3**4 f(*args, **kwargs)",
    ":* ;* ** **** ~~ ~5 ~~~", "^_^ hi ^_^ -_- x -_- >_< T_T *.* ._. o_o", r"¯\_(ツ)_/¯",
    r"C:\dir\new \\server\share a\b", "*.js *.ts src/**/*.py /* x */", "文件_最终_版 file_中文_v2.txt",
    "** a ** * b * _ c _", "**open *and _never ~~closed", "a*\ufe0f\u20e3 b*\ufe0f\u20e3",
    "~a~ __b__", "[ ] [x] a[0](1) [b](c) [](x)", "# a\n## b", "| a | b |", "a\nb\n\n  c\n", "&lt; &amp; <b>",
]  # fmt: skip
BLOCKS = [
    ("> a\n> **b**\nc", "<quote>a\n<b>b</b></quote>c"),
    ("a\n\n> b\n> > c\n\nd", "a<quote>b<quote>c</quote></quote>d"),
    ("> - a\n> - b", "<quote><list 0>a|b</list></quote>"),
    ("see:\n- a\n- b\n  - c\n  more\nend", "see:<list 0>a|b<list 0>c</list>more</list>end"),
    ("3. a\n3. b\n\n4. c", "<list 3>a|b</list><list 4>c</list>"),
    ("* a\n* *b*", "<list 0>a|<i>b</i></list>"),
    ("- a\n1. b", "<list 0>a</list><list 1>b</list>"),
    ("\t- a\n\t\t- b", "<list 0>a<list 0>b</list></list>"),
    ("```js\nif (a) {\n\n  b **c**\n}\n```", "<pre js>if (a) {\n\n  b **c**\n}</pre>"),
    ("a ```b``` c", "a <pre >b</pre> c"),
    ("```c++\nx\n```\n```\ny\n```", "<pre c++>x</pre><pre >y</pre>"),
    ("> ```\n> - a\n> ```", "<quote><pre >- a</pre></quote>"),
    ("````\n```\nx\n```\n````", "<pre >```\nx\n```</pre>"),
    ("`` a`b `` `c`", "<code>a`b</code> <code>c</code>"),
    ("**`a*`** `**b**`", "<b><code>a*</code></b> <code>**b**</code>"),
    (r"\> a", "> a"),
    (r"\- a", "- a"),
]
NO_BLOCKS = [
    ">_< >.<", ">a", ">>>", ">\n> >", "-5", "- ", "1.5", "1.\n", "2) x", "0. x", "2024. x", "---", "* * *", "a - b",
    "``` ```", "```open\nx", "`a\nb`", "a > b",
]  # fmt: skip
LINKS = [
    ("<https://a.example/x> <a@b.example>", "⟦https://a.example/x⟧ <a@b.example>"),
    ("**<https://a.example>** a<https://b.example>b", "<b>⟦https://a.example⟧</b> a⟦https://b.example⟧b"),
    ("<https://a.example https://b.example> <x>", "<⟦https://a.example⟧ ⟦https://b.example⟧> <x>"),
    ("**see https://a.example/x** https://b.example/**", "<b>see ⟦https://a.example/x⟧</b> ⟦https://b.example/**⟧"),
    ("*https://a.example/* (**https://a.example**)", "<i>⟦https://a.example/⟧</i> (<b>⟦https://a.example⟧</b>)"),
    (
        "**https://a.example/x**文字 *https://a.example/y*，",
        "<b>⟦https://a.example/x⟧</b>文字 <i>⟦https://a.example/y⟧</i>，",
    ),
    ("_https://a.example/a_b_ ~~https://a.example~~", "<i>⟦https://a.example/a_b⟧</i> <s>⟦https://a.example⟧</s>"),
    ("[text](https://a.example/x_(y)) z", "<a https://a.example/x_(y)>text</a> z"),
    ("**[a *b* `c`](https://a.example/)**", "<b><a https://a.example/>a <i>b</i> <code>c</code></a></b>"),
    ("[mail](mailto:a@b.example)", "<a mailto:a@b.example>mail</a>"),
    ("[a [b](https://a.example/)](https://b.example/)", "[a <a https://a.example/>b</a>](⟦https://b.example/⟧)"),
    ("[@bob](https://a.example/)", "<a https://a.example/>@bob</a>"),
    ("[a **b](https://a.example/) c**", "<a https://a.example/>a **b</a> c**"),
    ("[x](javascript:alert(1)) [x](data:text/html,y)", "[x](javascript:alert(1)) [x](data:text/html,y)"),
    (
        "[x](https://a.example/ y) [\u200b](https://a.example/)",
        "[x](⟦https://a.example/⟧ y) [\u200b](⟦https://a.example/⟧)",
    ),
    ("**@bob** _@alice_ `@bob` > @马远，", "<b>{@bob}</b> <i>{@alice}</i> <code>@bob</code> > {@马远}，"),
    ("@bob_x @bob* *@bob*", "@bob_x {@bob}* <i>{@bob}</i>"),
]
# Labels with the host that is shown beside them.
NAMED_HOSTS = [
    ("https://bank.example/login", "https://evil.example/", "evil.example"),
    ("bank.example", "https://bank.example/x", ""),
    ("www.bank.example", "https://bank.example/", ""),
    ("BANK.example", "https://www.bank.example/", ""),
    ("bank.example.", "https://bank.example.evil.example/", "bank.example.evil.example"),
    ("bank。example", "https://evil.example/", "evil.example"),
    ("bank\u200b.exa\u200bmple", "https://evil.example/", "evil.example"),
    ("my bank.example account", "https://bank.example@evil.example/", "evil.example"),
    ("alice@bank.example", "mailto:alice@evil.example", "evil.example"),
    ("bücher.example", "https://xn--bcher-kva.example/", ""),
    ("192.168.1.1", "http://192.168.1.2/", "192.168.1.2"),
    ("Read more... 1.5 e.g.", "https://evil.example/", ""),
]


async def shown(modules: Page, texts: list[str]) -> list[str]:
    found: list[str] = await modules.evaluate(
        f"async (texts) => {{ {_SHOW} return texts.map((text) => show(parseMarkup(text, names))); }}", texts
    )
    return found


@pytest.mark.parametrize("corpus", [STYLES, BLOCKS, LINKS], ids=["styles", "blocks", "links"])
async def test_markup_is_shown_as_formatting(modules: Page, corpus: list[tuple[str, str]]) -> None:
    found = await shown(modules, [text for text, _ in corpus])
    expected = [formatted for _, formatted in corpus]
    assert [pair for pair in zip(found, expected, strict=True) if pair[0] != pair[1]] == []


async def test_other_signs_stay_as_they_are_typed(modules: Page) -> None:
    texts = PLAIN + NO_BLOCKS
    found = await shown(modules, texts)
    assert [pair for pair in zip(found, texts, strict=True) if pair[0] != pair[1]] == []


async def test_a_label_that_names_another_host_shows_the_real_one(modules: Page) -> None:
    script = """async (links) => {
      const { parseMarkup } = await import("/static/js/lib/markup.js");
      return links.map(([label, href]) => parseMarkup(`[${label}](${href})`).map(({ host }) => host ?? null));
    }"""
    found = await modules.evaluate(script, [[label, href] for label, href, _ in NAMED_HOSTS])
    assert found == [[host] for _, _, host in NAMED_HOSTS]


@pytest.mark.parametrize(
    ("text", "plain", "summary"),
    [
        ("**a** `b` [c](https://a.example/) \\*d\\*", "a b c *d*", "a b c *d*"),
        ("\n> **a**\n> b\nc", "a\nb\nc", "a"),
        ("- a\n- b\n```js\nc\n```d", "a\nb\nc\nd", "a"),
        ("x" * 300, "x" * 300, "x" * 200),
    ],
)
async def test_previews_show_the_text_without_marks(modules: Page, text: str, plain: str, summary: str) -> None:
    script = f"async (text) => {{ {_SHOW} return [plainText(parseMarkup(text)).trim(), summaryLine(text)]; }}"
    assert await modules.evaluate(script, text) == [plain, summary]


async def test_no_text_takes_a_long_time_or_makes_a_deep_tree(modules: Page) -> None:
    """Among 32 KB of each part: linear time takes milliseconds, quadratic time seconds."""
    parts = (
        r"* > [ ` _* *_a [a]( [a](http:// [* **a - 1. ``` ~~a~~ \ a* *a* [a] `a``b```c -> *a_b~~c ( ***a* ***a** "
        "https://a.example/** @bob"
    ).split()
    script = f"""async (parts) => {{
      {_SHOW}
      const depth = (nodes) => nodes.reduce((most, node) => {{
        const inner = node.children ? [node.children] : (node.items ?? []);
        return Math.max(most, 1 + Math.max(0, ...inner.map(depth)));
      }}, 0);
      let [slowest, deepest] = [["", 0], 0];
      const lines = ["> a\\n", "- a\\n", "\\n", " \\n", "  - a\\n"];
      for (const part of [...parts, ...parts.map((part) => `${{part}} `), ...lines]) {{
        for (const end of ["", "a", "]", "a.example](https://b.example)"]) {{
          const text = part.repeat(32_768 / part.length) + end;
          const start = performance.now();
          const tree = parseMarkup(text, names);
          plainText(tree);
          const ms = performance.now() - start;
          if (ms > slowest[1]) slowest = [part, ms];
          deepest = Math.max(deepest, depth(tree));
        }}
      }}
      return [...slowest, deepest];
    }}"""
    part, ms, deepest = await modules.evaluate(script, parts)
    assert ms < 2000, part
    assert deepest < 20


async def test_no_text_makes_other_elements_or_attributes(modules: Page) -> None:
    """Random texts of marks, HTML and addresses."""
    script = """async () => {
      const { parseMarkup } = await import("/static/js/lib/markup.js");
      const { markupNodes } = await import("/static/js/widgets/message-text.js");
      const allowed = {
        STRONG: [], EM: [], S: [], CODE: [], PRE: ["dir", "data-language"], BLOCKQUOTE: ["dir"], UL: [],
        OL: ["start"], LI: ["dir"], BDI: ["class"], A: ["href", "title", "rel", "target"],
      };
      const parts = ["*", "**", "_", "~~", "`", "```", "```js\\n", "```\\n", "> ", "- ", "1. ", "\\n", "\\n\\n", "[",
        "](", ")", " ", "a", "字", "\\\\", "@bob", "https://a.example/", "javascript:alert(1)", "(https://b.example)",
        "mailto:a@b.example", "<img src=x onerror=alert(1)>", "<script>", '" onclick="x', "\\u202e", "&lt;", "😀"];
      let seed = 1;
      const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
      const faults = new Set();
      for (let round = 0; round < 3000; round++) {
        let text = "";
        for (let count = 1 + random() * 24; count > 0; count--) text += parts[Math.floor(random() * parts.length)];
        const root = document.createElement("div");
        root.append(...markupNodes(parseMarkup(text, new Map([["bob", true]]))));
        for (const element of root.querySelectorAll("*")) {
          for (const name of element.getAttributeNames()) {
            if (!allowed[element.tagName]?.includes(name)) faults.add(`${element.tagName} ${name}: ${text}`);
          }
          if (!allowed[element.tagName]) faults.add(`${element.tagName}: ${text}`);
          if (element.href && !/^(https?|mailto):/.test(element.href)) faults.add(`${element.href}: ${text}`);
          const { className, rel, target } = element;
          if (!["", "mention self", "link-host"].includes(className)) faults.add(`${className}: ${text}`);
          if (element.href && (!rel.includes("noopener") || target !== "_blank")) faults.add(`${rel}: ${text}`);
        }
      }
      return [...faults];
    }"""
    assert await modules.evaluate(script) == []
