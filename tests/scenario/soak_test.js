// tests/scenario/soak_test.js - the hub at half its load for as long as one likes: everything
// arrives, and memory stays where it was after the first quarter.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');

const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { WebSocket } = require('./lib/rpc');
const { scenario } = require('./lib/scenario');

const soak_s = settings.number('SOAK_S', 8);
const subscribers = settings.number('SUBSCRIBERS', 10);
const window = 64; // events under way while the full rate is found
const probe_events = 2_000;
// A short run still fills SQLite's cache of 20 MiB; after 15 s at this rate it is full.
const growth_max_kib = (soak_s >= 60 ? 8 : 40) << 10;

function anonymousKib(pid) {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

// Counts events and checks their order by the sequence numbers, without reading the JSON.
function subscribe(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const state = { socket, events: 0, last: null, fault: null };
    socket.once('error', reject);
    socket.on('open', () =>
      socket.send('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"channel":"events"}}'),
    );
    socket.on('close', (code) => (state.fault ||= `closed with ${code}`));
    socket.on('message', (data) => {
      const text = data.toString('latin1');
      const found = /"seq":(\d+),"event"/.exec(text);
      if (!found) return text.includes('"id":1') ? resolve(state) : undefined;
      const seq = Number(found[1]);
      if (state.last !== null && seq !== state.last + 1) state.fault ||= `${seq} after ${state.last}`;
      state.last = seq;
      ++state.events;
    });
  });
}

const event = (number) => ({
  id: `soak-${number}`,
  name: 'quake',
  category: 'm5',
  data: { place: 'Tokyo', magnitude: 5.1, number },
});

// Keeps `window` events under way until `count` are answered; answers the rate.
async function findRate(client, count) {
  const begin = process.hrtime.bigint();
  let next = 0;
  const one = async () => {
    while (next < count) await client.publish(event(next++));
  };
  await Promise.all(Array.from({ length: window }, one));
  return count / (Number(process.hrtime.bigint() - begin) / 1e9);
}

// `rate` events a second for `seconds`, whatever the answers do; each second `look()` is called.
async function pace(client, first, rate, seconds, look) {
  const answers = [];
  const begin = Date.now();
  let sent = 0;
  for (let passed = 0; passed < seconds * 1000; passed = Date.now() - begin) {
    for (const due = Math.floor((passed / 1000) * rate); sent < due; ++sent)
      answers.push(client.publish(event(first + sent)));
    if (answers.length >= rate) {
      look();
      await Promise.all(answers.splice(0));
    }
    await new Promise((resolve) => setTimeout(resolve, 5)); // the pace is what is wanted
  }
  await Promise.all(answers);
  return sent;
}

scenario(
  'half load, flat memory',
  async (stage, context) => {
    const host = await stage.start(manifest.standard());
    const listening = await Promise.all(
      Array.from({ length: subscribers }, () => subscribe(host.url)),
    );
    const client = await stage.connect(host.url);
    const full = await findRate(client, probe_events);
    const rate = Math.max(1, Math.floor(full / 2));
    const memory = [];
    const warm = await pace(client, probe_events, rate, soak_s / 4, () => {});
    const before = anonymousKib(host.pid);
    const sent = await pace(client, probe_events + warm, rate, (soak_s * 3) / 4, () =>
      memory.push(anonymousKib(host.pid)),
    );
    const after = anonymousKib(host.pid);
    const all = probe_events + warm + sent;
    while (listening.some((each) => !each.fault && each.events < all))
      await new Promise((resolve) => setImmediate(resolve));
    context.diagnostic(
      `${all} events to ${subscribers} subscribers in ${soak_s} s, ${rate}/s of ${Math.round(full)}/s; ` +
        `${before} KiB after the first quarter, ${after} KiB at the end, at most ${Math.max(...memory, after)}`,
    );
    for (const each of listening) {
      assert.equal(each.fault, null);
      assert.equal(each.events, all);
      each.socket.terminate();
    }
    if (!settings.sanitizer) assert.ok(after - before < growth_max_kib, `${before} -> ${after} KiB`);
    await host.stop();
  },
  soak_s * 1000,
);
