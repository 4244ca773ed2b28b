// Twenty ways in which others change a page before its program runs: translators, extensions, proxies that minify. Each is
// done to the document as it arrives (a proxy, `proxy.ts`) or as it is parsed (an extension, by a script).
import type { BrowserContext } from "@playwright/test";

import { translate } from "./translator";

export interface Meddler {
  name: string;
  /** Of the HTML on its way. */
  rewrite?: (html: string) => string;
  /** In the page, as soon as the document is parsed and before the program runs. */
  script?: () => void;
}

/** Applied to what is in `<body>` only. */
function body(change: (body: string) => string): (html: string) => string {
  return (html) => {
    const at = html.indexOf("<body");
    return html.slice(0, at) + change(html.slice(at));
  };
}

export const MEDDLERS: Meddler[] = [
  // Proxies.
  { name: "comments are stripped", rewrite: body((html) => html.replaceAll(/<!(--[^]*?--)?>/g, "")) },
  { name: "blanks between tags are taken out", rewrite: body((html) => html.replaceAll(/>\s+</g, "><")) },
  { name: "every tag begins a line", rewrite: body((html) => html.replaceAll("><", ">\n<")) },
  { name: "quotes and end tags are left out", rewrite: body((html) => html.replaceAll(/="([a-z0-9-]+)"/g, "=$1").replaceAll(/<\/(li|p|option)>/g, "")) },
  { name: "a toolbar is put in front", rewrite: (html) => html.replace(/<body[^>]*>/, "$&<div class=toolbar>Hosted by example</div>") },
  { name: "a script is put at the end", rewrite: (html) => html.replace("</body>", '<script data-injected>void 0</script><img alt="" hidden></body>') },
  { name: "names of the page's elements are counted", rewrite: body((html) => html.replaceAll(/<(p|span|h1|h2)(?=[ >])/g, '<$1 data-n="1"')) },
  { name: "a mobile operator's frame is put around", rewrite: body((html) => html.replace(/<div id="?page"?[^>]*>/, "$&<center>").replace(/<\/div>\s*<\/body>/, "</center></div></body>")) },
  // Translators.
  { name: "the page is translated", script: () => window.dispatchEvent(new Event("meddle:translate")) },
  {
    name: "words are translated in their nodes",
    script: () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        (walker.currentNode as Text).data = `«${(walker.currentNode as Text).data}»`;
      }
    },
  },
  {
    name: "a translator's bar moves the page down",
    script: () => {
      document.body.insertAdjacentHTML("afterbegin", '<div class="skiptranslate"><iframe hidden></iframe></div>');
      document.documentElement.classList.add("translated-ltr");
    },
  },
  // Extensions.
  {
    name: "a password manager puts an icon beside every box",
    script: () => {
      for (const box of document.querySelectorAll("input, textarea")) {
        box.setAttribute("data-manager", "1");
        box.insertAdjacentHTML("afterend", "<span data-manager-root></span>");
      }
    },
  },
  {
    name: "a corrector follows every text area",
    script: () => {
      for (const area of document.querySelectorAll("textarea, input[type=text]")) {
        area.setAttribute("data-gramm", "false");
        area.insertAdjacentHTML("beforebegin", "<corrector-mirror></corrector-mirror>");
        area.insertAdjacentHTML("afterend", "<corrector-button></corrector-button>");
      }
    },
  },
  { name: "something is the first child of the body", script: () => document.body.prepend(document.createElement("extension-host")) },
  { name: "something is the first child of the page", script: () => document.getElementById("page")?.prepend(document.createElement("extension-host")) },
  {
    name: "every element is followed by another",
    script: () => {
      for (const element of document.querySelectorAll("#page *:not(svg *, option)")) {
        element.insertAdjacentHTML("afterend", "<i></i>");
      }
    },
  },
  {
    name: "words become links",
    script: () => {
      for (const paragraph of document.querySelectorAll("#page p, #page span, #page h1")) {
        paragraph.innerHTML = paragraph.innerHTML.replaceAll(/\b([A-Z][a-z]+)\b(?![^<]*>)/g, "<a data-link>$1</a>");
      }
    },
  },
  {
    name: "pictures are taken out",
    script: () => {
      for (const picture of document.querySelectorAll("#page svg")) {
        picture.remove();
      }
    },
  },
  {
    name: "a dark reader styles every element",
    script: () => {
      for (const element of document.querySelectorAll("#page *")) {
        element.setAttribute("data-dark-inline", "");
      }
      document.head.insertAdjacentHTML("beforeend", "<meta name=dark-reader>");
    },
  },
  {
    name: "words are cut into pieces",
    script: () => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: Text[] = [];
      while (walker.nextNode()) {
        texts.push(walker.currentNode as Text);
      }
      texts.filter((text) => text.data.length > 2).forEach((text) => text.splitText(2));
    },
  },
];

/** From here on, the script of the meddler is run in each document of this browser. */
export async function meddle(context: BrowserContext, { script }: Meddler): Promise<void> {
  if (script) {
    await context.addInitScript(`
      addEventListener("meddle:translate", ${translate.toString()});
      document.addEventListener("readystatechange", () => window === top && document.readyState === "interactive" && (${script.toString()})(), true);
    `);
  }
}
