// tests/scenario/storage_test.js - operating the store of a running host: migrations, backups, SQL, and
// what becomes of it when the host is killed with kill -9.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const cli = require('./lib/cli');
const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const sqlite = require('./lib/sqlite');
const { records } = require('./lib/records');
const { scenario } = require('./lib/scenario');

const kills = settings.number('KILLS', 5);
const kill_ms_max = 5_000;

// The store alone.
function storage(config = {}) {
  return manifest.bare({ storage: { library: 'storage_sqlite', config } });
}

function database(host) {
  return path.join(host.folder, 'var', 'storage', 'events.db');
}

function base64(text) {
  return Buffer.from(text).toString('base64');
}

function insertOf(record) {
  return { id: record.id, name: record.name, data: base64(JSON.stringify(record.data ?? null)) };
}

// `migrate ...` against this host.
function migrate(host, code, ...words) {
  return host.verb(['migrate', ...words], { words: 2, code });
}

async function refusedStart(stage, wanted, code, patterns) {
  const host = stage.launch(wanted);
  assert.deepEqual(await host.end(), { code, signal: null }, host.text);
  for (const pattern of patterns) assert.match(host.text, pattern);
}

scenario('migrate status, down and up while the host runs', async (stage) => {
  const host = await stage.start(storage());
  await host.call('bp.storage.records/1.Insert', { id: 'a', name: 'door', data: '' });
  const status = await migrate(host, 0, 'status');
  assert.match(status.stdout, /^records +3 +full-text search +applied +[0-9a-f]{16} +20/m);

  const dry = await migrate(host, 0, 'down', 'records', '--to', '1', '--dry-run');
  assert.equal(
    dry.stdout,
    'would go down records 3 (full-text search)\nwould go down records 2 (category)\n',
  );
  assert.equal((await migrate(host, 0, 'up')).stdout, 'nothing to do\n');

  assert.match((await migrate(host, 0, 'down', 'records')).stdout, /^down records 3 /);
  assert.match((await migrate(host, 2, 'status')).stdout, /full-text search +pending/);
  const old = await host.verb(['call', 'bp.storage.records/1.Get', '{"id":"a"}'], { code: 1 });
  assert.match(old.stderr, /SCHEMA_OLD.*backplane migrate up/);
  const columns = await sqlite.query(database(host), "SELECT name FROM pragma_table_info('records')");
  assert.ok(!columns.some(({ name }) => name === 'terms'), 'the columns of version 3 are gone');

  assert.match((await migrate(host, 0, 'up')).stdout, /^up records 3 \(full-text search\)/);
  assert.equal((await host.call('bp.storage.records/1.Get', { id: 'a' })).record.name, 'door');
  const json = JSON.parse((await migrate(host, 0, 'status', '--json')).stdout);
  assert.equal(json.current, true);

  assert.match((await migrate(host, 66, 'up', 'recrods')).stderr, /no component 'recrods'/);
  assert.match((await migrate(host, 64, 'up', '--to', '9')).stderr, /0 to \d+, not 9/);
  await cli.expectCode(64, ['migrate', 'down']);
  assert.equal((await host.stop()).code, 0);
  const none = await cli.expectCode(69, ['migrate', 'status', '--socket', host.socket]);
  assert.match(none.stderr, /backplane serve/);
});

