// tests/scenario/storm_test.js - a server dies with everybody connected, comes back, and everybody
// comes back at once: npm clients and the transport's own.
'use strict';

const assert = require('node:assert/strict');

const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { Client } = require('./lib/rpc');
const { scenario } = require('./lib/scenario');
const { until } = require('./lib/waiting');

const strangers = settings.number('CLIENTS', 400);
const own = 64;
const accept_per_s = 200;

// The backoff that clients are told to have: doubling, with full jitter.
async function reconnect(stage, url) {
  for (let wait_ms = 100; ; wait_ms = Math.min(wait_ms * 2, 5_000)) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * wait_ms));
    try {
      const client = await Client.connect(url);
      stage.clients.push(client);
      return client;
    } catch {
      // refused, or one too many this second: later
    }
  }
}

function server(listen) {
  return manifest.bare({
    ws: {
      library: 'transport_ws',
      config: {
        listen,
        metrics_listen: '127.0.0.1:0',
        limits: { accept_per_s, connections_per_ip: 10_000 },
      },
    },
    metrics: { library: 'metrics_prometheus' },
  });
}

async function metric(host, name, label = '') {
  const text = await (await fetch(host.metricsUrl)).text();
  const line = text.split('\n').find((each) => new RegExp(`^${name}[ {]`).test(each) && each.includes(label));
  return line === undefined ? null : Number(line.split(' ').pop());
}

// How far apart they came, and how many within the same tenth of a second at most.
function spread(times) {
  const first = Math.min(...times);
  const tenths = new Map();
  for (const time of times) {
    const tenth = Math.floor((time - first) / 100);
    tenths.set(tenth, (tenths.get(tenth) || 0) + 1);
  }
  return { ms: Math.round(Math.max(...times) - first), crowd: Math.max(...tenths.values()) };
}

scenario('everybody comes back after a kill -9', async (stage) => {
  let host = await stage.start(server('127.0.0.1:0'));
  const address = new URL(host.url).host;
  await Promise.all(Array.from({ length: strangers }, () => reconnect(stage, host.url)));

  const clients = {};
  for (let i = 0; i < own; ++i) clients[`c${i}`] = { url: host.url };
  const edge = await stage.start(
    manifest.bare({
      ws: { library: 'transport_ws', config: { listen: '127.0.0.1:0', metrics_listen: '127.0.0.1:0', clients } },
      metrics: { library: 'metrics_prometheus' },
    }),
    { folder: stage.newFolder() },
  );
  const connected = async (of, name, count) => {
    await until(`${count} of ${name}`, (resolve, reject) => {
      let timer = null;
      const look = () =>
        metric(of, name).then((now) => {
          if (now === count) resolve();
          else timer = setTimeout(look, 50);
        }, reject);
      look();
      return () => clearTimeout(timer);
    });
  };
  await connected(edge, 'ws_client_connections', own);
  await connected(host, 'ws_connections', strangers + own);

  await host.kill();
  stage.clients.length = 0;
  host = await stage.start(server(address));
  const steady = await reconnect(stage, host.url); // must not suffer from those who come now
  const back = [];
  const all = Promise.all(
    Array.from({ length: strangers - 1 }, async () => {
      await reconnect(stage, host.url);
      back.push(performance.now());
    }),
  );
  const answers = [];
  for (let i = 0; i < 20; ++i) answers.push(await steady.request('ping'));
  await all;
  await connected(edge, 'ws_client_connections', own);
  await connected(host, 'ws_connections', strangers + own);

  assert.deepEqual(new Set(answers), new Set(['pong']));
  assert.equal(steady.closed, null);
  const rejected = await metric(host, 'ws_connections_rejected_total', 'reason="rate"');
  assert.ok((await metric(edge, 'ws_client_retries_total')) >= own); // each lost one and tried again
  assert.equal(typeof rejected, 'number');
  const { ms, crowd } = spread(back);
  console.log(
    `${strangers + own} clients are back; ${back.length} of them within ${ms} ms, ` +
      `${crowd} of these in the busiest tenth of a second; ${rejected} tries were above ${accept_per_s} a second`,
  );
});
