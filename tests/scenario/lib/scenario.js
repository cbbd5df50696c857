// tests/scenario/lib/scenario.js - one scenario: a temporary folder, hosts and clients in it, and
// nothing left when it ends, however it ends.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { Host } = require('./host');
const { Client } = require('./rpc');
const settings = require('./settings');

// Below ctest's watchdog, so that the hosts are stopped by us and not orphaned by ctest.
const limit_ms = settings.number('SCENARIO_LIMIT_MS', 160_000);

class Scenario {
  constructor() {
    this.hosts = [];
    this.clients = [];
    this.folders = [];
    this.folder = this.newFolder();
  }

  newFolder() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bp-'));
    this.folders.push(folder);
    return folder;
  }

  // Starts a host without waiting for anything.
  launch(manifest, options = {}) {
    const host = new Host(options.folder || this.folder, manifest, options);
    this.hosts.push(host);
    return host;
  }

  start(manifest, options) {
    return this.launch(manifest, options).ready();
  }

  async connect(url, options) {
    const client = await Client.connect(url, options);
    this.clients.push(client);
    return client;
  }

  async close(failed) {
    for (const client of this.clients) client.abort();
    for (const host of this.hosts) {
      if (!host.ended) await host.kill();
      if (failed)
        process.stderr.write(
          `--- log of the host in ${host.folder}\n${host.text.slice(-20_000)}\n`,
        );
    }
    for (const folder of this.folders) fs.rmSync(folder, { recursive: true, force: true });
  }
}

// `more_ms`: for what is as long as somebody asked for.
function scenario(name, body, more_ms = 0) {
  test(name, async (context) => {
    const stage = new Scenario();
    const watchdog = setTimeout(() => {
      const logs = stage.hosts.map((host) => host.text.slice(-20_000)).join('\n---\n');
      process.stderr.write(`"${name}" took more than ${limit_ms + more_ms} ms\n${logs}\n`);
      process.exit(1); // whoever listens to "exit" ends what was started
    }, limit_ms + more_ms);
    let failed = true;
    try {
      await body(stage, context);
      failed = false;
    } finally {
      clearTimeout(watchdog);
      await stage.close(failed);
    }
  });
}

module.exports = { scenario };
