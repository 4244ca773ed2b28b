// Performs the table of one document against a running server: `perform.mjs TABLE SERVER [BACKEND]`. After each row every
// connection of this and of another application is asked what it has heard: that, and nothing else. A fence (an event
// told to everybody by the API) shows that what was on its way has come. The last line is the counts, as JSON.
import { readFileSync } from "node:fs";
import { Client, token, variable } from "./clients.mjs";
import { filled, mismatch } from "./patterns.mjs";

const [path, server, backend] = process.argv.slice(2);
const table = JSON.parse(readFileSync(path, "utf8"));
const patience = 10_000;
const kept = new Map();
const clients = new Map(
  Object.entries(table.clients).map(([name, told]) => [name, new Client(name, told.application ?? table.application, told, server)]),
);
const counts = { rows: 0, event: 0, room: 0, answer: 0, rule: 0, deliveries: 0, failures: [] };

/** Waits until something is there; the clients say when to look again. */
async function until(what, look, within = patience) {
  const end = Date.now() + within;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    const left = end - Date.now();
    if (left <= 0) throw new Error(`not in time: ${what}`);
    await new Promise((wake) => {
      const timer = setTimeout(wake, Math.min(left, 200));
      for (const client of clients.values()) client.wake = () => (clearTimeout(timer), wake());
    });
  }
}

/** "ann", or "ann/social" for one of her namespaces. */
function place(at) {
  const slash = at.indexOf("/");
  const name = slash < 0 ? at : at.slice(0, slash);
  const client = clients.get(name);
  if (!client) throw new Error(`there is no client ${name}`);
  return { client, namespace: slash < 0 ? "/" : at.slice(slash) };
}

/** Takes out of what was heard there the first that is as it should be. */
async function expectAt(at, event, wanted) {
  const { client } = place(at);
  const same = (heard) => heard.at === at && heard.event === event;
  let wrong;
  const found = await until(`${at} hears ${event}`, () => {
    for (const heard of client.heard.filter(same)) {
      const tried = new Map(kept);
      wrong = first(wanted.map((pattern, index) => mismatch(pattern, heard.args[index], tried)));
      if (wrong === undefined && heard.args.length === wanted.length) {
        for (const [name, value] of tried) kept.set(name, value);
        return heard;
      }
      wrong ??= `it has ${heard.args.length} arguments`;
    }
    return undefined;
  }).catch((error) => {
    throw new Error(`${error.message}${wrong ? `: ${wrong}` : ""}; heard there: ${JSON.stringify(client.heard)}`);
  });
  client.heard.splice(client.heard.indexOf(found), 1);
  counts.deliveries += 1;
}

const first = (wrongs) => wrongs.find((wrong) => wrong !== undefined);

