// tests/scenario/deflate_test.js - permessage-deflate with the npm package `ws`: both ways, narrow
// windows, clients that do not want it, and a bomb.
'use strict';

const assert = require('node:assert/strict');

const manifest = require('./lib/manifest');
const { scenario } = require('./lib/scenario');

const large = 'a sentence that comes again and again; '.repeat(1000);

function compressing(more = {}) {
  const all = manifest.standard();
  Object.assign(all.plugins.ws.config, {
    limits: { ...all.plugins.ws.config.limits, message: '64KiB' },
    deflate: { enabled: true, level: 6, min_size: '256B', ...more },
  });
  return all;
}

const bytesRead = (client) => client.socket._socket.bytesRead;

scenario('events reach clients that compress and clients that do not', async (stage) => {
  const host = await stage.start(compressing());
  const offers = [
    true,
    { serverMaxWindowBits: 10, threshold: 0 },
    { clientMaxWindowBits: 9, threshold: 0 },
    { serverNoContextTakeover: true, clientNoContextTakeover: true },
    false,
  ];
  const clients = [];
  for (const perMessageDeflate of offers) {
    const client = await stage.connect(host.url, { perMessageDeflate });
    assert.equal(client.socket.extensions, perMessageDeflate ? 'permessage-deflate' : '');
    await client.request('subscribe', { channel: 'events' });
    clients.push(client);
  }
  const before = clients.map(bytesRead);
  for (const [n, publisher] of clients.entries()) {
    await publisher.publish({ id: `from-${n}`, name: 'n', category: 'c', data: { n, large } });
    for (const client of clients) {
      const { event } = (await client.note('the event')).params;
      assert.equal(event.id, `from-${n}`);
      assert.deepEqual(event.data, { n, large });
    }
  }
  const read = clients.map((client, n) => bytesRead(client) - before[n]);
  const plain = read.pop();
  assert.ok(plain > clients.length * large.length, 'without compression everything is read');
  for (const bytes of read) assert.ok(bytes * 10 < plain, `${bytes} of ${plain} bytes`);
  await host.stop();
});

scenario('what inflates above the limit is closed with 1009, and the others go on', async (stage) => {
  const host = await stage.start(compressing());
  const well = await stage.connect(host.url, { perMessageDeflate: true });
  const bomb = await stage.connect(host.url, { perMessageDeflate: true });
  bomb.send(' '.repeat(50 << 20)); // 50 KiB on the wire
  assert.equal((await bomb.end()).code, 1009);
  assert.equal(await well.request('ping'), 'pong');
  await host.stop();
});

scenario('without the key nobody compresses', async (stage) => {
  const host = await stage.start(manifest.standard());
  const client = await stage.connect(host.url, { perMessageDeflate: true });
  assert.equal(client.socket.extensions, '');
  assert.equal(await client.request('ping'), 'pong');
  await host.stop();
});
