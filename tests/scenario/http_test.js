// tests/scenario/http_test.js - plain HTTP requests: routes that plugins and operators make while
// everything runs, and what they cannot reach.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { scenario } = require('./lib/scenario');
const { until } = require('./lib/waiting');

// A plugin that provides bp.crypto.random/1 and routes GET /api/bytes/{count:number} to it.
const router = { library: path.join(settings.badPlugins, 'good_router.so') };

function withRouter(config = {}, plugins = {}) {
  return manifest.bare({
    ws: {
      library: 'transport_ws',
      config: { listen: '127.0.0.1:0', metrics_listen: '127.0.0.1:0', ...config },
    },
    router,
    ...plugins,
  });
}

// {status, headers, body} of one request.
function ask(host, target, method = 'GET') {
  return until(`the answer to ${method} ${target}`, (resolve, reject) => {
    http
      .request(host.url.replace('ws:', 'http:').replace(/\/$/, target), { method, agent: false })
      .on('error', reject)
      .on('response', (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        answer.on('end', () =>
          resolve({ status: answer.statusCode, headers: answer.headers, body }),
        );
      })
      .end();
  });
}

scenario('a plugin routes to its own service, and the route lives with it', async (stage) => {
  const host = await stage.start(withRouter({ http_paths: ['/api/*'], io_threads: 2 }));
  const answer = await ask(host, '/api/bytes/3');
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.body), { bytes: Buffer.from('xxx').toString('base64') });
  assert.equal((await ask(host, '/api/bytes/3', 'DELETE')).headers.allow, 'GET, HEAD, OPTIONS');
  const [route] = (await host.call('bp.transport.http/1.List')).routes;
  assert.equal(route.owner, 'router');
  assert.equal(route.call, 'bp.crypto.random/1.Bytes');
  assert.equal(route.served, true);

  await host.verb(['ctl', 'stop', 'router'], { words: 2 });
  assert.equal((await ask(host, '/api/bytes/3')).status, 503);
  await host.verb(['ctl', 'start', 'router'], { words: 2 });
  await host.log('routed again', (line) => line.message === 'routed' && line.replaced === 'true');
  assert.equal((await ask(host, '/api/bytes/3')).status, 200);

  await host.call('bp.transport.http/1.Unroute', { method: 'GET', path: '/api/bytes/{count}' });
  assert.equal((await ask(host, '/api/bytes/3')).status, 404);
  await host.stop();
});

scenario("neither others' services, nor other paths, nor clients of the gateway", async (stage) => {
  const thief = { ...router, config: { call: 'bp.transport.ws/1.Stats' } };
  const host = await stage.start(
    withRouter({ http_paths: ['/api/*'] }, { router: { ...thief, required: false } }),
  );
  await host.log('the refusal', (line) =>
    /'bp.transport.ws\/1' is provided by instance 'ws'/.test(JSON.stringify(line)),
  );
  assert.equal((await ask(host, '/api/bytes/3')).status, 404);
  const client = await stage.connect(host.url);
  const wanted = { method: 'GET', path: '/api/stats', call: 'bp.transport.ws/1.Stats' };
  await assert.rejects(
    client.call('bp.transport.http/1', 'Route', wanted),
    /a client of this transport cannot route/,
  );
  await host.call('bp.transport.http/1.Route', wanted);
  assert.equal(JSON.parse((await ask(host, '/api/stats')).body).connections, 1);
  const refused = await host.verb(['call', 'bp.transport.http/1.Route', '-'], {
    input: JSON.stringify({ ...wanted, path: '/admin/stats' }),
    code: 77,
  });
  assert.match(refused.stderr, /http_paths/);
  await host.stop();
});

scenario('errors are as the README shows them', async (stage) => {
  const all = manifest.standard();
  all.plugins.ws.config.http = [
    { method: 'GET', path: '/records/{id}', call: 'bp.storage.records/1.Get' },
  ];
  const host = await stage.start(all);
  const missing = await ask(host, '/records/7');
  assert.equal(missing.status, 404);
  const readme = path.join(__dirname, '..', '..', 'plugins', 'transport_ws', 'README.md');
  assert.ok(fs.readFileSync(readme, 'utf8').includes(`\n${missing.body}\n`), missing.body);
  const mistyped = await ask(host, '/records/');
  assert.equal(mistyped.status, 404);
  assert.deepEqual(JSON.parse(mistyped.body).error, {
    code: 'NOT_FOUND',
    message: "nothing is served at '/records/' to plain requests",
    context: [],
  });
  await host.stop();
});

scenario('curl waits for 100 Continue, or is told 413 at once', async (stage, context) => {
  if (spawnSync('curl', ['--version']).status !== 0) {
    context.skip('no curl');
    return;
  }
  const publish = { method: 'POST', path: '/publish', call: 'bp.transport.ws/1.Publish' };
  const config = { http: [publish], http_paths: ['/api/*'], limits: { body: '4MiB' } };
  const host = await stage.start(withRouter(config));
  const target = host.url.replace('ws:', 'http:').replace(/\/$/, '/publish');
  const post = (bytes) => {
    const file = path.join(stage.folder, 'body.json');
    fs.writeFileSync(file, JSON.stringify({ topic: 'large', text: 'x'.repeat(bytes) }));
    // It would send the body after a second without an answer: longer than this test may take.
    const patience = ['--expect100-timeout', '120', '--max-time', '60'];
    const type = ['-H', 'Content-Type: application/json'];
    return spawnSync('curl', ['-sv', ...patience, ...type, '--data-binary', `@${file}`, target], {
      encoding: 'utf8',
    });
  };
  const taken = post(2 << 20);
  assert.match(taken.stderr, /> Expect: 100-continue/);
  assert.match(taken.stderr, /< HTTP\/1\.1 100 Continue/);
  assert.match(taken.stderr, /< HTTP\/1\.1 200 OK/);
  assert.deepEqual(JSON.parse(taken.stdout), { connections: 0 });
  const refused = post(5 << 20);
  assert.doesNotMatch(refused.stderr, /100 Continue/);
  assert.match(refused.stderr, /< HTTP\/1\.1 413/);
  await host.stop();
});
