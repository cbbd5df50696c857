// tests/scenario/kill9_test.js - kill -9 in the middle of publishing, again and again: what was
// acknowledged is there exactly once, everything else at most once.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');

const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const sqlite = require('./lib/sqlite');
const { records } = require('./lib/records');
const { publishAll } = require('./lib/rpc');
const { scenario } = require('./lib/scenario');

const kills = settings.number('KILLS', 3);
const kill_ms_max = 5_000;
const window = 256;
const roundRecords = 4_000; // more than are acknowledged before the kill
const acknowledgedBeforeKill = { least: 50, most: 1_500 };

function between({ least, most }) {
  return least + Math.floor(Math.random() * (most - least));
}

// Publishes until the host is killed at a random moment; answers the ids that were acknowledged.
async function publishUntilKilled(stage, host, events) {
  const client = await stage.connect(host.url);
  const acknowledged = new Set();
  const fatal = between(acknowledgedBeforeKill);
  let killed = null;
  await assert.rejects(
    publishAll(client, events, window, (event) => {
      acknowledged.add(event.id);
      // Answers that are on their way still come in and count.
      if (acknowledged.size === fatal) killed = host.kill();
    }),
    /closed|not open|EPIPE|ECONNRESET/,
  );
  assert.ok(killed, 'nothing but the kill ends the publishing');
  assert.equal((await killed).signal, 'SIGKILL');
  await client.end();
  return acknowledged;
}

async function storedIds(host) {
  const database = path.join(host.folder, 'var', 'storage', 'events.db');
  const rows = await sqlite.query(
    database,
    'SELECT id, count(*) AS times FROM records GROUP BY id',
  );
  return new Map(rows.map((row) => [row.id, row.times]));
}

function assertKept(stored, acknowledged, published) {
  for (const id of acknowledged) assert.equal(stored.get(id), 1, `${id} was acknowledged`);
  for (const [id, times] of stored) {
    assert.equal(times, 1, `${id} is there ${times} times`);
    assert.ok(published.has(id), `${id} was never published`);
  }
}

async function pagedIds(host) {
  const ids = [];
  let cursor = '';
  do {
    const page = await host.call('bp.storage.records/1.Page', {
      limit: 1000,
      without_data: true,
      ...(cursor ? { cursor } : {}),
    });
    ids.push(...(page.records || []).map((record) => record.id));
    cursor = page.cursor || '';
  } while (cursor);
  return ids;
}

scenario(`${kills} times kill -9 while publishing`, async (stage, context) => {
  const acknowledged = new Set();
  const published = new Set();
  let host = await stage.start(manifest.standard());
  let again = []; // of the last round: not answered, so a careful client sends them once more
  for (let round = 1; round <= kills; ++round) {
    const events = [...again, ...records(roundRecords, `k${round}-`)];
    events.forEach((event) => published.add(event.id));
    const answered = await publishUntilKilled(stage, host, events);
    answered.forEach((id) => acknowledged.add(id));
    again = events.slice(0, answered.size + window).filter((event) => !acknowledged.has(event.id));

    host = await stage.start(manifest.standard());
    const stored = await storedIds(host);
    assertKept(stored, acknowledged, published);
    context.diagnostic(`kill ${round}: ${acknowledged.size} acknowledged, ${stored.size} stored`);
  }
  const client = await stage.connect(host.url);
  await publishAll(client, again, window, (event) => acknowledged.add(event.id));
  assertKept(await storedIds(host), acknowledged, published);
  const paged = await pagedIds(host);
  assert.equal(new Set(paged).size, paged.length, 'a page repeats no record');
  for (const id of acknowledged) assert.ok(paged.includes(id), `${id} is on no page`);
  assert.equal((await host.stop()).code, 0);
}, kills * kill_ms_max);
