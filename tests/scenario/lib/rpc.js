// tests/scenario/lib/rpc.js - a JSON-RPC 2.0 client on the npm package `ws`, with promises.
'use strict';

const WebSocket = require('ws');

const { until } = require('./waiting');

class RpcError extends Error {
  constructor(error) {
    super(`${error.code} ${error.message}`);
    this.code = error.code;
    this.data = error.data;
  }
}

class Client {
  static async connect(url, options = {}) {
    const client = new Client(url, options);
    await until(`a connection to ${url}`, (resolve, reject) => {
      client.socket.once('open', resolve);
      client.socket.once('error', reject);
    });
    client.socket.on('error', () => {}); // told by "close"
    return client;
  }

  constructor(url, options) {
    this.notes = []; // notifications and answers without a known id
    this.closed = null; // {code, reason}
    this.waiting = new Map();
    this.watchers = new Set();
    this.lastId = 0;
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.socket.on('message', (data) => this.#take(JSON.parse(data.toString())));
    this.socket.on('close', (code, reason) => this.#close(code, reason.toString()));
  }

  #take(message) {
    const waiting = Array.isArray(message) ? undefined : this.waiting.get(message.id);
    if (waiting) {
      this.waiting.delete(message.id);
      if ('error' in message) waiting.reject(new RpcError(message.error));
      else waiting.resolve(message.result);
      return;
    }
    this.notes.push(message);
    for (const watcher of [...this.watchers]) watcher();
  }

  #close(code, reason) {
    this.closed = { code, reason };
    for (const { reject } of this.waiting.values())
      reject(new Error(`closed (${code} ${reason}) before the answer`));
    this.waiting.clear();
    for (const watcher of [...this.watchers]) watcher();
  }

  request(method, params) {
    return new Promise((resolve, reject) => {
      const id = ++this.lastId;
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), (error) => {
        if (error && this.waiting.delete(id)) reject(error);
      });
    });
  }

  publish(event) {
    return this.request('publish', { event });
  }

  call(service, method, params) {
    return this.request('call', { service, method, params });
  }

  send(text) {
    this.socket.send(text);
  }

  // Resolves when `done()` answers something true; asked again after every note and at the close.
  when(what, done) {
    return until(what, (resolve, reject) => {
      const watcher = () => {
        const found = done();
        if (found) resolve(found);
        else if (this.closed)
          reject(
            new Error(
              `closed (${this.closed.code} ${this.closed.reason}) while waiting for ${what}`,
            ),
          );
      };
      this.watchers.add(watcher);
      watcher();
      return () => this.watchers.delete(watcher);
    });
  }

  // Takes the next note out.
  async note(what = 'a message') {
    await this.when(what, () => this.notes.length > 0);
    return this.notes.shift();
  }

  end() {
    return this.when('the close of the connection', () => this.closed);
  }

  async close() {
    this.socket.close();
    return this.end();
  }

  abort() {
    this.socket.terminate();
  }
}

// Publishes all events, at most `window` of them unanswered. `onAnswer(event)` as each is answered;
// the first failure ends it.
function publishAll(client, events, window, onAnswer = () => {}) {
  return new Promise((resolve, reject) => {
    let next = 0;
    let open = 0;
    let failed = false;
    const fail = (error) => {
      failed = true;
      reject(error);
    };
    const more = () => {
      while (!failed && open < window && next < events.length) {
        const event = events[next++];
        ++open;
        client.publish(event).then(() => {
          --open;
          onAnswer(event);
          more();
        }, fail);
      }
      if (open === 0 && next === events.length) resolve();
    };
    more();
  });
}

module.exports = { Client, RpcError, WebSocket, publishAll };
