// What a payload has to be. A pattern is JSON: an object has exactly these keys (`key?` may be missing), a list as many
// entries, `{"$some": …}` is a list with such an entry, and a text that begins with "$" stands for a kind of value. What
// a row keeps, later rows may use.

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

const kinds = {
  $any: () => true,
  $string: (value) => typeof value === "string" && value.length > 0,
  $iso: (value) => typeof value === "string" && iso.test(value) && Math.abs(Date.parse(value) - Date.now()) < 60_000,
  $number: (value) => typeof value === "number",
  $object: isObject,
  $array: (value) => Array.isArray(value),
};

/** What is wrong with a value, or nothing. */
export function mismatch(pattern, value, kept, path = "") {
  const wrong = (wanted) => `${path || "it"} is ${JSON.stringify(value)} instead of ${wanted}`;
  if (typeof pattern === "string" && pattern.startsWith("$")) {
    const [kind, name] = pattern.split(" ");
    if (kind === "$kept") return value === kept.get(name) ? undefined : wrong(`${name}, ${kept.get(name)}`);
    if (kind === "$keep") {
      if (!kinds.$string(value)) return wrong("a text");
      kept.set(name, value);
      return undefined;
    }
    return kinds[kind](value) ? undefined : wrong(kind);
  }
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length) return wrong(`${pattern.length} entries`);
    return first(pattern.map((entry, at) => mismatch(entry, value[at], kept, `${path}[${at}]`)));
  }
  if (isObject(pattern)) return mismatchOfKeys(pattern, value, kept, path, wrong);
  return Object.is(pattern, value) ? undefined : wrong(JSON.stringify(pattern));
}

function mismatchOfKeys(pattern, value, kept, path, wrong) {
  if ("$some" in pattern) {
    const fits = Array.isArray(value) && value.some((entry) => mismatch(pattern.$some, entry, kept) === undefined);
    return fits ? undefined : wrong(`a list with ${JSON.stringify(pattern.$some)}`);
  }
  if (!isObject(value)) return wrong("an object");
  const wanted = new Map(Object.entries(pattern).map(([key, inner]) => [key.replace(/\?$/, ""), [key, inner]]));
  const foreign = Object.keys(value).filter((key) => !wanted.has(key));
  if (foreign.length > 0) return `${path || "it"} has ${foreign.join(", ")}, which the document has not`;
  return first(
    [...wanted].map(([name, [key, inner]]) => {
      if (!(name in value)) return key.endsWith("?") ? undefined : `${path}.${name} is missing`;
      return mismatch(inner, value[name], kept, `${path}.${name}`);
    }),
  );
}

const first = (wrongs) => wrongs.find((wrong) => wrong !== undefined);

/** The same with what was kept in its place. */
export function filled(value, kept) {
  if (typeof value === "string") {
    return value.replace(/\$kept ([a-z]\w*)/g, (_, name) => {
      if (!kept.has(name)) throw new Error(`nothing was kept as ${name}`);
      return kept.get(name);
    });
  }
  if (Array.isArray(value)) return value.map((entry) => filled(entry, kept));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, filled(inner, kept)]));
  return value;
}
