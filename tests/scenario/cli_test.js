// tests/scenario/cli_test.js - every verb against a running host, as from a shell: results on
// standard output, errors on standard error, exit codes as designed.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');

const cli = require('./lib/cli');
const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { scenario } = require('./lib/scenario');

// The verbs that `backplane ... --help` lists, with their own below them.
async function verbs(above = []) {
  const { stdout } = await cli.expectCode(0, [...above, '--help']);
  const [, list] = stdout.split(/^Subcommands:$/m);
  if (list === undefined) return [{ words: above, help: stdout }];
  const names = list
    .split('\n\n')[0]
    .split('\n')
    .map((line) => line.trim().split(' ')[0])
    .filter(Boolean);
  const below = [];
  for (const name of names) below.push(...(await verbs([...above, name])));
  return below;
}

scenario('every verb has help with an example, and wrong words are told with 64', async () => {
  const all = await verbs();
  const names = all.map(({ words }) => words.join(' '));
  for (const name of [
    'serve',
    'check',
    'plugin list',
    'plugin info',
    'pub',
    'sub',
    'call',
    'tap',
    'ctl status',
    'ctl events',
    'migrate up',
    'migrate down',
    'migrate status',
    'config schema',
  ]) {
    assert.ok(names.includes(name), `${name} is one of ${names}`);
  }
  for (const { words, help } of all)
    assert.match(help, /Example:\n {2}backplane /, words.join(' '));
  const { stdout } = await cli.expectCode(0, ['--version']);
  assert.match(stdout, /^backplane \d+\.\d+\.\d+ \(ABI 1\.0/);
  for (const wrong of [
    [],
    ['frob'],
    ['pub'],
    ['call'],
    ['ctl'],
    ['ctl', 'restart'],
    ['serve', '--no-such-option'],
    ['serve', 'a.json', '-c', 'b.json'],
    ['help', 'frob'],
  ]) {
    const { stderr } = await cli.expectCode(64, wrong);
    assert.match(stderr, /./, `${wrong} is explained`);
  }
  const { stderr } = await cli.expectCode(64, ['pub', 'events', '{}', 'one', 'two']);
  assert.match(stderr, /'one', 'two'.*`backplane pub --help`/, 'in the order in which they stood');
  assert.match((await cli.expectCode(64, ['srve'])).stderr, /did you mean 'serve'/);
});

scenario('help, version, and a manifest by word or by -c', async (stage) => {
  const help = await cli.expectCode(0, ['help']);
  assert.equal(help.stdout, (await cli.expectCode(0, ['--help'])).stdout);
  const about = await cli.expectCode(0, ['help', 'ctl', 'status']);
  assert.match(about.stdout, /Usage: backplane ctl status /);
  assert.match(about.stdout, /--json/);
  const version = await cli.expectCode(0, ['version']);
  assert.equal(version.stdout, (await cli.expectCode(0, ['--version'])).stdout);

  const file = path.join(stage.folder, 'other.json');
  for (const words of [
    ['check', file],
    ['check', '-c', file],
    ['serve', file],
    ['serve', '-c', file],
  ]) {
    assert.match((await cli.expectCode(66, words)).stderr, /other\.json/, words.join(' '));
  }
});

scenario('without a host the verbs that need one say so with 69', async (stage) => {
  const socket = path.join(stage.folder, 'none.sock');
  for (const verb of [
    ['ctl', 'status'],
    ['ctl', 'events'],
    ['pub', 'events', '{}'],
    ['sub', 'events'],
    ['tap', 'events'],
    ['call', 'bp.storage.records/1.Page'],
    ['ctl', 'shutdown'],
    ['migrate', 'status'],
    ['migrate', 'up'],
    ['migrate', 'down', 'records'],
  ]) {
    const { stderr } = await cli.expectCode(69, [...verb, '--socket', socket]);
    assert.match(stderr, /no host answers.*none\.sock.*fix: /, verb.join(' '));
  }
});

scenario('plugin files are shown and none of their code runs', async () => {
  const env = { BACKPLANE_BIN: settings.binary };
  const list = JSON.parse(
    (
      await cli.expectCode(
        0,
        ['plugin', 'list', '--json', '-c', path.join(settings.top, 'plugins.json')],
        { env },
      )
    ).stdout,
  );
  const ids = list.filter((one) => one.manifest).map((one) => one.manifest.id);
  for (const id of ['crypto_sodium', 'metrics_prometheus', 'storage_sqlite', 'transport_ws']) {
    assert.ok(ids.includes(`org.backplane.${id}`), `${id} is one of ${ids}`);
  }
  const file = path.join(settings.plugins, 'storage_sqlite.so');
  const { stdout } = await cli.expectCode(0, ['plugin', 'info', file]);
  assert.match(stdout, /^org\.backplane\.storage_sqlite /);
  assert.match(stdout, /provides +bp\.storage\.records\/1/);
  assert.match(stdout, /Page \(.*PageRequest\)/);
  const info = JSON.parse((await cli.expectCode(0, ['plugin', 'info', '--json', file])).stdout);
  assert.equal(info.manifest.id, 'org.backplane.storage_sqlite');
  assert.match(info.sha256, /^[0-9a-f]{64}$/);
  // It would throw if it were created.
  await cli.expectCode(0, [
    'plugin',
    'info',
    path.join(settings.badPlugins, 'bad_throws_in_create.so'),
  ]);
  const bad = await cli.expectCode(76, [
    'plugin',
    'info',
    path.join(settings.badPlugins, 'bad_layout.so'),
  ]);
  assert.match(bad.stderr, /law\.layout/);
  await cli.expectCode(66, ['plugin', 'info', '/absent.so']);
  // By name, as "library" is looked for.
  const config = ['-c', path.join(settings.top, 'plugins.json')];
  const named = await cli.expectCode(0, ['plugin', 'info', 'storage_sqlite', ...config]);
  assert.equal(named.stdout, stdout);
  const near = await cli.expectCode(66, ['plugin', 'info', 'storage_sqlit', ...config]);
  assert.match(near.stderr, /did you mean 'storage_sqlite'/);
});

scenario('the manifest and its form are printed', async () => {
  const schema = JSON.parse((await cli.expectCode(0, ['config', 'schema'])).stdout);
  assert.ok(schema.properties.plugins && schema.properties.wires);
  const printed = JSON.parse(
    (await cli.expectCode(0, ['config', 'print', '-c', path.join(settings.top, 'plugins.json')]))
      .stdout,
  );
  assert.equal(printed.plugins.storage.config.durability, 'os');
  assert.equal(printed.host.shutdown_grace, '20s', 'defaults are filled in');
});

// The command line subscribes without telling when; the channel's number of receivers does.
async function receivers(host, channel, count) {
  for (;;) {
    const { body } = await host.get('/v1/channels');
    if (JSON.parse(body).find(({ name }) => name === channel).receivers >= count) return;
  }
}

scenario('pub, sub, tap and call', async (stage) => {
  const host = await stage.start(manifest.standard());
  const before = JSON.parse((await host.get('/v1/channels')).body).find(
    ({ name }) => name === 'events',
  ).receivers;
  const sub = host.verb(['sub', 'events', '--count', '2']);
  const tap = host.verb(['tap', 'events', '--count', '2']);
  await receivers(host, 'events', before + 2);
  const published = await host.verb([
    'pub',
    'events',
    '{"id":"e1","name":"door","category":"open","data":{"room":4}}',
  ]);
  assert.match(published.stdout, /acknowledged/);
  await host.verb(['pub', 'events', '-'], { input: '{"id":"e2","name":"door","data":"shut"}' });
  for (const listener of [sub, tap]) {
    const lines = (await listener).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ message }) => message.id),
      ['e1', 'e2'],
    );
    assert.equal(lines[1].seq, lines[0].seq + 1);
  }
  // Acknowledged is stored: at once.
  const { record } = await host.call('bp.storage.records/1.Get', { id: 'e1' });
  assert.equal(record.name, 'door');
  const nothing = JSON.parse(
    (await host.verb(['call', 'bp.storage.records/1.Page', '{"name":"none"}'])).stdout,
  );
  assert.deepEqual(nothing.records, [], 'a list is there when it is empty');
  const unfound = await host.call('bp.storage.records/1.Search', { query: 'nobodywrotethis' });
  assert.deepEqual(unfound.hits, []);

  const fails = async (code, words, text) =>
    assert.match((await host.verb(words, { code })).stderr, text);
  await fails(66, ['call', 'bp.storage.records/1.Pge', '{}'], /did you mean 'Page'/);
  await fails(66, ['call', 'bp.storage.records/1.Get', '{"id":"none"}'], /NOT_FOUND|no record/);
  await fails(66, ['pub', 'evens', '{}'], /did you mean 'events'/);
  await fails(64, ['call', 'nonsense', '{}'], /is no method/);
  await fails(64, ['pub', 'events', '{"id":'], /JSON/i);
  await fails(64, ['pub', 'events', '{"id":"x","name":"n","id":"y"}'], /"id" is given twice/);
  const service = /for example bp\.storage\.records\/1\.Insert; it has: .*Search/;
  await fails(64, ['call', 'bp.storage.records/1', '{}'], service);
  await fails(64, ['call', 'bp.storage.records', '{}'], service);
  const search = await host.verb(['call', 'bp.storage.records/1.Search', '{"query":"foo-bar"}'], {
    code: 64,
  });
  assert.match(search.stderr, /FTS_SYNTAX/);
  assert.ok(!search.stderr.includes(stage.folder), 'no path of the server');
  const large = await host.verb(['pub', 'events', '-'], {
    input: JSON.stringify({ id: 'l', name: 'n', data: 'x'.repeat(17 << 20) }),
    code: 1,
  });
  assert.match(large.stderr, /a body of 178\d+ bytes is above the limit of 16777216 bytes/);
});

