// tests/scenario/lib/host.js - one running `backplane serve`, known by what it logs.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');
const { spawn } = require('node:child_process');

const cli = require('./cli');
const settings = require('./settings');
const { until } = require('./waiting');

const running = new Set();

class Host {
  // Writes `manifest` (an object, or text as it is) into `folder` and starts; ready() waits.
  constructor(folder, manifest, options = {}) {
    this.folder = folder;
    this.file = path.join(folder, 'plugins.json');
    const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest, null, 2);
    fs.writeFileSync(this.file, text);
    this.lines = []; // log lines that are JSON
    this.output = []; // everything, as it came
    this.watchers = new Set();
    this.ended = null; // {code, signal}
    this.child = spawn(
      options.binary || settings.binary,
      ['serve', '-c', this.file, ...(options.args || [])],
      {
        cwd: folder,
        env: cli.environment(options.env),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    running.add(this.child);
    this.child.stdout.setEncoding('utf8').on('data', (part) => this.output.push(part));
    readline.createInterface({ input: this.child.stderr }).on('line', (line) => this.#take(line));
    this.child.on('error', (error) => this.#end({ code: null, signal: error.message }));
    // "close" comes after the last line was read, "exit" may come before.
    this.child.on('close', (code, signal) => this.#end({ code, signal }));
  }

  get pid() {
    return this.child.pid;
  }

  get socket() {
    return path.join(this.folder, 'run', 'admin.sock');
  }

  get text() {
    return this.output.join('\n');
  }

  #take(line) {
    this.output.push(line);
    let record = null;
    try {
      record = JSON.parse(line);
    } catch {
      return;
    }
    this.lines.push(record);
    for (const watcher of [...this.watchers]) watcher(record);
  }

  #end(ended) {
    running.delete(this.child);
    this.ended = ended;
    for (const watcher of [...this.watchers]) watcher(null);
  }

  // The first log line, past or to come, for which `wanted` holds; fails when the host ends before.
  log(what, wanted, options = {}) {
    const known = this.lines.slice(options.after || 0).find(wanted);
    if (known) return Promise.resolve(known);
    return until(
      `the log line: ${what}`,
      (resolve, reject) => {
        const watcher = (record) => {
          if (record === null) {
            const { code, signal } = this.ended;
            reject(
              new Error(
                `the host ended (${code ?? signal}) before it logged: ${what}\n${this.text}`,
              ),
            );
          } else if (wanted(record)) {
            resolve(record);
          }
        };
        this.watchers.add(watcher);
        if (this.ended) watcher(null);
        return () => this.watchers.delete(watcher);
      },
      options.patience_ms,
    );
  }

  message(message, options) {
    return this.log(message, (line) => line.message === message, options);
  }

  // Ready, and where the WebSocket server listens.
  async ready() {
    await this.message('ready');
    const listening = this.lines.filter((line) => line.message === 'listening').pop();
    if (listening) {
      this.url = `ws://${listening.address}/`;
      this.metricsUrl = listening.metrics === 'off' ? null : `http://${listening.metrics}/metrics`;
    }
    return this;
  }

  end(patience_ms) {
    if (this.ended) return Promise.resolve(this.ended);
    return until(
      'the end of the host',
      (resolve) => {
        const watcher = (record) => {
          if (record === null) resolve(this.ended);
        };
        this.watchers.add(watcher);
        return () => this.watchers.delete(watcher);
      },
      patience_ms,
    );
  }

  signal(name) {
    return this.child.kill(name);
  }

  // SIGTERM and the exit that follows.
  async stop() {
    this.signal('SIGTERM');
    return this.end();
  }

  // What kill -9 does: nothing of the process runs after it.
  async kill() {
    this.signal('SIGKILL');
    return this.end();
  }

  // A verb of the command line against this host; throws when the exit code is not `code`.
  verb(args, options = {}) {
    const words = [
      ...args.slice(0, options.words || 1),
      '--socket',
      this.socket,
      ...args.slice(options.words || 1),
    ];
    return cli.expectCode(options.code || 0, words, options);
  }

  async call(method, request = {}) {
    const ended = await this.verb(['call', method, '-'], { input: JSON.stringify(request) });
    return JSON.parse(ended.stdout);
  }

  // GET over the control socket.
  get(route) {
    return until(`the answer to GET ${route}`, (resolve, reject) => {
      http
        .get({ socketPath: this.socket, path: route, agent: false }, (answer) => {
          let body = '';
          answer.setEncoding('utf8').on('data', (text) => {
            body += text;
          });
          answer.on('end', () => resolve({ status: answer.statusCode, body }));
        })
        .on('error', reject);
    });
  }

  // POST over the control socket; rejects when the host goes away meanwhile.
  post(route, body) {
    return until(`the answer to POST ${route}`, (resolve, reject) => {
      http
        .request({ socketPath: this.socket, path: route, method: 'POST', agent: false }, (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (part) => {
            text += part;
          });
          answer.on('error', reject);
          answer.on('end', () => resolve({ status: answer.statusCode, body: text }));
        })
        .on('error', reject)
        .end(body);
    });
  }

  async status() {
    const ended = await this.verb(['ctl', 'status', '--json'], { words: 2 });
    return Object.fromEntries(JSON.parse(ended.stdout).map((plugin) => [plugin.id, plugin]));
  }
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

module.exports = { Host };
