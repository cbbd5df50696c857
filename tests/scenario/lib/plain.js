// tests/scenario/lib/plain.js - a client on Node's `net` that speaks lines or lengths, and JSON-RPC in
// them.
'use strict';

const net = require('node:net');

const { until } = require('./waiting');

const lengthBytes = 4;

class PlainClient {
  static async connect(address, framing = 'line') {
    const at = address.lastIndexOf(':');
    const socket = net.connect({
      host: address.slice(0, at),
      port: Number(address.slice(at + 1)),
      allowHalfOpen: true,
    });
    const client = new PlainClient(socket, framing);
    await until(`a connection to ${address}`, (resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  constructor(socket, framing) {
    this.socket = socket;
    this.framing = framing;
    this.messages = []; // buffers that nobody has taken
    this.ended = false; // the other side has said its last
    this.held = Buffer.alloc(0);
    this.lastId = 0;
    this.watchers = new Set();
    socket.on('data', (bytes) => this.#take(bytes));
    const end = () => {
      this.ended = true;
      this.#tell();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', () => {}); // told by "close"
  }

  #tell() {
    for (const watcher of [...this.watchers]) watcher();
  }

  #take(bytes) {
    this.held = Buffer.concat([this.held, bytes]);
    for (let message = this.#next(); message; message = this.#next()) this.messages.push(message);
    this.#tell();
  }

  #next() {
    const line = this.framing === 'line';
    const from = line ? 0 : lengthBytes;
    if (this.held.length < from) return null;
    const end = line ? this.held.indexOf('\n') : from + this.held.readUInt32BE(0);
    if (end < 0 || end + (line ? 1 : 0) > this.held.length) return null;
    const message = this.held.subarray(from, end);
    this.held = this.held.subarray(line ? end + 1 : end);
    return message;
  }

  send(message) {
    if (this.framing === 'line') {
      this.socket.write(`${message}\n`);
      return;
    }
    const bytes = Buffer.from(message);
    const length = Buffer.alloc(lengthBytes);
    length.writeUInt32BE(bytes.length);
    this.socket.write(Buffer.concat([length, bytes]));
  }

  // The next message that `wanted` holds for, taken out; null when the other side has ended.
  message(what, wanted = () => true) {
    return until(what, (resolve) => {
      const watcher = () => {
        const at = this.messages.findIndex(wanted);
        if (at >= 0) resolve(this.messages.splice(at, 1)[0]);
        else if (this.ended) resolve(null);
      };
      this.watchers.add(watcher);
      watcher();
      return () => this.watchers.delete(watcher);
    });
  }

  // The JSON-RPC answer to this request.
  async ask(method, params) {
    const id = ++this.lastId;
    this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    const answer = await this.message(`the answer to ${method}`, (text) => JSON.parse(text).id === id);
    if (answer === null) throw new Error(`the connection ended before the answer to ${method}`);
    const { result, error } = JSON.parse(answer);
    if (error) throw Object.assign(new Error(error.message), { data: error.data });
    return result;
  }

  // The next JSON-RPC notification of this method.
  async note(method) {
    const text = await this.message(`a notification ${method}`, (one) => JSON.parse(one).method === method);
    return text && JSON.parse(text).params;
  }

  abort() {
    this.socket.destroy();
  }
}

module.exports = { PlainClient };
