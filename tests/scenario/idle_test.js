// tests/scenario/idle_test.js - a host with four plugins and nothing to do: what it costs. The
// promise, one clock tick in 60 s and 40 MiB, is of the release build; others are only printed.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');

const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { scenario } = require('./lib/scenario');

const watch_s = settings.number('IDLE_S', 10);
const release = process.env.BACKPLANE_RELEASE_BIN || '';
const ticks_max = 1;
const resident_max_kib = 40 << 10;
const resident_debug_max_kib = 120 << 10; // debug code is larger, but no plugin may hoard

// utime + stime of the process, in clock ticks.
function ticks(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function residentKib(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

// Time is what is measured here, so this is a wait and no synchronisation.
function seconds(count) {
  return new Promise((resolve) => {
    setTimeout(resolve, count * 1000);
  });
}

scenario('an idle host costs next to nothing', async (stage, context) => {
  const wanted = manifest.standard();
  const options = {};
  if (release) {
    options.binary = release;
    wanted.host.plugin_path = process.env.BACKPLANE_RELEASE_PLUGINS;
  }
  const host = await stage.start(wanted, options);
  await seconds(1); // the start's own work is over
  const before = ticks(host.pid);
  await seconds(watch_s);
  const used = ticks(host.pid) - before;
  const resident = residentKib(host.pid);
  context.diagnostic(`${used} clock ticks in ${watch_s} s, ${resident} KiB resident`);
  if (release) {
    assert.ok(used <= ticks_max, `${used} clock ticks in ${watch_s} s`);
    assert.ok(resident <= resident_max_kib, `${resident} KiB resident`);
  } else if (!settings.sanitizer) {
    assert.ok(resident <= resident_debug_max_kib, `${resident} KiB resident`);
  }
  assert.equal((await host.stop()).code, 0);
});
