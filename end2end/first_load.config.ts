// For `cargo xtask first-load`, which counts what a room's program does; no tests of the product.
import base from "./playwright.config";

export default { ...base, testDir: "first_load", workers: 1, retries: 0, projects: [{ name: "chromium" }] };
