// Coming and going leaves nothing behind in the page.
import type { CDPSession } from "@playwright/test";

import { expect, test } from "../fixtures";

const ROUNDS = 50;
/** Rounds until everything that is made once is made. */
const WARM_UP = 10;
/** What forty rounds may leave behind: compiled code and caches of the browser. One kept log would be more. */
const HEAP_BYTES_MAX = 320 * 1024;
const WASM_BYTES_MAX = 128 * 1024;
const NODES_MAX = 50;
const LISTENERS_MAX = 5;

interface Memory {
  heap: number;
  wasm: number;
  nodes: number;
  listeners: number;
}

// One line more than a page has: were an earlier page's left open, the next would be refused.
test.use({ limits: { joins_per_minute: 1_000, frames_per_minute: 10_000, connections_per_user: 2 } });

test("entering and leaving fifty times shows each message once and keeps memory flat", async ({ visitor }) => {
  test.setTimeout(400_000);
  const ben = await visitor();
  const code = await ben.create({ as: "Ben" });
  const ada = await visitor();
  // The memory of the program is not part of the heap of JavaScript: it is caught as it is made.
  await ada.page.addInitScript(() => {
    const catchMemory = (made: WebAssembly.WebAssemblyInstantiatedSource) => {
      Object.assign(window, { programMemory: made.instance.exports.memory });
      return made;
    };
    const { instantiateStreaming, instantiate } = WebAssembly;
    WebAssembly.instantiateStreaming = async (source, imports) =>
      catchMemory(await instantiateStreaming(source, imports));
    WebAssembly.instantiate = (async (bytes: BufferSource, imports: WebAssembly.Imports) =>
      catchMemory((await instantiate(bytes, imports)) as never)) as typeof WebAssembly.instantiate;
  });
  await ada.open("/");
  const devtools = await ada.page.context().newCDPSession(ada.page);
  await devtools.send("Performance.enable");
  const measure = () => memoryOf(devtools);

  let early: Memory | undefined;
  for (let round = 1; round <= ROUNDS; round += 1) {
    await ada.askToJoin(code, "Ada");
    await ada.inside();
    await ada.say(`round ${round}`);
    await ada.shows([`round ${round}`]);
    await expect(ben.texts.last()).toHaveText(`round ${round}`);
    await ada.leaveButton.click();
    await expect(ada.createButton).toBeVisible();
    if (round === WARM_UP) {
      early = await measure();
    }
  }
  const late = await measure();
  const before = early as Memory;
  const growth = {
    heap: late.heap - before.heap,
    wasm: late.wasm - before.wasm,
    nodes: late.nodes - before.nodes,
    listeners: late.listeners - before.listeners,
  };
  test.info().annotations.push({ type: "growth", description: JSON.stringify({ before, growth }) });
  expect(before.wasm, "the program's memory was found").toBeGreaterThan(0);
  expect.soft(growth.heap, "bytes of the JavaScript heap").toBeLessThan(HEAP_BYTES_MAX);
  expect.soft(growth.wasm, "bytes of the program's memory").toBeLessThanOrEqual(WASM_BYTES_MAX);
  expect.soft(growth.nodes, "nodes of the document").toBeLessThan(NODES_MAX);
  expect.soft(growth.listeners, "listeners").toBeLessThanOrEqual(LISTENERS_MAX);

  await ada.askToJoin(code, "Ada");
  await ada.inside();
  await ben.say("one");
  await ada.shows(["one"]);
  await ada.say("two");
  await ada.shows(["one", "two"]);
  await expect(ben.log.getByText("two", { exact: true })).toHaveCount(1);
  await expect(ben.texts).toHaveCount(ROUNDS + 2);
  expect(ada.received("message").filter((frame) => frame.text === "one"), "sent to the page once").toHaveLength(1);
  expect(ada.watch.lines.filter((line) => line.page === ada.page && !line.closed), "open lines").toHaveLength(1);
});

async function memoryOf(devtools: CDPSession): Promise<Memory> {
  // The browser notes each request that the page made, up to a bound of its own.
  await devtools.send("Runtime.evaluate", { expression: "performance.clearResourceTimings()" });
  for (let pass = 0; pass < 3; pass += 1) {
    await devtools.send("HeapProfiler.collectGarbage");
  }
  const { metrics } = await devtools.send("Performance.getMetrics");
  const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  const { result } = await devtools.send("Runtime.evaluate", {
    expression: "window.programMemory?.buffer.byteLength ?? 0",
  });
  return {
    heap: metric("JSHeapUsedSize"),
    wasm: result.value as number,
    nodes: metric("Nodes"),
    listeners: metric("JSEventListeners"),
  };
}