scenario('an edited migration stops the start with both checksums', async (stage) => {
  const folder = path.join(stage.folder, 'migrations');
  fs.mkdirSync(folder);
  const up = path.join(folder, '0001_customers.up.sql');
  fs.writeFileSync(up, 'CREATE TABLE app_customers (id INTEGER PRIMARY KEY, name TEXT);\n');
  fs.writeFileSync(path.join(folder, '0001_customers.down.sql'), 'DROP TABLE app_customers;\n');
  const wanted = storage({ migrations: { folder } });
  const host = await stage.start(wanted);
  await host.call('bp.storage.sql/1.Execute', {
    sql: 'INSERT INTO app_customers (name) VALUES (?1)',
    parameters: [{ text: "Robert'); DROP TABLE app_customers;--" }],
  });
  const [, applied] = (await migrate(host, 0, 'status')).stdout.match(
    /^app +1 +customers +applied +([0-9a-f]{16})/m,
  );
  assert.match((await migrate(host, 0, 'down', 'app', '--dry-run')).stdout, /would go down app 1/);
  assert.equal((await host.stop()).code, 0);

  fs.appendFileSync(up, '-- edited\n');
  await refusedStart(stage, wanted, 69, [
    /MIGRATION_EDITED/,
    new RegExp(applied),
    /has [0-9a-f]{16}/,
    /customers/,
  ]);
  // The text that was applied is back: it starts, and nothing was lost.
  fs.writeFileSync(up, 'CREATE TABLE app_customers (id INTEGER PRIMARY KEY, name TEXT);\n');
  const again = await stage.start(wanted);
  const { rows } = await again.call('bp.storage.sql/1.Query', {
    sql: 'SELECT name FROM app_customers',
  });
  assert.equal(rows[0].values[0].text, "Robert'); DROP TABLE app_customers;--");
  assert.equal((await again.stop()).code, 0);

  // A database of a newer build.
  const newer = await cli.run('sqlite3', [
    database(again),
    "INSERT INTO backplane_migrations VALUES ('records', 99, 'the future', 'x', 1)",
  ]);
  assert.equal(newer.code, 0, newer.stderr);
  await refusedStart(stage, wanted, 76, [/SCHEMA_TOO_NEW/, /the future/]);
});

scenario('backup, restore, and the sqlite3 shell beside it', async (stage) => {
  const host = await stage.start(storage());
  for (const record of records(50)) {
    await host.call('bp.storage.records/1.Insert', insertOf(record));
  }
  const live = await sqlite.query(database(host), 'SELECT count(*) AS n FROM records');
  assert.deepEqual(live, [{ n: 50 }], 'the shell reads the live database');

  const events = host.verb(['sub', 'storage.events', '--count', '2']);
  for (;;) {
    const channels = JSON.parse((await host.get('/v1/channels')).body);
    if (channels.find(({ name }) => name === 'storage.events').receivers > 0) break;
  }
  const made = await host.call('bp.storage.admin/1.Backup', { file: 'monday.db' });
  assert.equal(made.verified, true);
  const copy = path.join(host.folder, 'var', 'storage', 'backups', 'monday.db');
  assert.deepEqual(await sqlite.query(copy, 'SELECT count(*) AS n FROM records'), [{ n: 50 }]);

  for (const record of records(10, 'later-')) {
    await host.call('bp.storage.records/1.Insert', insertOf(record));
  }
  const restored = await host.call('bp.storage.admin/1.Restore', { file: 'monday.db' });
  assert.match(restored.saved_as, /^before-restore-.*\.db$/);
  assert.equal((await host.call('bp.storage.admin/1.Stats')).records, 50);
  const back = await host.call('bp.storage.admin/1.Restore', { file: restored.saved_as });
  assert.equal(back.records, 60, 'what was replaced was kept');
  const told = (await events).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).message.event);
  assert.deepEqual(told, ['backup', 'restored']);
  assert.equal((await host.call('bp.storage.admin/1.Integrity')).ok, true);
  assert.match(
    (await host.verb(['call', 'bp.storage.admin/1.Backup', '{"file":"../x.db"}'], { code: 64 })).stderr,
    /`file` is '\.\.\/x\.db'/,
  );
});

