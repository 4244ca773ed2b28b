// Checks a document by the validator of its format: `node validate.mjs openapi|asyncapi FILE`. Tells what is wrong with it and
// exits with 1, or says nothing. It reads that one file and no address.

import { readFile } from "node:fs/promises";

import { Parser } from "@asyncapi/parser";
import { Validator } from "@seriousme/openapi-schema-validator";

const validators = {
  async openapi(document) {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(document));
    if (!valid) return errors;
    if (validator.version !== "3.1") return `the version is ${validator.version}`;
    // Throws where a reference leads nowhere.
    validator.resolveRefs();
    return undefined;
  },
  async asyncapi(document) {
    const diagnostics = await new Parser().validate(document);
    const errors = diagnostics.filter(({ severity }) => severity === 0);
    return errors.length > 0 ? errors : undefined;
  },
};

const [format, file] = process.argv.slice(2);
const wrong = await validators[format](await readFile(file, "utf8"));
if (wrong !== undefined) {
  console.log(typeof wrong === "string" ? wrong : JSON.stringify(wrong, undefined, 1).slice(0, 4000));
  process.exitCode = 1;
}
