
// The second half of the program (`wasm_split.rs`): fetched when the page is idle, or where the first calls it before.
const secondAddress = new URL("ADDRESS", import.meta.url);
let second;

// Each instance of the first half has a table of its own, and fills it with a second half of its own.
const secondImports = () => ({ ...__wbg_get_imports(), first: wasm });

// Called by the first half, which cannot wait for a promise. A document gets no bytes this way, only text of them.
const loadSecond = () => {
    if (!second) {
        const request = new XMLHttpRequest();
        request.open("GET", secondAddress, false);
        request.overrideMimeType("text/plain; charset=x-user-defined");
        request.send();
        if (request.status !== 200) throw new Error(`the rest of the program: ${request.status}`);
        second = new WebAssembly.Module(Uint8Array.from(request.responseText, (byte) => byte.charCodeAt(0)));
    }
    new WebAssembly.Instance(second, secondImports());
};

const fetchSecond = async () => {
    try {
        const response = await fetch(secondAddress);
        const compiled = await WebAssembly.compile(await response.arrayBuffer());
        second ??= compiled;
        await WebAssembly.instantiate(second, secondImports());
    } catch {
        setTimeout(fetchSecond, 10_000);
    }
};

const whenIdle = () => (globalThis.requestIdleCallback ?? setTimeout)(fetchSecond);
