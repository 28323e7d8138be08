// Node's fetch: one promise for each call in flight. It trusts what NODE_EXTRA_CA_CERTS names when
// the process starts, so --ca-file is there only to be like the others.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    token: { type: "string" },
    calls: { type: "string" },
    "in-flight": { type: "string", default: "1" },
    "ca-file": { type: "string" },
    http2: { type: "boolean", default: false },
    "warm-up": { type: "string", default: "0" },
  },
});
if (values.http2) {
  console.error("this system cannot do that");
  process.exit(2);
}
const url = values.url + "/v1/service-accounts";
const headers = { Authorization: "Bearer " + values.token, "Content-Type": "application/json" };

// A size from what the kernel says of this process, in KiB.
function memory(which) {
  const status = readFileSync("/proc/self/status", "ascii");
  return Number(status.match(new RegExp(`^${which}:\\s+(\\d+)`, "m"))[1]);
}

async function create(number) {
  const body = JSON.stringify({
    name: "deploy-bot-" + String(number).padStart(8, "0"),
    permissions: ["org:read", "workflow:create"],
    description: "Rolls out the web site",
  });
  const signal = AbortSignal.timeout(30000);
  const reply = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
  const account = (await reply.json()).data;
  return reply.ok && account.id !== "" && reply.headers.get("X-Request-Id") !== null;
}

// The calls [first, first + count); how many of them created an account.
async function run(first, count) {
  let next = first;
  let created = 0;
  const one = async () => {
    while (next < first + count) {
      if (await create(next++)) ++created;
    }
  };
  await Promise.all(Array.from({ length: Number(values["in-flight"]) }, one));
  return created;
}

const warmUp = Number(values["warm-up"]);
const calls = Number(values.calls);
const warm = (await run(0, warmUp)) === warmUp;
const resident = memory("VmRSS");
const before = process.cpuUsage();
const begin = process.hrtime.bigint();
const created = await run(warmUp, calls);
const wall = Number(process.hrtime.bigint() - begin) / 1e9;
const used = process.cpuUsage(before);
console.log(
  JSON.stringify({
    calls,
    created,
    wall_seconds: wall,
    cpu_seconds: (used.user + used.system) / 1e6,
    user_seconds: used.user / 1e6,
    peak_kib: memory("VmHWM"),
    resident_before_kib: resident,
    resident_after_kib: memory("VmRSS"),
  }),
);
process.exit(warm && created === calls ? 0 : 1);
