// tests/scenario/faults_test.js - what the world does to a host: taken ports and folders, bad keys
// and databases, signals under load.
//
// Each is a named error and the right exit code, with nothing half started and nothing lost that
// was acknowledged.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const manifest = require('./lib/manifest');
const sqlite = require('./lib/sqlite');
const { records } = require('./lib/records');
const { publishAll } = require('./lib/rpc');
const { scenario } = require('./lib/scenario');
const { until } = require('./lib/waiting');

async function assertDoesNotStart(host, code, words) {
  assert.deepEqual(await host.end(), { code, signal: null }, host.text);
  for (const word of words) assert.match(host.text, word);
  assert.ok(!fs.existsSync(host.socket), 'no control socket is left');
}

scenario('a port in use is named', async (stage) => {
  const taken = net.createServer();
  await until('a port', (resolve) => {
    taken.listen(0, '127.0.0.1', resolve);
  });
  try {
    const { port } = taken.address();
    const wanted = manifest.standard();
    wanted.plugins.ws.config.listen = `127.0.0.1:${port}`;
    await assertDoesNotStart(stage.launch(wanted), 69, [
      /plugin 'ws'/,
      new RegExp(`127\\.0\\.0\\.1:${port}`),
      /in use/i,
    ]);
    // The same folder again, on a free port: nothing of the failed start is in the way.
    const host = await stage.start(manifest.standard());
    assert.equal((await host.stop()).code, 0);
  } finally {
    taken.close();
  }
});

scenario('a data folder belongs to one host', async (stage) => {
  const first = await stage.start(manifest.standard());
  const second = { ...manifest.standard() };
  second.host.data_dir = path.join(stage.folder, 'var');
  const other = stage.launch(second, { folder: stage.newFolder() });
  await assertDoesNotStart(other, 73, [/in use by process/, new RegExp(String(first.pid))]);
  assert.equal((await first.status()).storage.state, 'running', 'the first goes on');
});

scenario('a control socket belongs to one host', async (stage) => {
  const first = await stage.start(manifest.bare());
  const second = manifest.bare();
  second.host.runtime_dir = path.join(stage.folder, 'run');
  const other = stage.launch(second, { folder: stage.newFolder() });
  assert.equal((await other.end()).code, 73, other.text);
  assert.match(other.text, /admin\.sock/);
  assert.equal((await first.get('/livez')).status, 200, 'the first still answers');
  // What kill -9 leaves behind does not keep the next host away.
  await first.kill();
  assert.ok(fs.existsSync(first.socket));
  const next = await stage.start(manifest.bare());
  assert.equal((await next.stop()).code, 0);
});

scenario('a key that others may read is refused', async (stage) => {
  const folder = path.join(stage.folder, 'var', 'crypto');
  fs.mkdirSync(folder, { recursive: true });
  const key = path.join(folder, 'master.key');
  fs.writeFileSync(key, Buffer.alloc(32, 7), { mode: 0o644 });
  fs.chmodSync(key, 0o644);
  const host = stage.launch(manifest.standard());
  const { code } = await host.end();
  assert.ok([69, 77].includes(code), `exit ${code}\n${host.text}`);
  assert.match(host.text, /plugin 'crypto'/);
  assert.match(host.text, /master\.key/);
  assert.match(host.text, /read by others.*chmod 600/);
  assert.deepEqual(fs.readFileSync(key), Buffer.alloc(32, 7), 'the key is untouched');
});

scenario('a lost key is not made anew beside what it sealed', async (stage) => {
  const folder = path.join(stage.folder, 'var', 'crypto');
  const key = path.join(folder, 'master.key');
  const backup = path.join(stage.folder, 'backup.key');
  const first = await stage.start(manifest.standard());
  const client = await stage.connect(first.url);
  const [event] = records(1);
  await client.publish(event);
  const { primary } = await first.message('keys are loaded');
  assert.equal((await first.stop()).code, 0);

  fs.renameSync(key, backup);
  const told = [/plugin 'crypto'/, /master\.key/, new RegExp(`key ${primary}\\b`), /from a backup/];
  await assertDoesNotStart(stage.launch(manifest.standard()), 66, told);
  assert.ok(!fs.existsSync(key), 'no key was made');

  fs.writeFileSync(key, Buffer.alloc(32, 7), { mode: 0o600 });
  await assertDoesNotStart(stage.launch(manifest.standard()), 69, [
    /plugin 'crypto'/,
    /another than before/,
    /former_keys/,
    new RegExp(`key ${primary}\\b`),
  ]);

  fs.renameSync(backup, key);
  const again = await stage.start(manifest.standard());
  const { record } = await again.call('bp.storage.records/1.Get', { id: event.id });
  const opened = await again.call('bp.crypto.aead/1.Decrypt', {
    ciphertext: record.data,
    associated_text: event.id,
  });
  assert.deepEqual(JSON.parse(opened.text), event.data);
  assert.equal((await again.stop()).code, 0);

  // Whoever wants to begin anew says so by removing the record of the key.
  fs.rmSync(key);
  fs.rmSync(path.join(folder, 'key_id'));
  const anew = await stage.start(manifest.standard());
  assert.notEqual((await anew.message('keys are loaded')).primary, primary);
});

