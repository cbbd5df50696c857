// tests/scenario/events_test.js - `ctl events` while plugins restart and stop.
'use strict';

const assert = require('node:assert/strict');
const readline = require('node:readline');
const { spawn } = require('node:child_process');

const cli = require('./lib/cli');
const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { scenario } = require('./lib/scenario');
const { until } = require('./lib/waiting');

const watching = new Set();
process.on('exit', () => {
  for (const child of watching) child.kill('SIGKILL');
});

// `backplane ctl events --json` on the way; next() waits for an event, past or to come.
class Events {
  constructor(host, args = []) {
    this.seen = [];
    this.waiting = new Set();
    this.child = spawn(
      settings.binary,
      ['ctl', 'events', '--socket', host.socket, '--json', ...args],
      { env: cli.environment(), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    watching.add(this.child);
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => {
        watching.delete(this.child);
        resolve(code);
      });
    });
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.seen.push(JSON.parse(line));
      for (const look of [...this.waiting]) look();
    });
  }

  // Its place among what was seen, from `after` on.
  next(wanted, after = 0) {
    const what = JSON.stringify(wanted);
    const fits = (event) => Object.keys(wanted).every((key) => event[key] === wanted[key]);
    return until(`the event ${what}`, (resolve) => {
      const look = () => {
        const place = this.seen.findIndex((event, index) => index >= after && fits(event));
        if (place >= 0) resolve(place);
      };
      this.waiting.add(look);
      look();
      return () => this.waiting.delete(look);
    });
  }
}

scenario('ctl events sees a plugin restart', async (stage) => {
  const host = await stage.start(manifest.standard());
  const events = new Events(host, ['--existing']);
  const begun = await events.next({ event: 'snapshot_end' });
  const there = events.seen.slice(0, begun);
  for (const wanted of [
    { what: 'instance', name: 'storage', event: 'running' },
    { what: 'channel', name: 'events', event: 'appeared', kind: 'broadcast', type: 'json' },
    { what: 'service', name: 'bp.storage.records', event: 'appeared', owner: 'storage' },
  ]) {
    const found = there.filter((event) =>
      Object.keys(wanted).every((key) => event[key] === wanted[key]),
    );
    assert.equal(found.length, 1, JSON.stringify(wanted));
  }

  await host.verb(['ctl', 'restart', 'storage'], { words: 2 });
  const draining = await events.next(
    { what: 'instance', name: 'storage', event: 'draining' },
    begun,
  );
  const service = { what: 'service', name: 'bp.storage.records', major: 1, owner: 'storage' };
  const gone = await events.next({ ...service, event: 'gone' }, draining);
  const back = await events.next({ ...service, event: 'appeared' }, gone);
  const running = await events.next(
    { what: 'instance', name: 'storage', event: 'running', reason: 'started' },
    back,
  );
  assert.ok(draining < gone && gone < back && back < running);
  for (const event of events.seen) assert.match(event.time, /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);

  // The stream ends with the host.
  await host.stop();
  await until('the end of ctl events', (resolve, reject) => {
    events.ended.then(resolve, reject);
  });
});

scenario('ctl events counts, and tells what matches', async (stage) => {
  const host = await stage.start(manifest.standard());
  const counted = await host.verb(
    ['ctl', 'events', '--existing', '--match', 'bp.storage.*', '--count', '2'],
    { words: 2 },
  );
  const lines = counted.stdout.trim().split('\n');
  assert.equal(lines.length, 2, counted.stdout);
  const one = /appeared +service +bp\.storage\.\w+\/1\.0 +of storage$/;
  for (const line of lines) assert.match(line, one);
  const wrong = await host.get('/v1/events?count=many');
  assert.equal(wrong.status, 400);
  assert.match(wrong.body, /'count' is 'many'; it takes a whole number/);
});