scenario('SQL of callers: rows, refusals, deadlines', async (stage) => {
  const host = await stage.start(storage());
  await host.call('bp.storage.sql/1.Batch', {
    statements: [
      { sql: 'CREATE TABLE app_t (id INTEGER PRIMARY KEY, n REAL, b BLOB)' },
      {
        sql: 'INSERT INTO app_t (n, b) VALUES (?1, ?2), (:n, NULL)',
        parameters: [{ real: 0.5 }, { blob: base64('bytes') }, { name: ':n', integer: 7 }],
      },
    ],
  });
  const { columns, rows } = await host.call('bp.storage.sql/1.Query', {
    sql: 'SELECT id, n, b FROM app_t ORDER BY id',
  });
  assert.deepEqual(columns, ['id', 'n', 'b']);
  assert.equal(rows[0].values[1].real, 0.5);
  assert.equal(rows[0].values[2].blob, base64('bytes'));
  assert.equal(rows[1].values[1].real, 7);

  const refused = async (code, method, sql, pattern) => {
    const ended = await host.verb(['call', `bp.storage.sql/1.${method}`, '-'], {
      code,
      input: JSON.stringify({ sql, deadline_ms: 200 }),
    });
    assert.match(ended.stderr, pattern, sql);
  };
  for (const sql of [
    'SELECT 1; DROP TABLE app_t',
    "ATTACH 'other.db' AS other",
    'PRAGMA journal_mode = DELETE',
    "SELECT load_extension('x')",
    "INSERT INTO app_t (n) VALUES (1)",
    'SELECT * FROM records',
  ]) {
    await refused(77, 'Query', sql, /SQL_DENIED/);
  }
  await refused(77, 'Execute', 'DROP TABLE kv', /SQL_DENIED/);
  const endless = 'WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) ';
  await refused(75, 'Query', `${endless}SELECT count(*) FROM n`, /DEADLINE/);
  await refused(75, 'Execute', `INSERT INTO app_t (n) ${endless}SELECT i FROM n`, /DEADLINE/);
  const left = await host.call('bp.storage.sql/1.Query', { sql: 'SELECT count(*) FROM app_t' });
  assert.equal(left.rows[0].values[0].integer, 2);
});

scenario('a read that is in the way of the log is interrupted', async (stage) => {
  const host = await stage.start(
    storage({ wal: { size_max: '128KiB', reader_age_max: '0s' }, sql: { deadline: '10m' } }),
  );
  await host.call('bp.storage.sql/1.Batch', {
    statements: [{ sql: 'CREATE TABLE app_t (n)' }, { sql: 'INSERT INTO app_t VALUES (1)' }],
  });
  const endless = host.verb(['call', 'bp.storage.sql/1.Query', '-', '--timeout-ms', '600000'], {
    code: 75,
    input: JSON.stringify({
      sql: 'WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM app_t, n',
    }),
  });
  for (;;) {
    if ((await host.call('bp.storage.admin/1.Stats')).readers_in_use > 1) break; // it and this one
  }
  const cut = host.message('the write-ahead log was moved into the database');
  for (let number = 0; number < 10; ++number) {
    await host.call('bp.storage.records/1.Insert', {
      id: `r${number}`,
      name: 'n',
      data: base64('x'.repeat(30_000)),
    });
  }
  assert.match((await endless).stderr, /READER_ABORTED/);
  await cut;
  // Where the read was interrupted early, the log has grown again: writing goes on to move it.
  for (let number = 0; (await host.call('bp.storage.admin/1.Stats')).wal_bytes > 128 * 1024; ++number) {
    await host.call('bp.storage.records/1.Insert', { id: `s${number}`, name: 'n', data: '' });
  }
});

scenario('what is published to storage.write is stored once', async (stage) => {
  const host = await stage.start(storage());
  for (const id of ['w1', 'w2', 'w1']) {
    const sent = await host.verb(['pub', 'storage.write', JSON.stringify({ id, name: 'sent' })]);
    assert.match(sent.stdout, /acknowledged/);
  }
  const page = await host.call('bp.storage.records/1.Page', { contains: 'SENT' });
  assert.deepEqual(page.records.map(({ id }) => id).sort(), ['w1', 'w2']);
});

