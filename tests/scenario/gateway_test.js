// tests/scenario/gateway_test.js - JSON-RPC 2.0 on the wire as the specification says, and what the
// gateway does with clients that ask for too much or read too little.
'use strict';

const assert = require('node:assert/strict');

const manifest = require('./lib/manifest');
const { records } = require('./lib/records');
const { publishAll } = require('./lib/rpc');
const { scenario } = require('./lib/scenario');

const parseError = -32700;
const invalidRequest = -32600;
const methodNotFound = -32601;
const invalidParams = -32602;
const applicationError = -32000;

async function answerTo(client, text) {
  client.send(text);
  return client.note(`the answer to ${text.slice(0, 80)}`);
}

async function assertFails(client, text, code, id) {
  const answer = await answerTo(client, text);
  assert.equal(answer.jsonrpc, '2.0', text);
  assert.equal(answer.error && answer.error.code, code, `${text} -> ${JSON.stringify(answer)}`);
  assert.equal(answer.id, id, text);
  assert.ok(answer.error.message.length > 0, text);
  return answer.error;
}

scenario(
  'requests that are none are answered with the numbers of the specification',
  async (stage) => {
    const host = await stage.start(manifest.standard());
    const client = await stage.connect(host.url);
    await assertFails(client, '{"jsonrpc":"2.0","method":"ping"', parseError, null);
    await assertFails(client, '[1,', parseError, null);
    await assertFails(client, '"ping"', invalidRequest, null);
    await assertFails(client, '[]', invalidRequest, null);
    await assertFails(client, '{"jsonrpc":"1.0","id":1,"method":"ping"}', invalidRequest, 1);
    await assertFails(client, '{"jsonrpc":"2.0","id":{},"method":"ping"}', invalidRequest, null);
    await assertFails(client, '{"jsonrpc":"2.0","id":2,"method":5}', invalidRequest, 2);
    const unknown = await assertFails(
      client,
      '{"jsonrpc":"2.0","id":"a","method":"pong"}',
      methodNotFound,
      'a',
    );
    assert.match(unknown.message, /pong/);
    await assertFails(
      client,
      '{"jsonrpc":"2.0","id":3,"method":"publish","params":{}}',
      invalidParams,
      3,
    );
    await assertFails(
      client,
      '{"jsonrpc":"2.0","id":4,"method":"publish","params":{"event":{},"evnt":1}}',
      invalidParams,
      4,
    );
    assert.equal(await client.request('ping'), 'pong', 'the connection lives on');
  },
);

scenario('batches and notifications', async (stage) => {
  const host = await stage.start(manifest.standard());
  const client = await stage.connect(host.url);
  const batch = await answerTo(
    client,
    JSON.stringify([
      { jsonrpc: '2.0', id: 'p', method: 'ping' },
      { jsonrpc: '2.0', method: 'ping' },
      1,
      {
        jsonrpc: '2.0',
        id: 'e',
        method: 'publish',
        params: { event: { id: 'b1', name: 'n', data: 1 } },
      },
      { jsonrpc: '2.0', id: 'x', method: 'nothing' },
    ]),
  );
  assert.equal(batch.length, 4, 'the notification is not answered');
  const by = (id) => batch.find((answer) => answer.id === id);
  assert.equal(by('p').result, 'pong');
  assert.deepEqual(by('e').result, { id: 'b1' });
  assert.equal(by('x').error.code, methodNotFound);
  assert.equal(by(null).error.code, invalidRequest);
  // Neither good nor bad notifications are answered: the next answer is the ping's.
  client.send(
    '{"jsonrpc":"2.0","method":"publish","params":{"event":{"id":"b2","name":"n","data":2}}}',
  );
  client.send('{"jsonrpc":"2.0","method":"nothing"}');
  client.send('[{"jsonrpc":"2.0","method":"ping"}]');
  assert.equal(await client.request('ping'), 'pong');
  assert.deepEqual(client.notes, []);
});

