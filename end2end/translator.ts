// Translates a page as browsers and extensions do: every text node makes way for `<font><font>…</font></font>`, also those
// that come later. What says `translate="no"` stays. The "translation" puts the words in guillemets.
import type { Page } from "@playwright/test";

/** To be run in the page. */
export function translate(): void {
  const untouched = "[translate=no], font, script, style, noscript, textarea";
  const all = (root: Node): void => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts: Text[] = [];
    while (walker.nextNode()) {
      texts.push(walker.currentNode as Text);
    }
    for (const text of texts) {
      if (text.data.trim() === "" || !text.parentElement || text.parentElement.closest(untouched)) {
        continue;
      }
      const [outer, inner] = [document.createElement("font"), document.createElement("font")];
      inner.textContent = `«${text.data.trim()}»`;
      outer.append(inner);
      text.replaceWith(outer);
    }
  };
  all(document.body);
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      all(target.nodeType === Node.TEXT_NODE ? (target.parentNode ?? target) : target);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}

/** Translates the page that is open, and goes on with what changes. */
export async function translated(page: Page): Promise<void> {
  await page.evaluate(translate);
}
