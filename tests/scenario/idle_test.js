// tests/scenario/idle_test.js - a host with four plugins and nothing to do: what it costs. The
// promise, one clock tick in 60 s and 40 MiB, is of the release build; of others the ticks are only
// printed, but in none of them may a thread wake by the clock.
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

// How often a thread of the process went to sleep: each time it had been awake. Whatever looks for
// work by the clock shows here, in every build and on every machine.
function naps(pid) {
  return fs
    .readdirSync(`/proc/${pid}/task`)
    .map((task) => fs.readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'))
    .reduce((sum, status) => sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]), 0);
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
  await seconds(3); // the start's own work is over, and what looks after it for a while
  const before = ticks(host.pid);
  const naps_before = naps(host.pid);
  await seconds(watch_s);
  const used = ticks(host.pid) - before;
  const woken = naps(host.pid) - naps_before;
  const resident = residentKib(host.pid);
  context.diagnostic(`${used} clock ticks and ${woken} naps in ${watch_s} s, ${resident} KiB resident`);
  assert.ok(woken < watch_s / 2, `${woken} times a thread woke in ${watch_s} s`);
  if (release) {
    assert.ok(used <= ticks_max, `${used} clock ticks in ${watch_s} s`);
    assert.ok(resident <= resident_max_kib, `${resident} KiB resident`);
  } else if (!settings.sanitizer) {
    assert.ok(resident <= resident_debug_max_kib, `${resident} KiB resident`);
  }
  assert.equal((await host.stop()).code, 0);
});