scenario('a missing TLS or JWT file is no reason to start again', async (stage) => {
  const startsWith = async (config, word) => {
    const wanted = manifest.standard();
    Object.assign(wanted.plugins.ws.config, config);
    await assertDoesNotStart(stage.launch(wanted), 66, [/plugin 'ws'/, word, /put the file there/]);
  };
  await startsWith({ tls: { certificate: 'no.pem', key: 'no.key' } }, /no\.(pem|key)/);
  await startsWith({ auth: { mode: 'either', jwt: { secret_file: 'no.jwt' } } }, /no\.jwt/);
});

scenario('a database of garbage is refused and untouched', async (stage) => {
  const folder = path.join(stage.folder, 'var', 'storage');
  fs.mkdirSync(folder, { recursive: true });
  const database = path.join(folder, 'events.db');
  const garbage = Buffer.alloc(8192, 'no database ');
  fs.writeFileSync(database, garbage);
  await assertDoesNotStart(stage.launch(manifest.standard()), 69, [
    /plugin 'storage'/,
    /events\.db/,
    /CORRUPT|not a database/,
  ]);
  assert.deepEqual(fs.readFileSync(database), garbage);
});

scenario('a data folder that cannot be written is named', async (stage) => {
  // Not by permissions, which do not hold for root: a file stands where the folder should be.
  fs.writeFileSync(path.join(stage.folder, 'var'), '');
  await assertDoesNotStart(stage.launch(manifest.standard()), 73, [/host\.data_dir/, /fix: /]);
});

async function storedIds(host) {
  const database = path.join(host.folder, 'var', 'storage', 'events.db');
  return new Set((await sqlite.query(database, 'SELECT id FROM records')).map((row) => row.id));
}

scenario(
  'SIGTERM under load drains: every acknowledged event is stored',
  async (stage, context) => {
    const host = await stage.start(manifest.standard());
    const client = await stage.connect(host.url);
    const acknowledged = new Set();
    const refused = new Set();
    const events = records(5_000);
    let open = 0;
    const signalAfter = 500;
    // A client that goes on while it can; 256 under way at the time of the signal.
    await until('the end of the publishing', (resolve) => {
      let next = 0;
      const more = () => {
        while (open < 256 && next < events.length && !client.closed) {
          const event = events[next++];
          ++open;
          const answered = (which) => () => {
            --open;
            which.add(event.id);
            if (acknowledged.size === signalAfter && which === acknowledged) host.signal('SIGTERM');
            more();
          };
          client.publish(event).then(answered(acknowledged), answered(refused));
        }
        if (open === 0) resolve();
      };
      more();
    });
    assert.deepEqual(await host.end(), { code: 0, signal: null }, host.text);
    assert.ok(acknowledged.size >= signalAfter && refused.size > 0, 'the signal came under load');
    const stored = await storedIds(host);
    for (const id of acknowledged) assert.ok(stored.has(id), `${id} was acknowledged`);
    context.diagnostic(
      `${acknowledged.size} acknowledged, ${refused.size} refused, ${stored.size} stored`,
    );
    assert.equal((await client.end()).code, 1012, 'the client is told that the server restarts');
    assert.ok(!fs.existsSync(host.socket));
  },
);

scenario('signals that come together are one request to stop', async (stage) => {
  const host = await stage.start(manifest.standard());
  host.signal('SIGINT');
  host.signal('SIGTERM');
  assert.deepEqual(await host.end(), { code: 0, signal: null }, host.text);
});

scenario('a later SIGTERM leaves at once', async (stage) => {
  // A client that does not read never answers the server's close, so the drain waits for it.
  const wanted = manifest.standard();
  wanted.host.shutdown_grace = '10m';
  wanted.plugins.ws.config.drain = '5m';
  wanted.plugins.ws.timeouts = { drain: '10m', stop: '10m' };
  const host = await stage.start(wanted);
  const client = await stage.connect(host.url);
  client.socket.pause();
  publishAll(client, records(64), 64).catch(() => {});
  host.signal('SIGTERM');
  await host.message('stopping');
  // Those that come with the first are one request; at some time, one is a second.
  const more = setInterval(() => host.signal('SIGTERM'), 100);
  const ended = await host.end().finally(() => clearInterval(more));
  assert.deepEqual(ended, { code: 75, signal: null }, host.text);
  assert.ok(host.lines.some((line) => line.message === 'second signal: leaving now'));
  assert.ok(!fs.existsSync(host.socket), 'no control socket is left');
});
