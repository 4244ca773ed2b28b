// Brings the page to life that the server rendered, and says so where that does not work. Inline, so that it runs also
// where no other file arrives. `shell.rs` fills in what is between two #, and takes the comments out.
//
// The strip `#start` shows what `data-start` of the root element names; its sentences come with it from the catalogue.
// Without this script the style sheet shows the first of them after ten seconds.
const root = document.documentElement;
const strip = document.getElementById("start");
const page = document.getElementById("page") ?? document.body.appendChild(Object.assign(document.createElement("div"), { id: "page" }));
let program;
let stopped = false;
// The answer to a form stands at the form's address: loaded again from there it would be sent once more.
if (root.dataset.place) history.replaceState(history.state, "", root.dataset.place);

const say = (what) => {
  root.dataset.start = what;
  if (strip) strip.firstElementChild.textContent = strip.dataset[what];
};

// Words that were not sent: whoever leaves the page is asked. They outlive a reload of the tab only where the person said so.
const box = document.getElementById("message");
// A page shows one room after the other, each at an address of its own.
const draft = () => "whisperspace.draft" + location.pathname;
const unsent = () => document.getElementById("message")?.value.trim() && document.getElementById("message").value;
// Where storage is refused, even asking for it throws.
const stored = (use) => {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
};
stored((storage) => {
  if (box && !box.value) box.value = storage.getItem(draft()) ?? "";
  storage.removeItem(draft());
});
addEventListener("beforeunload", (event) => {
  if (!("leaving" in root.dataset) && (unsent() || document.querySelector("[data-unsent]"))) event.preventDefault();
});
addEventListener("pagehide", () => {
  // A whisper that comes back as words for all would be told to all.
  const keeps = unsent() && !("leaving" in root.dataset || document.querySelector(".whispering"));
  stored((storage) => (keeps && storage.getItem("whisperspace.keep#KEPT#") ? storage.setItem(draft(), unsent()) : storage.removeItem(draft())));
});

// What hydration depends on: which nodes there are, and in which order. `fingerprint.rs` writes the same of what is sent.
const shape = (node) => {
  let text = "";
  for (const child of node.childNodes) {
    text += child.nodeType === 1 ? `<${child.localName}${shape(child)}>` : child.nodeType === 3 ? "#" : "!";
  }
  return text;
};

const fingerprint = (text) => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return String(hash >>> 0);
};

// Others have changed the page: it is drawn from nothing. What was typed, what was open and the focus are put back.
const drawAnew = () => {
  const boxes = [...page.querySelectorAll("input[id], textarea[id], select[id]")].map(({ id, value }) => [id, value]);
  const open = [...page.querySelectorAll("details")].map((details) => details.open);
  const { id, selectionStart: from, selectionEnd: to } = document.activeElement ?? {};
  program.start(false);
  for (const [box, value] of boxes) {
    const element = document.getElementById(box);
    if (element && value) element.value = value;
  }
  page.querySelectorAll("details").forEach((details, at) => (details.open = open[at] ?? false));
  const focused = id && document.getElementById(id);
  if (focused) {
    focused.focus();
    // Boxes for numbers have no selection to set.
    if (from != null) focused.setSelectionRange(from, to);
  }
};

// A panic ends the program for good: from here on nothing of it runs, so that it cannot take a text and lose it.
const stop = () => {
  if (stopped) return;
  stopped = true;
  say("broken");
  setTimeout(() => program.__wbg_reset_state());
};

// What is thrown through the program leaves it in pieces; what others throw is theirs.
const thrown = (error) => {
  // A callback that comes after its end is refused at the door, and breaks nothing.
  if (!program || /previous WASM instance|closure invoked/.test(error?.message)) return;
  if (error instanceof WebAssembly.RuntimeError || String(error?.stack).includes("/pkg/")) stop();
};
addEventListener("error", ({ error }) => thrown(error));
addEventListener("unhandledrejection", ({ reason }) => reason instanceof Error && thrown(reason));

// Some browsers say yes and keep none: asked by trying.
const takesCookies = () => {
  try {
    document.cookie = "probe=1; path=#COOKIES#; samesite=lax";
    const kept = document.cookie.includes("probe=");
    document.cookie = "probe=; path=#COOKIES#; max-age=0; samesite=lax";
    return navigator.cookieEnabled && kept;
  } catch {
    return false;
  }
};

// What the next page needs.
const fetchAhead = () => {
  for (const href of root.dataset.ahead?.split(" ") ?? []) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", href }));
  }
};

const start = async () => {
  if (!takesCookies()) root.dataset.cookies = "blocked";
  if (typeof WebAssembly !== "object") return say("missing");
  const late = setTimeout(() => say("slow"), 10_000);
  try {
    program = await import("#PROGRAM#.js");
    await program.default({ module_or_path: "#PROGRAM#.wasm" });
  } catch (error) {
    program = undefined;
    console.error(error);
    return say("failed");
  } finally {
    clearTimeout(late);
  }
  delete root.dataset.start;
  if (root.dataset.cookies) say("cookies");
  let asSent = fingerprint(shape(page)) === page.dataset.shape;
  try {
    if (asSent) program.start(true);
  } catch (error) {
    console.error(error);
    program.__wbg_reset_state();
    asSent = false;
  }
  try {
    if (!asSent) drawAnew();
    root.dataset.running = asSent ? "hydrated" : "anew";
    // Behind all that this page needs itself: on a slow line it would come out of that.
    (window.requestIdleCallback ?? setTimeout)(fetchAhead);
  } catch (error) {
    console.error(error);
    stop();
  }
};
start();
