// tests/scenario/bad_plugins_test.js - every bad plugin is refused by file and rule; what
// misbehaves while it runs is restarted, then quarantined.
//
// A required one keeps the host from starting; without one that is not, the host is ready.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const cli = require('./lib/cli');
const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { scenario } = require('./lib/scenario');

// What is built badly: the rule that names the sin, and the exit code when the plugin is required.
const configuration = 78;
const noInput = 66;
const unavailable = 69;
const abi = 76;
const sins = {
  bad_no_symbol: ['law.entry', abi],
  bad_wrong_magic: ['law.magic', abi],
  bad_newer_major: ['law.major', abi],
  bad_newer_minor: ['law.minor', abi],
  bad_pointer_size: ['law.pointer_bytes', abi],
  bad_layout: ['law.layout', abi],
  bad_small_entry: ['law.entry_size', abi],
  bad_reserved_field: ['law.entry_tail', abi],
  bad_no_plugins: ['law.plugins', abi],
  bad_no_manifest: ['law.manifest', unavailable],
  bad_broken_manifest: ['law.manifest', unavailable],
  bad_two_exports: ['law.one_symbol', abi],
  bad_unique_symbols: ['law.no_unique', abi],
  bad_execstack: ['law.no_execstack', abi],
  bad_textrel: ['law.no_textrel', abi],
};

// The same, found out when the library is loaded, which "check" does not do.
const sinsOfTheLibrary = {
  bad_null_table: ['law.plugins', abi],
  bad_null_slot: ['law.table', abi],
  bad_small_table: ['law.table', abi],
  bad_unknown_flags: ['law.entry_tail', abi],
  bad_other_id: ['law.identity', unavailable],
  bad_other_manifest: ['law.manifest', unavailable],
  bad_unresolved: ['system.loads', unavailable],
};

const aarch64 = 183; // e_machine of ELF
const riscv = 243;

function built(name) {
  return path.join(settings.badPlugins, `${name}.so`);
}

// What needs no compiler to be bad.
function makeFiles(folder) {
  const good = fs.readFileSync(built('good_minimal'));
  const at = (name) => path.join(folder, name);
  fs.writeFileSync(at('truncated.so'), good.subarray(0, Math.floor(good.length / 2)));
  fs.mkdirSync(at('directory.so'));
  execFileSync('mkfifo', [at('fifo.so')]);
  fs.writeFileSync(at('text.so'), '#!/bin/sh\necho no library\n');
  fs.writeFileSync(at('empty.so'), '');
  const foreign = Buffer.from(good);
  foreign.writeUInt16LE(foreign.readUInt16LE(18) === aarch64 ? riscv : aarch64, 18);
  fs.writeFileSync(at('foreign.so'), foreign);
  return {
    [at('truncated.so')]: ['file.intact', unavailable],
    [at('directory.so')]: ['file.regular', configuration],
    [at('fifo.so')]: ['file.regular', configuration],
    [at('text.so')]: ['file.format', configuration],
    [at('empty.so')]: ['file.format', configuration],
    [at('foreign.so')]: ['file.architecture', abi],
    [at('absent.so')]: ['file.present', noInput],
  };
}

// [{file, rule, code, load}, ...]; a sin that this machine's compiler cannot commit has no file.
function collection(folder) {
  const all = Object.entries(makeFiles(folder)).map(([file, [rule, code]]) => ({
    file,
    rule,
    code,
  }));
  for (const [name, [rule, code]] of Object.entries({ ...sins, ...sinsOfTheLibrary })) {
    if (name !== 'bad_textrel' || fs.existsSync(built(name))) {
      all.push({ file: built(name), rule, code, load: name in sinsOfTheLibrary });
    }
  }
  return all;
}

function withGood(plugins) {
  return manifest.bare({ good: { library: built('good_minimal') }, ...plugins });
}

