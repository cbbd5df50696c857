// tests/scenario/browser_test.js - a real browser as the client: a page over ws, wss and plain
// requests, and pages that are not on the list.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { test } = require('node:test');

const manifest = require('./lib/manifest');
const { Authority } = require('./lib/paper');
const { scenario } = require('./lib/scenario');

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

// Runs in the page: subscribes, publishes, and tells its server what it saw.
function inThePage(url) {
  const seen = [];
  const tell = () => fetch('/seen', { method: 'POST', body: JSON.stringify(seen) });
  const socket = new WebSocket(url);
  const ask = (id, method, params) =>
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  socket.onopen = () => ask(1, 'subscribe', { channel: 'events' });
  socket.onclose = (event) => {
    seen.push({ closed: event.code });
    tell();
  };
  socket.onmessage = (message) => {
    const answer = JSON.parse(message.data);
    if (answer.id === 1) {
      ask(2, 'publish', { event: { id: 'from-a-page', name: 'n', category: 'c', data: '\u{1F600}' } });
    } else {
      seen.push(answer.method ? answer.params.event : answer.result);
      if (seen.length === 2) socket.close(1000);
    }
  };
}

// Runs in the page: plain requests, one after the other, and what the page may see of each.
async function fetchInThePage(url) {
  const seen = [];
  const type = { 'Content-Type': 'application/json' };
  const ask = async (path, options) => {
    try {
      const answer = await fetch(url + path, options);
      seen.push({ status: answer.status, body: await answer.json() });
    } catch (error) {
      seen.push({ error: error.name });
    }
  };
  await ask('publish', { method: 'POST', headers: type, body: '{"topic":"t","text":"x"}' });
  await ask('stats', { headers: { Authorization: 'Bearer any' } });
  await ask('nowhere');
  await ask('stats', { headers: { 'X-Other': '1' } });
  await ask('stats', { credentials: 'include' });
  await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) });
}

// What the page saw whose `script` is given `url`.
async function visit(stage, url, script = inThePage) {
  let seen;
  const told = new Promise((resolve) => (seen = resolve));
  const page = `<!doctype html><script>(${script})(${JSON.stringify(url)})</script>`;
  const server = http.createServer((request, response) => {
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (part) => (body += part));
      request.on('end', () => seen(JSON.parse(body)));
    }
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(request.url === '/' ? page : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = fs.mkdtempSync(path.join(stage.folder, 'profile-'));
  const child = spawn(
    browser,
    [
      ...['--headless', '--disable-gpu', '--no-sandbox', '--disable-dev-shm-usage'],
      ...['--no-first-run', '--disable-background-networking', '--ignore-certificate-errors'],
      ...[`--user-data-dir=${profile}`, `http://127.0.0.1:${server.address().port}/`],
    ],
    { stdio: 'ignore', detached: true },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const end = () => process.kill(-child.pid, 'SIGKILL'); // with its helpers
  process.once('exit', end);
  const what = await told;
  process.removeListener('exit', end);
  end();
  await ended;
  await new Promise((resolve) => server.close(resolve));
  return what;
}

function check(seen) {
  assert.equal(seen.length, 3, JSON.stringify(seen));
  const event = seen.find((each) => each.name);
  assert.equal(event.id, 'from-a-page');
  assert.equal(event.data, '\u{1F600}');
  assert.ok(seen.some((each) => each.id === 'from-a-page' && !each.name)); // the answer
  assert.deepEqual(seen[2], { closed: 1000 });
}

if (!browser) {
  test('a browser', { skip: 'no chromium here; scripts/install-deps test installs it' }, () => {});
} else {
  scenario('a page of this machine over ws', async (stage) => {
    const all = manifest.standard();
    all.plugins.ws.config.origins_loopback = true;
    const host = await stage.start(all);
    check(await visit(stage, host.url));
    await host.stop();
  });

  scenario('a page of this machine over wss', async (stage) => {
    const all = manifest.standard();
    const authority = new Authority(path.join(stage.folder, 'paper'));
    authority.issue('server', 'localhost');
    Object.assign(all.plugins.ws.config, {
      origins_loopback: true,
      tls: { certificate: authority.at('server.pem'), key: authority.at('server.key') },
    });
    const host = await stage.start(all);
    check(await visit(stage, host.url.replace('ws://', 'wss://')));
    await host.stop();
  });

  scenario('a page that is not on the list', async (stage) => {
    const host = await stage.start(manifest.standard());
    assert.deepEqual(await visit(stage, host.url), [{ closed: 1006 }]);
    await host.stop();
  });

  const withHttp = (origins_loopback) => {
    const all = manifest.standard();
    Object.assign(all.plugins.ws.config, {
      origins_loopback,
      http: [
        { method: 'POST', path: '/publish', call: 'bp.transport.ws/1.Publish' },
        { method: 'GET', path: '/stats', call: 'bp.transport.ws/1.Stats' },
      ],
    });
    return all;
  };

  scenario('a page of this machine with plain requests', async (stage) => {
    const host = await stage.start(withHttp(true));
    const url = host.url.replace('ws:', 'http:');
    const [published, stats, missing, ...hidden] = await visit(stage, url, fetchInThePage);
    assert.deepEqual(published, { status: 200, body: { connections: 0 } });
    assert.equal(stats.status, 200);
    assert.equal(missing.status, 404);
    assert.equal(missing.body.error.code, 'NOT_FOUND');
    // A field that is not on the list; cookies.
    assert.deepEqual(hidden, [{ error: 'TypeError' }, { error: 'TypeError' }]);
    await host.stop();
  });

  scenario('a page that is not on the list with plain requests', async (stage) => {
    const host = await stage.start(withHttp(false));
    const seen = await visit(stage, host.url.replace('ws:', 'http:'), fetchInThePage);
    assert.deepEqual(seen, Array(5).fill({ error: 'TypeError' }));
    await host.stop();
  });
}
