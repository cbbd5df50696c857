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
  assert.deepEqual(JSON.parse(json.stdout), { problems: [], warnings: [] });
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

// A manifest whose mistakes no key alone can show: files, contracts, addresses, the system's limits.
const seriousMistakes = (badPlugins) => `{
  "schema": @2,
  "host": {
    "runtime_dir": @"./${'long/'.repeat(25)}",
    "plugin_path": ${JSON.stringify(settings.plugins)}
  },
  "plugins": {
    "storage": { "library": "storage_sqlite", "config": { "path": "events.db" } },
    "lost": { "library": @"storge_sqlite" },
    "ws": {
      "library": "transport_ws",
      "config": { "listen": @"127.0.0.1:99999" },
      "after": [@"ws"]
    },
    "bad": { "library": @${JSON.stringify(path.join(badPlugins, 'bad_layout.so'))} },
    "late": { "library": "metrics_prometheus", "after": [@"storag"] }
  }
}
`;
const seriousWords = [
  [/this build reads manifests of schema 1 only.*fix: /, 'CONFIG'],
  [/control socket would be .*at most 107; fix: /, 'CONFIG'],
  [/no plugin library 'storge_sqlite'; did you mean 'storage_sqlite'\?/, 'NOT_FOUND'],
  [/the port must be 0 to 65535/, 'CONFIG'],
  [/a plugin cannot start after itself/, 'CONFIG'],
  [/law\.layout/, 'ABI'],
  [/there is no plugin "storag"; did you mean "storage"\?/, 'CONFIG'],
];

scenario('files, addresses and limits are told with their place in both forms', async (stage) => {
  const { text, places } = withPlaces(seriousMistakes(settings.badPlugins));
  const file = path.join(stage.folder, 'plugins.json');
  fs.writeFileSync(file, text);
  const ended = await cli.expectCode(78, ['check', file]);
  const told = ended.stderr.trim().split('\n');
  assert.equal(told.pop(), '7 problems', ended.stderr);
  const { problems } = JSON.parse((await cli.expectCode(78, ['check', '--json', file])).stdout);
  assert.equal(problems.length, 7);
  places.forEach(({ line, column }, i) => {
    const [words, code] = seriousWords[i];
    assert.ok(told[i].startsWith(`${file}:${line}:${column}: `), told[i]);
    assert.match(told[i], words);
    const problem = problems[i];
    assert.deepEqual(
      [problem.file, problem.line, problem.column, problem.code],
      [file, line, column, code],
    );
    assert.equal(told[i], `${file}:${line}:${column}: ${problem.pointer}: ${problem.message}`);
  });
  await cli.expectCode(78, ['serve', file]);
});

// What the schema of transport_ws says about a text, a name, and keys that belong together.
const wsMistakes = [
  ['/origins/0', /it is: An origin as browsers send it, scheme:\/\/host/],
  ['/heartbeat', /it is: Time between pings/],
  ['/limits/message', /it is: Size of a message/],
  ['/routes/my chat', /the name does not match .*1 to 64 letters/],
  ['/routes/a/path', /does not match .*compared byte by byte/],
  ['/tcp/a b', /the name does not match/],
  ['/http/0/path', /does not match/],
  ['/http/0/call', /it is: A service with its version and a method/],
  ['/http/0/query/1', /it is: A name of letters, digits/],
  ['/tls', /is not allowed here: 'client_ca' and 'client' .* are given together/],
  ['/metrics/tls', /is not allowed here: 'client_ca' and 'client'/],
  ['/auth', /is not allowed here: 'service' and 'tokens', 'jwt', 'certificates' exclude each other/],
  ['/auth/certificates/0/match', /it is: A pattern with/],
  ['/clients/up/url', /it is: ws:\/\/host:port\/path/],
  ['/client_urls/0', /it is: ws:\/\/host:port\/path/],
  ['/http_paths/0', /does not match/],
];
const key = { certificate: 'c.pem', key: 'k.pem' };
const wsMistaken = {
  origins: ['app.example.org', 'https://app.example.org', 'https://*.example.org:8443', 'null', '*'],
  heartbeat: 'soon',
  limits: { message: '32Kib', body: '1.5KiB', header: 8192, history_bytes: '1MB' },
  routes: {
    'my chat': { path: '/chat', to: 'echo' },
    a: { path: 'a', to: 'echo' },
    b: { path: '*', to: 'echo' },
  },
  tcp: { 'a b': { listen: '127.0.0.1:0', framing: 'line', to: 'echo' } },
  http: [
    {
      method: 'GET',
      path: 'x',
      call: 'bp.storage.records.Get',
      query: ['id', 'n:numbr', 'm:number'],
    },
  ],
  tls: { ...key, client: 'required' },
  metrics: { tls: { ...key, client_ca: 'ca.pem' } },
  auth: {
    mode: 'upgrade',
    service: 'bp.transport.auth/1',
    certificates: [
      { match: 'sha256:AB' },
      { match: `sha256:${'0a'.repeat(32)}` },
      { match: 'DNS:*.example.org' },
    ],
  },
  clients: { up: { url: 'http://example.org/' } },
  client_urls: ['example.org', 'wss://*.example.org/feeds/*'],
  http_paths: ['api', '/api/*'],
};

