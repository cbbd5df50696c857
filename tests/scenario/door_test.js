// tests/scenario/door_test.js - the door: TLS with real clients in two languages, certificates that
// are replaced, credentials of every kind, and what happens without descriptors.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');

const manifest = require('./lib/manifest');
const { Authority } = require('./lib/paper');
const { Client } = require('./lib/rpc');
const { scenario } = require('./lib/scenario');
const settings = require('./lib/settings');

const python = '/usr/bin/python3'; // Debian's: the one that python3-websockets is for
const hasWebsockets = spawnSync(python, ['-c', 'import websockets']).status === 0;

// The standard manifest with TLS, its paper in the folder of the scenario.
function secured(stage, more = {}) {
  const authority = new Authority(path.join(stage.folder, 'paper'));
  authority.issue('server', 'localhost');
  const all = manifest.standard();
  Object.assign(all.plugins.ws.config, {
    tls: {
      certificate: authority.at('server.pem'),
      key: authority.at('server.key'),
      client_ca: authority.file,
      client: 'optional',
      reload: '50ms',
    },
    ...more,
  });
  return { all, authority };
}

function secureUrl(host) {
  return host.url.replace('ws://', 'wss://');
}

function refusal(stage, url, options) {
  return stage.connect(url, options).then(
    () => assert.fail('the door was open'),
    (error) => error.message,
  );
}

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');

scenario('npm ws over wss, and a client that does not know the root', async (stage) => {
  const { all, authority } = secured(stage);
  const host = await stage.start(all);
  const client = await stage.connect(secureUrl(host), { ca: authority.root });
  assert.equal(client.socket._socket.getProtocol(), 'TLSv1.3');
  await client.request('subscribe', { channel: 'events' });
  await client.publish({ id: 'over-tls', name: 'n', category: 'c', data: { a: 1 } });
  const note = await client.note('the event');
  assert.equal(note.params.event.id, 'over-tls');
  const old = await stage.connect(secureUrl(host), { ca: authority.root, maxVersion: 'TLSv1.2' });
  assert.equal(await old.request('ping'), 'pong');
  assert.match(await refusal(stage, secureUrl(host), {}), /self-signed|unable to verify/);
  assert.match(await refusal(stage, host.url, {}), /socket hang up|ECONNRESET|Parse Error/);
  await host.stop();
});

scenario('one listener, two names', async (stage) => {
  const { all, authority } = secured(stage);
  authority.issue('api', 'api', 'DNS:*.example.org');
  all.plugins.ws.config.tls.by_name = [
    { certificate: authority.at('api.pem'), key: authority.at('api.key') },
  ];
  const host = await stage.start(all);
  const shown = (...name) => {
    const ended = spawnSync(
      'openssl',
      [
        ...['s_client', '-connect', new URL(host.url).host, '-CAfile', authority.file, ...name],
        '-verify_return_error',
      ],
      { input: '', encoding: 'utf8' },
    );
    return /subject=(.*)/.exec(ended.stdout)[1].replaceAll(' ', '');
  };
  assert.equal(shown('-servername', 'api.example.org'), 'CN=api');
  assert.equal(shown('-servername', 'localhost'), 'CN=localhost');
  assert.equal(shown('-noservername'), 'CN=localhost');
  await host.stop();
});

scenario('a certificate is replaced while connections stand; garbage is not', async (stage) => {
  const { all, authority } = secured(stage);
  const host = await stage.start(all);
  const connect = () => stage.connect(secureUrl(host), { ca: authority.root });
  const name = (client) => client.socket._socket.getPeerCertificate().subject.CN;
  const before = await connect();
  assert.equal(name(before), 'localhost');
  authority.issue('server', 'renewed');
  await host.message('certificate reloaded; new connections get it');
  assert.equal(name(await connect()), 'renewed');
  fs.writeFileSync(authority.at('server.pem'), 'garbage');
  await host.message('certificate rejected; the old one stays');
  assert.equal(name(await connect()), 'renewed');
  assert.equal(await before.request('ping'), 'pong');
  await host.stop();
});

