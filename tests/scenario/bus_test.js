// tests/scenario/bus_test.js - plugins that use the bus badly are told so, named or outlived; the
// others go on.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');

const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { scenario } = require('./lib/scenario');

const hangs = 75; // the exit code of a host that had to leave something behind

function built(name) {
  return path.join(settings.badPlugins, `${name}.so`);
}

function counts(host, plugin, what) {
  return host.lines
    .filter((line) => line.plugin === plugin && line.message === 'counted' && line.what === what)
    .map((line) => Number(line.number));
}

function counted(host, plugin, what, least = 0) {
  return host.log(
    `${plugin} counted ${what}`,
    (line) =>
      line.plugin === plugin &&
      line.message === 'counted' &&
      line.what === what &&
      Number(line.number) >= least,
  );
}

function answers(host, plugin) {
  return host.lines.filter((line) => line.plugin === plugin && line.message === 'sin answered');
}

scenario('a subscriber that never returns is named, and the others go on', async (stage) => {
  const host = await stage.start({
    ...manifest.bare({
      hung: {
        library: built('bad_never_returns'),
        required: false,
        timeouts: { stop: '300ms', drain: '300ms' },
      },
      talker: { library: built('good_talker') },
    }),
  });
  await counted(host, 'hung', 'does not return');
  const told = await host.log(
    'the handler that does not return',
    (line) => /a handler does not return/.test(line.message) && line.plugin_id === 'hung',
  );
  assert.ok(Number(told.ran_ms) > 0, JSON.stringify(told));
  const heard = counts(host, 'talker', 'heard').at(-1);
  await counted(host, 'talker', 'heard', heard + 50);
  const status = await host.status();
  assert.deepEqual([status.hung.state, status.talker.state], ['running', 'running']);
  assert.equal((await host.stop()).code, hangs);
});

scenario('what is handed back for ever becomes a dead letter', async (stage) => {
  const retry = 4;
  const letters = 3;
  const host = await stage.start({
    ...manifest.bare({ nacker: { library: built('bad_nacks_for_ever') } }),
    channels: { 'bad.work': { retry, dead_letter: 'bad.dead' } },
  });
  await counted(host, 'nacker', 'dead letter', letters);
  assert.equal(counts(host, 'nacker', 'delivered').length, letters);
  assert.equal(counts(host, 'nacker', 'again').length, letters * retry);
  assert.equal((await host.stop()).code, 0);
});

scenario('ten thousand channels', async (stage, context) => {
  const host = await stage.start(
    manifest.bare({ many: { library: built('bad_many_channels'), timeouts: { start: '60s' } } }),
  );
  await counted(host, 'many', 'heard', 10_000);
  assert.deepEqual(counts(host, 'many', 'channels'), [10_000]);
  const [bytes] = counts(host, 'many', 'bytes each');
  context.diagnostic(`${bytes} bytes a channel with both ends and a message`);
  if (!process.env.BACKPLANE_SANITIZER) assert.ok(bytes < 16_384, `${bytes} bytes a channel`);
  const stopping = Date.now();
  assert.equal((await host.stop()).code, 0);
  context.diagnostic(`stopped in ${Date.now() - stopping} ms`);
});

scenario('names that are none, and messages above the limit, are refused', async (stage) => {
  const host = await stage.start(manifest.bare({ names: { library: built('bad_names') } }));
  await counted(host, 'names', 'refused', 7 * 3);
  const tooLarge = -17;
  const sizes = () => answers(host, 'names');
  if (sizes().length < 2) await host.log('both sizes', () => sizes().length >= 2);
  for (const { sin, status } of sizes()) assert.equal(Number(status), tooLarge, sin);
  const status = await host.status();
  assert.equal(status.names.state, 'running');
  assert.equal((await host.stop()).code, 0);
});

scenario('a handler may close its channel with a batch of it in hand', async (stage) => {
  const host = await stage.start(
    manifest.bare({ closer: { library: built('bad_closes_in_hand') } }),
  );
  await counted(host, 'closer', 'heard', 50);
  assert.deepEqual(counts(host, 'closer', 'out of order'), []);
  assert.deepEqual(counts(host, 'closer', 'not kept'), []);
  const stale = -9;
  for (const { status } of answers(host, 'closer')) assert.equal(Number(status), stale);
  assert.equal((await host.stop()).code, 0);
});

scenario('STOP ends handlers that wait for what never comes', async (stage) => {
  const timeouts = { drain: '300ms' }; // nothing ends before STOP
  const host = await stage.start(
    manifest.bare({ waiter: { library: built('good_suspended'), timeouts } }),
  );
  const seen = (message) => host.lines.filter((line) => line.message === message).length;
  if (seen('suspended') < 8) {
    await host.log('all handlers wait', () => seen('suspended') >= 8);
  }
  assert.equal(seen('ended'), 0);
  await host.verb(['ctl', 'restart', 'waiter'], { words: 2 });
  if (seen('ended') < 8) await host.log('all handlers ended', () => seen('ended') >= 8);
  assert.equal(seen('ended'), 8, host.text);
  // What they held went back to the queue, and comes again in the next life, beside 8 new ones.
  const status = await host.status();
  assert.equal(status.waiter.state, 'running');
  assert.equal((await host.stop()).code, 0);
  assert.equal(seen('suspended'), seen('ended'));
});