async function ask(method, url, bearer, body) {
  const headers = { authorization: `Bearer ${bearer}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), redirect: "manual" });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

const api = (application, path) => `${server}/api/v1/apps/${application}/${path}`;

/** What the application's backend does by the API; who may not do it is another's key (`key`). */
async function byApi({ api: [method, path, body], status = 200, answer, key, application = table.application }) {
  const told = await ask(method, api(application, path), key ?? variable(application, "KEY"), filled(body, kept));
  if (told.status !== status) throw new Error(`${method} ${path} answers ${told.status}: ${JSON.stringify(told.body)}`);
  const wrong = answer === undefined ? undefined : mismatch(answer, told.body, kept);
  if (wrong) throw new Error(`${method} ${path}: ${wrong}`);
}

/** What somebody asks by HTTP with their own token, of the server or of the application's backend. */
async function byHttp({ http: [method, path, body], as, of, status = 200, answer }) {
  const { client } = place(as);
  const bearer = token(client.application, client.claims);
  const told = await ask(method, (of === "backend" ? backend : server) + filled(path, kept), bearer, filled(body, kept));
  if (told.status !== status) throw new Error(`${method} ${path} answers ${told.status}: ${JSON.stringify(told.body)}`);
  const wrong = answer === undefined ? undefined : mismatch(answer, told.body, kept);
  if (wrong) throw new Error(`${method} ${path}: ${wrong}`);
}

async function byClient({ emit: [at, event, ...args], ack, times = 1 }) {
  const { client, namespace } = place(at);
  const told = filled(args, kept);
  for (let left = times; left > 1; left--) client.emit(namespace, event, told.map((argument) => numbered(argument, left)));
  if (ack === undefined) return client.emit(namespace, event, told);
  let answered;
  client.emit(namespace, event, told, (...answer) => {
    answered = answer;
    client.wake?.();
  });
  const answer = await until(`the acknowledgement of ${event}`, () => answered);
  const wrong = mismatch(ack, answer[0], kept);
  if (wrong) throw new Error(`the acknowledgement of ${event}: ${wrong}`);
  counts.deliveries += 1;
  return undefined;
}

/** For what is done many times, each time with another number. */
const numbered = (value, number) => (typeof value === "string" ? value.replaceAll("$n", String(number)) : value);

/** Asks for the same with thousands of names. What is refused is refused: the server goes on. */
async function byMany({ many: [path, body], times, done_at_most: most }) {
  let done = 0;
  for (let left = times; left > 0; left -= 100) {
    const asked = Array.from({ length: Math.min(100, left) }, (_, at) =>
      Object.fromEntries(Object.entries(body).map(([name, value]) => [name, numbered(value, left - at)])),
    );
    const answers = await Promise.all(asked.map((one) => ask("POST", api(table.application, path), variable(table.application, "KEY"), one)));
    const odd = answers.find(({ status }) => status >= 500);
    if (odd) throw new Error(`${path} answers ${odd.status}: ${JSON.stringify(odd.body)}`);
    done += answers.filter(({ status }) => status < 300).length;
  }
  if (done > most) throw new Error(`${path} is done ${done} times of ${times}`);
}

async function act(step) {
  if (step.many) return byMany(step);
  if (step.emit) return byClient(step);
  if (step.api) return byApi(step);
  if (step.publish) return byApi({ ...step, api: ["POST", "publish", step.publish] });
  if (step.http) return byHttp(step);
  if (step.connect) return open(step.connect);
  if (step.close) return place(step.close).client.close();
  if (step.drop) return place(step.drop).client.drop();
  throw new Error(`nobody knows how to do ${JSON.stringify(step)}`);
}

/** Connects, and waits for every namespace. */
async function open(name) {
  const { client } = place(name);
  client.open();
  // Who is refused, and who floods, is not waited for.
  if (client.refused) return;
  for (const namespace of client.namespaces) await expectAt(namespace === "/" ? name : name + namespace, "connect", []);
}

let fences = 0;
/** After it, whatever was on its way to anybody has come. */
async function fence() {
  fences += 1;
  const number = fences;
  const open = [...clients.values()].filter((client) => client.isOpen && !client.refused);
  const doors = open.flatMap((client) => client.namespaces.map((namespace) => ({ client, namespace })));
  const groups = new Map();
  for (const { client, namespace } of doors) {
    const key = `${client.application} ${namespace}`;
    groups.set(key, (groups.get(key) ?? new Set()).add(client.user));
  }
  const behind = () => doors.find(({ client, namespace }) => client.fences.get(namespace) !== number);
  // Told again while somebody has not heard it: who has just sent a token may not be known yet.
  for (let tries = 40; behind() && tries > 0; tries--) {
    for (const [key, users] of groups) {
      const [application, namespace] = key.split(" ");
      const body = { users: [...users], event: "fence", data: number, namespace };
      await byApi({ api: ["POST", "publish", body], application });
    }
    await until("the fence", () => (behind() ? undefined : true), patience / 40).catch(() => undefined);
  }
  const left = behind();
  if (left) throw new Error(`${left.client.name}${left.namespace} never hears fence ${number}`);
}

/** What was heard and is in no row. */
function leftovers() {
  const left = [...clients.values()].flatMap((client) => client.heard.splice(0).filter(() => !client.isIgnored));
  return left.map(({ at, event, args }) => `${at} hears ${event} ${JSON.stringify(args)}, which is not for them`);
}

/** Volatile events: how many of them come is the server's choice, up to a number. */
async function countAtMost({ hear: [[at, event, pattern]], at_most: most }) {
  for (let heard = 1; ; heard++) {
    if (heard > most) throw new Error(`${at} hears ${event} more than ${most} times`);
    const { client } = place(at);
    const is = (told) => told.at === at && told.event === event;
    const found = await until("one more", () => client.heard.find(is), 1_000).catch(() => undefined);
    if (found === undefined) return;
    client.heard.splice(client.heard.indexOf(found), 1);
    const wrong = mismatch(pattern, found.args[0], kept);
    if (wrong) throw new Error(wrong);
  }
}

async function perform(row) {
  // Whoever floods may be put out, and is not waited for.
  for (const at of row.ignore ?? []) Object.assign(place(at).client, { refused: true, isIgnored: true });
  for (const step of [row.do].flat()) await act(step);
  for (const [who, event, ...wanted] of row.hear ?? []) {
    for (const at of [who].flat()) await expectAt(at, event, wanted);
  }
  await fence();
  if (row.at_most) await countAtMost(row);
  const foreign = leftovers();
  if (foreign.length > 0) throw new Error(foreign.join("\n    "));
}

for (const [name, client] of clients) if (!client.late) await open(name);
await fence();
for (const row of table.rows) {
  counts.rows += 1;
  counts[row.kind] += 1;
  try {
    await perform(row);
  } catch (error) {
    counts.failures.push(`${row.kind} ${row.name} (${row.is ?? row.by ?? ""}): ${error.message}`);
    leftovers();
  }
}
await fence().catch((error) => counts.failures.push(`at the end: ${error.message}`));
counts.failures.push(...leftovers().map((left) => `at the end: ${left}`));
for (const failure of counts.failures) process.stderr.write(`  FAILED ${failure}\n`);
process.stdout.write(`${JSON.stringify(counts)}\n`);
process.exit(counts.failures.length > 0 ? 1 : 0);