scenario('the schema of transport_ws says what is meant', async (stage) => {
  const file = path.join(stage.folder, 'plugins.json');
  const problemsOf = async (config, code) => {
    const plugins = { ws: { library: 'transport_ws', config } };
    fs.writeFileSync(
      file,
      JSON.stringify({ schema: 1, host: { plugin_path: settings.plugins }, plugins }),
    );
    return JSON.parse((await cli.expectCode(code, ['check', '--json', file])).stdout).problems;
  };
  const problems = await problemsOf(wsMistaken, 78);
  const found = new Map(problems.map((problem) => [problem.pointer, problem.message]));
  for (const [pointer, words] of wsMistakes) {
    assert.match(found.get(`/plugins/ws/config${pointer}`) ?? 'nothing', words, pointer);
  }
  assert.equal(problems.length, wsMistakes.length, JSON.stringify(problems, null, 1));

  const together = { ...key, client: 'optional', client_ca: 'ca.pem' };
  const auth = { mode: 'either', jwt: { public_key: 'jwt.pem' } };
  assert.deepEqual(await problemsOf({ tls: together, auth, metrics: { tls: key } }, 0), []);
});

scenario('literals of a wire are compared with the contract', async (stage) => {
  const { text, places } = withPlaces(`{
  "schema": 1,
  "host": { "plugin_path": ${JSON.stringify(settings.plugins)} },
  "plugins": {
    "storage": { "library": "storage_sqlite", "config": { "path": "events.db" } },
    "ws": { "library": "transport_ws" }
  },
  "wires": [{
    "from": "events",
    "steps": [
      { "call": "bp.storage.records/1.Page", "map": { "limit": { "value": @"ten" } }, "out": "page" },
      { "call": "bp.storage.records/1.Insert",
        "map": { "id": "/id", "name": "/name", "sealed": @"$page/records" } }
    ]
  }]
}
`);
  const file = path.join(stage.folder, 'plugins.json');
  fs.writeFileSync(file, text);
  const { problems } = JSON.parse((await cli.expectCode(78, ['check', '--json', file])).stdout);
  assert.deepEqual(
    problems.map(({ line, column }) => ({ line, column })),
    places,
  );
  assert.match(problems[0].message, /'limit' does not fit its type, uint32.*"ten" is no integer/);
  assert.match(problems[1].message, /records.*does not fit 'sealed', bool/);
});

scenario('exit codes tell what kind of finding it is', async (stage) => {
  const good = path.join(settings.badPlugins, 'good_minimal.so');
  const bad = (name) => path.join(settings.badPlugins, `${name}.so`);
  const file = path.join(stage.folder, 'plugins.json');
  const check = async (code, plugin) => {
    fs.writeFileSync(file, JSON.stringify({ schema: 1, plugins: { one: plugin } }));
    const { stdout } = await cli.expectCode(code, ['check', '--json', file]);
    return JSON.parse(stdout).problems;
  };
  assert.deepEqual(await check(0, { library: good }), []);
  assert.equal((await check(2, { library: bad('bad_no_manifest') }))[0].code, 'SCHEMA');
  assert.equal((await check(66, { library: bad('bad_absent') }))[0].code, 'NOT_FOUND');
  assert.equal((await check(76, { library: bad('bad_layout') }))[0].code, 'ABI');
  const pinned = { library: good, sha256: '0'.repeat(64) };
  assert.equal((await check(77, pinned))[0].code, 'PERMISSION');
  assert.equal((await check(78, { library: good, requird: true }))[0].code, 'CONFIG');
  await cli.expectCode(64, ['check', file, 'more']);
});
