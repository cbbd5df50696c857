// tests/scenario/check_test.js - `backplane check` tells all mistakes at once, each with its place.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const cli = require('./lib/cli');
const settings = require('./lib/settings');
const { scenario } = require('./lib/scenario');

// Where each marked mistake begins: the mark is taken out, so the place is the text's own.
function withPlaces(marked) {
  const places = [];
  const lines = marked.split('\n').map((line, i) => {
    const column = line.indexOf('@');
    if (column < 0) return line;
    places.push({ line: i + 1, column: column + 1 });
    return line.replace('@', '');
  });
  return { text: lines.join('\n'), places };
}

const fiveMistakes = `{
  // An unknown key, no duration, a value that the plugin's own schema refuses, a feature that is
  // not in this build, and a method that no service has.
  "schema": 1,
  "host": {
    "shutdown_grace": @"20 parsecs",
    "plugin_path": ${JSON.stringify(settings.plugins)}
  },
  "plugins": {
    "crypto": {
      "library": "crypto_sodium", "config": { "key": { "file": "k", "create": true } },
      @"isolation": "worker"
    },
    "storage": {
      "library": "storage_sqlite",
      @"requird": false,
      "config": { "path": "events.db", "durability": @"sometimes" }
    },
    "ws": { "library": "transport_ws" },
  },
  "wires": [
    {
      "from": "events",
      "steps": [
        { "call": @"bp.storage.records/1.Insrt", "map": { "id": "/id" } }
      ]
    }
  ]
}
`;
const words = [
  /parsecs.*not a duration/,
  /not in this build/,
  /unknown key "requird"; did you mean "required"/,
  /must be one of "os", "disk"/,
  /no method 'Insrt'; did you mean 'Insert'/,
];

scenario('five mistakes are told at once, with line and column', async (stage) => {
  const { text, places } = withPlaces(fiveMistakes);
  const file = path.join(stage.folder, 'plugins.json');
  fs.writeFileSync(file, text);
  const ended = await cli.expectCode(78, ['check', file]);
  const told = ended.stderr.trim().split('\n');
  assert.equal(told.pop(), '5 problems', ended.stderr);
  assert.equal(told.length, 5, ended.stderr);
  places.forEach(({ line, column }, i) => {
    assert.ok(
      told[i].startsWith(`${file}:${line}:${column}: `),
      `"${told[i]}" is at ${line}:${column}`,
    );
    assert.match(told[i], words[i]);
  });

  const json = await cli.expectCode(78, ['check', '--json', file]);
  const { problems } = JSON.parse(json.stdout);
  assert.deepEqual(
    problems.map(({ line, column }) => ({ line, column })),
    places,
  );
  assert.deepEqual(
    problems.map(({ pointer }) => pointer),
    [
      '/host/shutdown_grace',
      '/plugins/crypto/isolation',
      '/plugins/storage/requird',
      '/plugins/storage/config/durability',
      '/wires/0/steps/0/call',
    ],
  );

  // The same for the start itself, which leaves nothing behind.
  const served = await cli.expectCode(78, ['serve', '-c', file]);
  assert.match(served.stderr, /5 problems/);
  assert.deepEqual(fs.readdirSync(stage.folder), ['plugins.json']);
});

scenario('check has no side effects and knows good from absent', async (stage) => {
  const file = path.join(stage.folder, 'plugins.json');
  fs.copyFileSync(path.join(settings.top, 'plugins.json'), file);
  const good = await cli.expectCode(0, ['check', file]);
  assert.match(good.stdout, /4 plugins, 1 wire, no problem found/);
  const json = await cli.expectCode(0, ['check', '--json', file]);
  assert.deepEqual(JSON.parse(json.stdout), { problems: [] });
  assert.deepEqual(fs.readdirSync(stage.folder), ['plugins.json'], 'nothing was created');
  for (const verb of [
    ['check', 'absent.json'],
    ['serve', '-c', 'absent.json'],
    ['config', 'print', '-c', 'absent.json'],
  ]) {
    const absent = await cli.expectCode(66, verb, { cwd: stage.folder });
    assert.match(absent.stderr, /absent\.json/);
  }
});
