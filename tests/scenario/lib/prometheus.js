// tests/scenario/lib/prometheus.js - one running Prometheus server of the system, known by what it
// logs and answers.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');
const { spawn } = require('node:child_process');

const cli = require('./cli');
const { until } = require('./waiting');

const running = new Set();
const again_ms = 100; // between two looks at something that only Prometheus decides

class Prometheus {
  // `config` is its YAML. Its data lie in `folder`.
  constructor(folder, config) {
    const file = path.join(folder, 'prometheus.yml');
    fs.writeFileSync(file, config);
    this.output = [];
    this.url = null;
    this.watchers = new Set();
    this.child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${path.join(folder, 'tsdb')}`,
        '--web.listen-address=127.0.0.1:0',
        '--enable-feature=exemplar-storage',
      ],
      { cwd: folder, env: cli.environment(), stdio: ['ignore', 'ignore', 'pipe'] },
    );
    running.add(this.child);
    readline.createInterface({ input: this.child.stderr }).on('line', (line) => {
      this.output.push(line);
      const listening = /msg="Listening on" address=(\S+)/.exec(line);
      if (listening) this.url = `http://${listening[1]}`;
      for (const watcher of [...this.watchers]) watcher();
    });
    this.child.on('error', (error) => this.#end(error.message));
    this.child.on('close', (code, signal) => this.#end(String(code ?? signal)));
  }

  #end(how) {
    running.delete(this.child);
    this.ended = how;
    for (const watcher of [...this.watchers]) watcher();
  }

  ready() {
    return this.#watch('Prometheus to be ready', () =>
      this.url && this.output.some((line) => line.includes('ready to receive web requests')),
    );
  }

  #watch(what, holds) {
    return until(what, (resolve, reject) => {
      const watcher = () => {
        if (holds()) resolve(this);
        else if (this.ended !== undefined)
          reject(new Error(`Prometheus ended (${this.ended}):\n${this.output.join('\n')}`));
      };
      this.watchers.add(watcher);
      watcher();
      return () => this.watchers.delete(watcher);
    });
  }

  async api(route, parameters = {}) {
    const answer = await fetch(`${this.url}/api/v1/${route}?${new URLSearchParams(parameters)}`);
    const body = await answer.json();
    if (body.status !== 'success') throw new Error(`${route}: ${JSON.stringify(body)}`);
    return body.data;
  }

  // [{metric, value: [time, text]}] of an instant query.
  async query(expression) {
    return (await this.api('query', { query: expression })).result;
  }

  // What `look` gives, as soon as it gives something.
  eventually(what, look) {
    return until(what, (resolve, reject) => {
      let timer = null;
      let stopped = false;
      const once = () =>
        look().then((found) => {
          if (stopped) return;
          if (found) resolve(found);
          else timer = setTimeout(once, again_ms);
        }, reject);
      once();
      return () => {
        stopped = true;
        clearTimeout(timer);
      };
    });
  }

  // Without an end of its own: its data are thrown away.
  async stop() {
    this.child.kill('SIGKILL');
    await until('the end of Prometheus', (resolve) => {
      const watcher = () => this.ended !== undefined && resolve();
      this.watchers.add(watcher);
      watcher();
      return () => this.watchers.delete(watcher);
    });
  }
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

module.exports = { Prometheus };
