// tests/scenario/lib/paper.js - certificates made on the spot with the openssl command.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');

function openssl(...args) {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

// A root in `folder`, which signs certificates for servers and clients.
class Authority {
  constructor(folder) {
    this.folder = folder;
    fs.mkdirSync(folder, { recursive: true });
    this.file = path.join(folder, 'ca.pem');
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-subj', '/CN=scenario root', '-days', '2', '-out', this.file],
      ...['-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', this.at('ca.key')],
    );
  }

  at(name) {
    return path.join(this.folder, name);
  }

  // <stem>.pem and <stem>.key, renamed into place, the key first.
  issue(stem, name, alternative = 'DNS:localhost,IP:127.0.0.1') {
    const [key, request, made] = ['key.new', 'csr', 'pem.new'].map((end) =>
      this.at(`${stem}.${end}`),
    );
    fs.writeFileSync(this.at('ext'), `subjectAltName=${alternative}\n`);
    openssl(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-subj', `/CN=${name}`, '-keyout', key, '-out', request],
    );
    openssl(
      ...['x509', '-req', '-in', request, '-CA', this.file, '-CAkey', this.at('ca.key')],
      ...['-CAcreateserial', '-days', '2', '-extfile', this.at('ext'), '-out', made],
    );
    fs.chmodSync(key, 0o600);
    fs.renameSync(key, this.at(`${stem}.key`));
    fs.renameSync(made, this.at(`${stem}.pem`));
    const read = (end) => fs.readFileSync(this.at(`${stem}.${end}`));
    return { cert: read('pem'), key: read('key') };
  }

  get root() {
    return fs.readFileSync(this.file);
  }
}

module.exports = { Authority };