scenario('subscribe, unsubscribe, and names that do not exist', async (stage) => {
  const host = await stage.start(manifest.standard());
  const client = await stage.connect(host.url);
  const { subscription } = await client.request('subscribe', { channel: 'events' });
  const again = await client.request('subscribe', { channel: 'events' });
  assert.equal(again.subscription, subscription, 'twice is once');
  const given = await client.publish({ name: 'n', category: 'c', data: { a: 1 } });
  assert.match(given.id, /./, 'an event without an id gets one');
  const { method, params } = await client.note('the event');
  assert.equal(method, 'event');
  assert.equal(params.subscription, subscription);
  assert.deepEqual(params.event, { id: given.id, name: 'n', category: 'c', data: { a: 1 } });
  assert.equal(await client.request('unsubscribe', { subscription }), true);
  await client.publish({ name: 'n', data: 2 });
  assert.equal(await client.request('ping'), 'pong');
  assert.deepEqual(client.notes, [], 'nothing comes after unsubscribe');

  const hint = (name) => (error) =>
    error.code === applicationError &&
    error.data.code === 'NOT_FOUND' &&
    error.message.includes(`did you mean '${name}'`);
  await assert.rejects(client.request('subscribe', { channel: 'event' }), hint('events'));
  await assert.rejects(client.request('publish', { channel: 'evnts', message: 1 }), hint('events'));
  await assert.rejects(client.call('bp.crypto.aed/1', 'Decrypt', {}), hint('bp.crypto.aead/1'));
  for (const [service, method] of [
    ['bp.storage.sql/1', 'Query'],
    ['bp.storage.admin/1', 'MigrateDown'],
  ]) {
    await assert.rejects(
      client.call(service, method, {}),
      (error) => error.data.code === 'PERMISSION' && /permissions\.use/.test(error.message),
      'the default manifest keeps this from clients',
    );
  }
  await assert.rejects(client.call('bp.storage.records/1', 'Pages', {}), hint('Page'));
  await assert.rejects(
    client.request('unsubscribe', { subscription: 999 }),
    (error) => error.data.code === 'NOT_FOUND',
  );
  await assert.rejects(
    client.call('bp.storage.records/1', 'Page', { limt: 3 }),
    (error) =>
      error.code === applicationError && /limt/.test(error.message) && /limit/.test(error.message),
  );
});

scenario(
  'a message that is too large closes its connection with 1009 and no other',
  async (stage) => {
    const host = await stage.start(manifest.standard());
    const other = await stage.connect(host.url);
    const client = await stage.connect(host.url);
    client.send(' '.repeat((64 << 10) + 1));
    assert.equal((await client.end()).code, 1009);
    const binary = await stage.connect(host.url);
    binary.socket.send(Buffer.from([1, 2, 3]));
    await binary.when('an answer', () => binary.closed || binary.notes.length > 0).catch(() => {});
    assert.ok(
      !binary.closed || [1003, 1007, 1008].includes(binary.closed.code),
      JSON.stringify(binary.closed),
    );
    assert.equal(await other.request('ping'), 'pong');
  },
);

scenario('a client that stops reading is cut off and hurts no other', async (stage) => {
  const wanted = manifest.standard();
  wanted.plugins.ws.config.writer = { queue: '64KiB', block: '250ms' };
  const host = await stage.start(wanted);
  const lazy = await stage.connect(host.url);
  const reader = await stage.connect(host.url);
  for (const client of [lazy, reader]) await client.request('subscribe', { channel: 'events' });
  lazy.socket.pause();
  const publisher = await stage.connect(host.url);
  // More than the kernel's buffers of one connection hold.
  const padding = 'x'.repeat(32 << 10);
  const events = records(400).map((event) => ({ ...event, data: { padding } }));
  await publishAll(publisher, events, 64);
  await reader.when('all events', () => reader.notes.length >= events.length);
  assert.deepEqual(
    reader.notes.map((note) => note.params && note.params.event && note.params.event.id),
    events.map((event) => event.id),
  );
  const { cut_off: cutOff } = await publisher.call('bp.transport.ws/1', 'Stats', {});
  assert.equal(Number(cutOff), 1);
  lazy.socket.resume();
  const { code } = await lazy.end();
  assert.ok([1006, 1013].includes(code), `closed with ${code}`);
  assert.ok(lazy.notes.length < events.length);
});
