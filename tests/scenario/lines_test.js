// tests/scenario/lines_test.js - clients that speak no WebSocket: lines and lengths over TCP, with
// Node's `net`.
'use strict';

const assert = require('node:assert/strict');

const manifest = require('./lib/manifest');
const { PlainClient } = require('./lib/plain');
const { scenario } = require('./lib/scenario');

function listening() {
  const wanted = manifest.standard();
  wanted.plugins.ws.config.tcp = {
    console: { listen: '127.0.0.1:0', framing: 'line', to: 'gateway' },
    binary: { listen: '127.0.0.1:0', framing: 'length', to: 'gateway' },
    meters: { listen: '127.0.0.1:0', framing: 'length', to: 'channel', message: '1KiB' },
    back: { listen: '127.0.0.1:0', framing: 'line', to: 'echo', idle: '500ms' },
  };
  return wanted;
}

async function connect(stage, host, name, framing) {
  const { address } = await host.log(
    `where ${name} listens`,
    (line) => line.message === 'listening over tcp' && line.name === name,
  );
  const client = await PlainClient.connect(address, framing);
  stage.clients.push(client);
  return client;
}

scenario('a line and a length follow, publish and read what was stored', async (stage) => {
  const host = await stage.start(listening());
  const line = await connect(stage, host, 'console');
  const length = await connect(stage, host, 'binary', 'length');
  const web = await stage.connect(host.url);
  for (const client of [line, length]) {
    const { subscription } = await client.ask('subscribe', { channel: 'events' });
    assert.equal(subscription, 1);
  }
  const event = { id: 'l1', name: 'quake', category: 'm5', data: { place: 'Tōkyō' } };
  assert.deepEqual(await line.ask('publish', { event }), { id: 'l1' });
  // A WebSocket client's event with line ends in it is one line all the same.
  const spread = JSON.stringify({ id: 'w1', name: 'n', data: [1] }, null, 2);
  web.send(`{"jsonrpc":"2.0","id":"w","method":"publish","params":{"event":${spread}}}`);
  for (const client of [line, length]) {
    assert.deepEqual((await client.note('event')).event, event);
    assert.deepEqual((await client.note('event')).event, JSON.parse(spread));
  }
  const read = { service: 'bp.storage.records/1', method: 'Get', params: { id: 'l1' } };
  const { record } = await length.ask('call', read);
  assert.equal(record.name, 'quake');
  await assert.rejects(
    line.ask('call', { ...read, method: 'Gett' }),
    (error) => error.data.code === 'NOT_FOUND',
  );
  // In the order in which they were accepted, which may not be that of the connects.
  const page = await host.call('bp.transport.ws/1.List');
  assert.deepEqual(page.connections.map((one) => one.route || '').sort(), ['', 'binary', 'console']);
});

scenario('a channel gets records, and ws.out answers', async (stage) => {
  const host = await stage.start(listening());
  const meter = await connect(stage, host, 'meters', 'length');
  meter.send(Buffer.from([0, 255, 10]));
  meter.send('far too long for a meter '.repeat(100));
  assert.equal(await meter.message('nothing but the end'), null);
  const { violations, messages_received: received } = await host.call('bp.transport.ws/1.Stats');
  assert.equal(Number(violations), 1);
  assert.equal(Number(received), 1);
  const second = await connect(stage, host, 'meters', 'length');
  await host.call('bp.transport.ws/1.SendTo', { connection: 2, bytes: 'AP8K' });
  assert.deepEqual(await second.message('the bytes'), Buffer.from([0, 255, 10]));
});

scenario('one half is shut, nothing is said, and the host stops', async (stage) => {
  const host = await stage.start(listening());
  const pipe = await connect(stage, host, 'console');
  const event = { id: 'p1', name: 'n', data: 1 };
  pipe.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'publish', params: { event } }));
  pipe.socket.end(); // as `echo ... | nc -N` does
  const answer = await pipe.message('the answer');
  assert.deepEqual(JSON.parse(answer).result, { id: 'p1' });
  assert.equal((await pipe.note('closed')).code, 1000);

  const silent = await connect(stage, host, 'back');
  silent.send('once');
  assert.equal(String(await silent.message('the echo')), 'once');
  assert.equal(await silent.message('the end'), null);
  silent.socket.end();

  const waiting = await connect(stage, host, 'console');
  assert.equal(await waiting.ask('ping'), 'pong');
  const stopped = host.stop();
  assert.equal((await waiting.note('closed')).code, 1012);
  waiting.socket.end();
  assert.equal((await stopped).code, 0);
});