scenario('ctl operates the running host', async (stage) => {
  const host = await stage.start(manifest.standard());
  const ctl = (code, ...words) => host.verb(['ctl', ...words], { words: 2, code });
  const shown = await ctl(0, 'status');
  for (const id of ['crypto', 'storage', 'metrics', 'ws'])
    assert.match(shown.stdout, new RegExp(`^${id} +running`, 'm'));

  await ctl(0, 'stop', 'metrics');
  const stopped = await ctl(2, 'status');
  assert.match(stopped.stdout, /^metrics +stopped/m);
  assert.equal((await fetch(host.metricsUrl)).status, 503, 'no metrics without their plugin');
  await ctl(0, 'start', 'metrics');
  assert.equal((await fetch(host.metricsUrl)).status, 200);
  assert.match((await ctl(1, 'start', 'metrics')).stderr, /running already/);

  await host.verb(['pub', 'events', '{"id":"r1","name":"n","data":1}']);
  await ctl(0, 'restart', 'storage');
  assert.equal((await host.status()).storage.restarts, 1);
  await host.verb(['pub', 'events', '{"id":"r2","name":"n","data":2}']);
  const { records } = await host.call('bp.storage.records/1.Page', {});
  assert.deepEqual(records.map(({ id }) => id).sort(), ['r1', 'r2']);
  assert.match((await ctl(66, 'restart', 'storge')).stderr, /did you mean 'storage'/);

  await ctl(0, 'log-level', 'debug', 'ws');
  await stage.connect(host.url);
  await host.log(
    'the connection',
    (line) => line.level === 'debug' && line.message === 'connection opened',
  );
  assert.match((await ctl(64, 'log-level', 'loud')).stderr, /loud/);
  assert.match((await ctl(66, 'log-level', 'debug', 'storge')).stderr, /did you mean 'storage'/);
  const tap = await host.get('/v1/channels/events/tap?count=abc');
  assert.equal(tap.status, 400);
  assert.match(tap.body, /'count' is 'abc'; it takes a whole number/);

  await ctl(0, 'shutdown');
  assert.deepEqual(await host.end(), { code: 0, signal: null });
});