scenario('credentials: token, JSON Web Token, certificate, first message', async (stage) => {
  const pair = crypto.generateKeyPairSync('ed25519');
  const keyFile = path.join(stage.folder, 'issuer.pem');
  fs.writeFileSync(keyFile, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = (claims, alg = 'EdDSA') => {
    const covered = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`;
    if (alg === 'none') return `${covered}.`;
    const signature = crypto.sign(null, Buffer.from(covered), pair.privateKey);
    return `${covered}.${signature.toString('base64url')}`;
  };
  const { all, authority } = secured(stage, {
    auth: {
      mode: 'either',
      cookie: 'session',
      tokens: { reader: { sha256: sha256('r-secret'), subscribe: ['events'] } },
      jwt: { public_key: keyFile, audience: 'backplane' },
      certificates: [{ match: 'CN=sensor-*', publish: ['events'] }],
    },
  });
  const host = await stage.start(all);
  const url = secureUrl(host);
  const ca = authority.root;
  const bearer = (token) => ({ ca, headers: { Authorization: `Bearer ${token}` } });
  const soon = Math.floor(Date.now() / 1000) + 600;

  const reader = await stage.connect(url, { ca, headers: { Cookie: 'session=r-secret' } });
  await reader.request('subscribe', { channel: 'events' });
  await assert.rejects(reader.publish({ name: 'n' }), /'reader' may not publish 'events'/);

  const sensor = await stage.connect(url, { ca, ...authority.issue('sensor', 'sensor-7') });
  await sensor.publish({ id: 'by-certificate', name: 'n', category: 'c', data: 1 });
  assert.equal((await reader.note('the event')).params.event.id, 'by-certificate');
  await assert.rejects(sensor.call('bp.storage.records/1', 'Page', {}), /may not call/);

  const caller = await stage.connect(
    url,
    bearer(jwt({ sub: 'app', aud: 'backplane', exp: soon, call: ['bp.storage.records/1.Page'] })),
  );
  assert.equal((await caller.call('bp.storage.records/1', 'Page', { limit: 1 })).records.length, 1);

  for (const wrong of [
    'x',
    jwt({ sub: 'app', aud: 'backplane', exp: soon }, 'none'),
    jwt({ sub: 'app', aud: 'backplane', exp: 1000 }),
    jwt({ sub: 'app', aud: 'other', exp: soon }),
  ]) {
    assert.match(await refusal(stage, url, bearer(wrong)), /401/);
  }
  const later = await stage.connect(url, { ca });
  const told = await later.request('authenticate', { token: 'r-secret' });
  assert.deepEqual(told, { principal: 'reader' });
  assert.equal(await later.request('ping'), 'pong');
  const never = await stage.connect(url, { ca });
  await assert.rejects(never.request('ping'), /4401/);
  assert.doesNotMatch(host.text, /r-secret/, 'no token is logged');
  await host.stop();
});

scenario('python websockets over wss', async (stage, context) => {
  if (!hasWebsockets) {
    context.skip('no python3-websockets');
    return;
  }
  const { all, authority } = secured(stage);
  const host = await stage.start(all);
  const script = `
import asyncio, json, ssl, sys, websockets
async def main():
    context = ssl.create_default_context(cafile=sys.argv[2])
    async with websockets.connect(sys.argv[1], ssl=context) as ws:
        async def ask(id, method, params):
            await ws.send(json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
        await ask(1, "subscribe", {"channel": "events"})
        print(await ws.recv())
        big = "x" * 60000
        await ask(2, "publish", {"event": {"id": "py", "name": "n", "category": "c", "data": big}})
        for _ in range(2):
            message = json.loads(await ws.recv())
            if message.get("method") == "event":
                assert message["params"]["event"]["data"] == big
        await (await ws.ping())
    print("closed", ws.close_code)
asyncio.run(main())
`;
  const run = spawn(python, ['-c', script, secureUrl(host), authority.file]);
  const said = [];
  run.stdout.on('data', (part) => said.push(part));
  run.stderr.on('data', (part) => said.push(part));
  const code = await new Promise((resolve) => run.on('close', resolve));
  assert.equal(code, 0, said.join(''));
  assert.match(said.join(''), /closed 1000/);
  await host.stop();
});

scenario('without descriptors accepting pauses, then goes on', async (stage, context) => {
  if (settings.sanitizer) {
    context.skip('a sanitizer needs descriptors for its own checks');
    return;
  }
  const all = manifest.standard();
  all.plugins.ws.config.listen = '127.0.0.1:0';
  const host = await stage.start(all);
  const first = await stage.connect(host.url);
  const open = fs.readdirSync(`/proc/${host.pid}/fd`).length;
  const limit = spawnSync('prlimit', ['--pid', String(host.pid), `--nofile=${open + 2}:`]);
  assert.equal(limit.status, 0, String(limit.stderr));
  const many = [];
  for (let i = 0; i < 6; i++) many.push(Client.connect(host.url));
  await host.log('accepting pauses', (line) => /accepting pauses/.test(line.message));
  assert.equal(await first.request('ping'), 'pong', 'who is inside is served');
  spawnSync('prlimit', ['--pid', String(host.pid), '--nofile=1000:']);
  for (const client of await Promise.all(many)) {
    assert.equal(await client.request('ping'), 'pong');
    client.abort();
  }
  await host.stop();
});