// Sends inserts and puts that want `disk` until the host is killed; answers the ids and the keys that were
// acknowledged, keys with the numbers of their changes.
async function writeUntilKilled(host, round, fatal) {
  const records = [];
  const keys = new Map();
  const value = base64('x'.repeat(500));
  const write = {
    'bp.storage.records/1/Insert': (id) => ({ id, name: 'n', data: value, durability: 'disk' }),
    'bp.storage.kv/1/Put': (key) => ({ key, value, durability: 'disk' }),
  };
  let killed = null;
  const sender = async (lane, method) => {
    for (let number = 0; killed === null; ++number) {
      const id = `${round}-${lane}-${number}`;
      let answer;
      try {
        answer = await host.post(`/v1/services/${method}`, JSON.stringify(write[method](id)));
      } catch {
        return; // the host is gone
      }
      if (answer.status !== 200) continue;
      if (method.includes('kv')) keys.set(id, Number(JSON.parse(answer.body).seq));
      else records.push(id);
      if (records.length + keys.size >= fatal && killed === null) killed = host.kill();
    }
  };
  await Promise.all(
    Array.from({ length: 12 }, (_, lane) => sender(lane, Object.keys(write)[Math.floor(lane / 6)])),
  );
  assert.equal((await killed).signal, 'SIGKILL');
  return { records, keys };
}

// Changes are numbered without a gap, and what was acknowledged has the numbers that were told.
async function checkChanges(file, acknowledged) {
  const changes = await sqlite.query(
    file,
    "SELECT first + one.key AS seq, substr(one.value, instr(one.value, ':') + 1) AS key" +
      ' FROM kv_change_packs, json_each(pack) AS one ORDER BY seq',
  );
  assert.deepEqual(changes.map(({ seq }) => seq), changes.map((_, index) => index + 1));
  const etags = new Map((await sqlite.query(file, 'SELECT key, etag FROM kv')).map(({ key, etag }) => [key, etag]));
  for (const [key, seq] of acknowledged) {
    assert.equal(changes[seq - 1]?.key, key, `${key} was acknowledged as change ${seq}`);
    assert.equal(etags.get(key), seq, `${key} was acknowledged`);
  }
  return changes.length;
}

scenario(`${kills} times kill -9 under disk durability`, async (stage, context) => {
  const acknowledged = [];
  const keys = new Map();
  for (let round = 1; round <= kills; ++round) {
    const host = await stage.start(storage());
    const told = await writeUntilKilled(host, round, 1 + Math.floor(Math.random() * 60));
    acknowledged.push(...told.records);
    for (const [key, seq] of told.keys) keys.set(key, seq);
    // As the kill left it, log and all; a copy, so that it is the plugin that recovers it.
    const copy = stage.newFolder();
    for (const ending of ['', '-wal']) {
      const file = `${database(host)}${ending}`;
      if (fs.existsSync(file)) fs.copyFileSync(file, path.join(copy, `events.db${ending}`));
    }
    const checked = await cli.run('sqlite3', [path.join(copy, 'events.db'), 'PRAGMA integrity_check']);
    assert.equal(checked.stdout.trim(), 'ok', checked.stderr);
    const stored = new Map(
      (
        await sqlite.query(
          path.join(copy, 'events.db'),
          'SELECT id, count(*) AS times FROM records GROUP BY id',
        )
      ).map(({ id, times }) => [id, times]),
    );
    for (const id of acknowledged) assert.equal(stored.get(id), 1, `${id} was acknowledged`);
    const changes = await checkChanges(path.join(copy, 'events.db'), keys);
    context.diagnostic(
      `kill ${round}: ${acknowledged.length} records and ${keys.size} keys acknowledged, ` +
        `${stored.size} and ${changes} stored, integrity ok`,
    );
  }
  const host = await stage.start(storage());
  assert.equal((await host.call('bp.storage.admin/1.Integrity')).ok, true);
  assert.ok((await host.call('bp.storage.admin/1.Stats')).records >= acknowledged.length);
  assert.equal((await host.stop()).code, 0);
}, kills * kill_ms_max);