scenario(
  'bad plugins that are not required are named, and the host is ready without them',
  async (stage) => {
    const bad = collection(stage.newFolder());
    const plugins = {};
    bad.forEach(({ file }, i) => {
      plugins[`bad${i}`] = { library: file, required: false };
    });
    const everyLine = { ...withGood(plugins), log: { format: 'json', rate_limit: '0s' } };
    const host = await stage.start(everyLine);
    const status = await host.status();
    assert.equal(status.good.state, 'running');
    bad.forEach(({ file, rule }, i) => {
      const { state, reason } = status[`bad${i}`];
      assert.equal(state, 'failed', `${file}: ${reason}`);
      assert.ok(reason.includes(file), `"${reason}" names the file ${file}`);
      assert.ok(reason.includes(`rule: ${rule} `), `"${reason}" names the rule ${rule}`);
      assert.match(reason, /fix: /);
      assert.ok(
        host.lines.some(
          (line) => line.plugin_id === `bad${i}` && (line.error || '').includes(rule),
        ),
        `the log names ${rule} for ${file}`,
      );
    });
    assert.equal((await host.stop()).code, 0);
  },
);

scenario(
  'a bad plugin that is required keeps the host from starting, with nothing left',
  async (stage) => {
    for (const { file, rule, code, load } of collection(stage.newFolder())) {
      const host = stage.launch(withGood({ bad: { library: file } }));
      assert.deepEqual(await host.end(), { code, signal: null }, `${file}\n${host.text}`);
      assert.ok(
        host.text.includes(`rule: ${rule} `) && host.text.includes(file),
        `${file}: ${host.text}`,
      );
      assert.ok(!fs.existsSync(host.socket), `the control socket is removed after ${file}`);
      if (load) continue;
      const checked = await cli.backplane(['check', host.file]);
      assert.ok(
        ![0, null].includes(checked.code) && checked.stderr.includes(rule),
        `check ${file}: ${checked.stderr}`,
      );
    }
  },
);

scenario('what is only strange is warned about and runs', async (stage) => {
  const host = await stage.start(
    manifest.bare({
      rpath: { library: built('bad_rpath') },
      tls: { library: built('bad_static_tls') },
    }),
  );
  const warned = (rule) =>
    host.lines.some((line) => line.level === 'warn' && line.message.includes(rule));
  assert.ok(warned('law.no_rpath'), host.text);
  assert.ok(warned('law.no_static_tls'), host.text);
  const status = await host.status();
  assert.deepEqual([status.rpath.state, status.tls.state], ['running', 'running']);
});

const restart = { initial: '1ms', max: '2ms', max_restarts: 3, window: '10m' };
const timeouts = { start: '300ms', drain: '300ms', stop: '300ms' };

async function quarantined(host, id, times = 1) {
  const told = () =>
    host.lines.filter(
      (line) => line.message === 'a plugin is quarantined' && line.plugin_id === id,
    );
  if (told().length < times) {
    await host.log(`the quarantine of ${id}`, () => told().length >= times);
  }
  const status = await host.status();
  assert.equal(status[id].state, 'quarantined', status[id].reason);
  assert.equal(status.good.state, 'running', 'the other plugin is not affected');
  return status[id];
}

for (const [name, text] of [
  ['bad_throws_in_create', /thrown in create/],
  ['bad_throws_in_start', /thrown in START/],
  ['bad_never_completes', /deadline|TIMEOUT|in time/i],
]) {
  scenario(`${name}: fails alone, is tried again, then quarantined`, async (stage) => {
    const sinner = { library: built(name), required: false, timeouts };
    const host = await stage.start(
      withGood({ once: sinner, again: { ...sinner, on_start_error: 'retry', restart } }),
    );
    const status = await host.status();
    assert.equal(status.once.state, 'failed');
    assert.match(status.once.reason, text);
    const { restarts, reason } = await quarantined(host, 'again');
    assert.equal(restarts, restart.max_restarts);
    assert.match(reason, text);
    // The operator may try again, and is told that it failed again.
    const cleared = await host.verb(['ctl', 'quarantine-clear', 'again'], {
      words: 2,
      code: name === 'bad_never_completes' ? 75 : 1,
    });
    assert.match(cleared.stderr, text);
    assert.equal((await host.stop()).code, 0);

    const required = stage.launch(withGood({ sinner: { library: built(name), timeouts } }), {
      folder: stage.newFolder(),
    });
    assert.deepEqual(await required.end(), { code: unavailable, signal: null }, required.text);
    assert.match(required.text, text);
    assert.ok(!fs.existsSync(required.socket));
  });
}

