// tests/scenario/hub_test.js - the main job: real records from a WebSocket client reach every
// subscriber in order, are sealed and stored, can be paged, searched, opened; metrics count them.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const cli = require('./lib/cli');
const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const sqlite = require('./lib/sqlite');
const { canary, records } = require('./lib/records');
const { publishAll } = require('./lib/rpc');
const { scenario } = require('./lib/scenario');

const count = settings.number('RECORDS', 10_000);
const window = 256;

// Same order as published, positions rising by one, nothing missing, nothing else.
function assertHeardAll(client, events) {
  assert.deepEqual(
    client.notes.filter((note) => note.method !== 'event'),
    [],
  );
  assert.equal(client.notes.length, events.length);
  const first = client.notes[0].params.seq;
  client.notes.forEach(({ params }, i) => {
    if (params.seq !== first + i || params.event.id !== events[i].id) {
      assert.fail(`message ${i} has seq ${params.seq} and id ${params.event.id}`);
    }
    assert.deepEqual(params.event, events[i]);
  });
}

async function pageAll(host) {
  const ids = [];
  let cursor = '';
  do {
    const page = await host.call('bp.storage.records/1.Page', {
      order: 'oldest',
      limit: 1000,
      without_data: true,
      ...(cursor ? { cursor } : {}),
    });
    ids.push(...page.records.map((record) => record.id));
    cursor = page.cursor || '';
  } while (cursor);
  return ids;
}

async function assertSearchFinds(host, events) {
  const nome = events.filter((event) => /\bAlaska\b/.test((event.index || {}).place || ''));
  assert.ok(nome.length > 0, 'the data set has earthquakes in Alaska');
  const found = [];
  let cursor = '';
  do {
    const { hits = [], cursor: next } = await host.call('bp.storage.records/1.Search', {
      query: 'terms : alaska',
      name: 'quake',
      limit: 500,
      without_data: true,
      ...(cursor ? { cursor } : {}),
    });
    found.push(...hits.map((hit) => hit.record.id));
    cursor = next || '';
  } while (cursor);
  assert.deepEqual(found.sort(), nome.map((event) => event.id).sort());
  const { hits = [] } = await host.call('bp.storage.records/1.Search', {
    query: canary.split('-')[0],
  });
  assert.equal(hits.length, 0, 'what is sealed cannot be searched');
}

// As `sqlite3` shows it: every row sealed under the one key, no clear text in it or in any file.
async function assertSealed(host, events) {
  const { keys } = await host.call('bp.crypto.aead/1.Describe');
  const keyId = keys.find((key) => key.primary).key_id;
  const prefix = `01${keyId.toString(16).padStart(8, '0')}`.toUpperCase();
  const folder = path.join(host.folder, 'var', 'storage');
  const [row] = await sqlite.query(
    path.join(folder, 'events.db'),
    `SELECT count(*) AS rows, count(DISTINCT id) AS ids, sum(sealed) AS sealed,
            sum(hex(substr(data, 1, 5)) = '${prefix}') AS prefixed,
            sum(instr(data, CAST('${canary}' AS BLOB)) > 0) AS clear FROM records`,
  );
  const all = events.length;
  assert.deepEqual(row, { rows: all, ids: all, sealed: all, prefixed: all, clear: 0 });
  for (const name of fs.readdirSync(folder)) {
    assert.ok(
      !fs.readFileSync(path.join(folder, name)).includes(canary),
      `${name} holds clear text`,
    );
  }
}

async function assertOpens(host, event) {
  const { record } = await host.call('bp.storage.records/1.Get', { id: event.id });
  assert.equal(record.name, event.name);
  assert.equal(record.category, event.category);
  const opened = await host.call('bp.crypto.aead/1.Decrypt', {
    ciphertext: record.data,
    associated_text: event.id,
  });
  assert.deepEqual(JSON.parse(opened.text), event.data);
  const other = await host.verb(['call', 'bp.crypto.aead/1.Decrypt', '-'], {
    code: 1,
    input: JSON.stringify({ ciphertext: record.data, associated_text: 'another' }),
  });
  assert.match(other.stderr, /decryption failed/);
}

async function metricsPage(host) {
  const answer = await fetch(host.metricsUrl);
  assert.equal(answer.status, 200);
  return answer.text();
}

function value(text, series) {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1).split(' ')[0]);
}

async function assertMetrics(host, all) {
  const text = await metricsPage(host);
  const checked = await cli.run('promtool', ['check', 'metrics'], { input: text });
  assert.equal(checked.code, 0, `promtool: ${checked.stdout}${checked.stderr}`);
  assert.equal(value(text, 'backplane_channel_published_total{channel="events"}'), all);
  const wire = text
    .split('\n')
    .filter((line) => /^backplane_wire_messages_total\{.*result="done"/.test(line));
  assert.equal(wire.length, 1, `one wire: ${wire}`);
  assert.equal(Number(wire[0].split(' ').pop()), all);
  const name = /wire="[^"]*"/.exec(wire[0])[0];
  assert.equal(value(text, `backplane_wire_seconds_count{${name}}`), all);
  assert.equal(value(text, `backplane_wire_in_flight{${name}}`), 0);
  assert.ok(value(text, 'backplane_channel_queue_limit{channel="events"}') > 0);
  for (const plugin of ['storage', 'crypto', 'ws', 'metrics']) {
    const of = `{plugin="${plugin}"}`;
    assert.equal(value(text, `backplane_plugin_starts_total${of}`), 1);
    assert.equal(value(text, `backplane_plugin_faults_total${of}`), 0);
    assert.ok(value(text, `backplane_plugin_turn_seconds_count${of}`) > 0);
    assert.ok(value(text, `backplane_plugin_turn_seconds_sum${of}`) > 0);
    assert.ok(value(text, `backplane_plugin_state_since_seconds${of}`) > 1e9);
  }
}

scenario(`${count} real records through the hub`, async (stage, context) => {
  const host = await stage.start(manifest.standard());
  const described = await host.call('bp.transport.ws/1.Describe');
  assert.equal(`ws://${described.listen}/`, host.url);

  const events = records(count);
  const listeners = [await stage.connect(host.url), await stage.connect(host.url)];
  for (const listener of listeners) await listener.request('subscribe', { channel: 'events' });
  const publisher = await stage.connect(host.url);
  const began = process.hrtime.bigint();
  await publishAll(publisher, events, window);
  const took_s = Number(process.hrtime.bigint() - began) / 1e9;
  context.diagnostic(
    `${count} records acknowledged in ${took_s.toFixed(2)} s, ${Math.round(count / took_s)} per s`,
  );
  for (const listener of listeners) {
    await listener.when(`${count} events`, () => listener.notes.length >= count);
    assertHeardAll(listener, events);
  }

  const paged = await pageAll(host);
  assert.equal(paged.length, count);
  assert.deepEqual(new Set(paged), new Set(events.map((event) => event.id)));
  await assertSearchFinds(host, events);
  await assertSealed(host, events);
  for (const event of [events[0], events[1], events[2], events[count - 1]])
    await assertOpens(host, event);
  await assertMetrics(host, count);

  assert.deepEqual(await host.stop(), { code: 0, signal: null });
  assert.ok(!fs.existsSync(host.socket), 'the control socket is removed');
});