scenario(
  'bad_throws_in_event: restarted by policy, quarantined, cleared by the operator',
  async (stage) => {
    const host = await stage.start(
      withGood({ sinner: { library: built('bad_throws_in_event'), required: false, restart } }),
    );
    const { restarts, reason } = await quarantined(host, 'sinner');
    assert.equal(restarts, restart.max_restarts);
    assert.match(reason, /thrown in an event/);
    await host.verb(['ctl', 'quarantine-clear', 'sinner'], { words: 2 });
    await quarantined(host, 'sinner', 2); // the cause is not mended
    const wrong = await host.verb(['ctl', 'quarantine-clear', 'good'], { words: 2, code: 1 });
    assert.match(wrong.stderr, /not quarantined/);
    assert.equal((await host.stop()).code, 0);
  },
);

function answers(host) {
  return host.lines.filter((line) => line.message === 'sin answered');
}

async function assertRefused(host, count) {
  if (answers(host).length < count)
    await host.log('the sins are answered', () => answers(host).length >= count);
  for (const { sin, status } of answers(host)) assert.ok(Number(status) < 0, `${sin} was allowed`);
}

scenario('handles that are stale, invented or used twice are refused', async (stage) => {
  const host = await stage.start(
    withGood({
      stale: { library: built('bad_stale_handle') },
      twice: { library: built('bad_completes_twice') },
      late: { library: built('bad_sends_after_stop') },
    }),
  );
  await assertRefused(host, 6);
  await host.verb(['ctl', 'stop', 'late'], { words: 2 });
  await assertRefused(host, 7);
  const status = await host.status();
  assert.deepEqual(
    [status.stale.state, status.twice.state, status.late.state],
    ['running', 'running', 'stopped'],
  );
  assert.equal((await host.stop()).code, 0);
});

scenario('a required plugin that is lost takes readiness away, not the host', async (stage) => {
  const host = await stage.start(
    withGood({ sinner: { library: built('bad_throws_in_event'), restart } }),
  );
  await quarantined(host, 'sinner');
  await host.log('not ready any more', (line) => /not ready any more/.test(line.message));
  assert.equal((await host.get('/readyz')).status, 503);
  assert.equal((await host.stop()).code, 0);
});

scenario('a library that was replaced while it is loaded is told of', async (stage) => {
  const library = path.join(stage.newFolder(), 'mine.so');
  fs.copyFileSync(built('good_minimal'), library);
  const host = await stage.start(withGood({ mine: { library } }));
  const calm = await host.verb(['ctl', 'restart', 'mine'], { words: 2 });
  assert.deepEqual(JSON.parse(calm.stdout), { status: 'done' });
  fs.copyFileSync(built('good_minimal_next'), `${library}.new`);
  fs.renameSync(`${library}.new`, library);
  const notice = 'the file on disk is newer; restart the host to load it';
  const told = await host.verb(['ctl', 'restart', 'mine'], { words: 2 });
  assert.deepEqual(JSON.parse(told.stdout), { status: 'done', notice });
  const shown = (await host.verb(['ctl', 'status'], { words: 2 })).stdout;
  assert.match(shown, new RegExp(`^mine +running +1\\.0\\.0 .*\\(${notice}\\)$`, 'm'));
  assert.equal((await host.stop()).code, 0);
});
