// tests/scenario/lib/manifest.js - the default plugins.json at the top, made fit for a test: own
// folders, free ports. So every scenario runs what users run.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const settings = require('./settings');

// JSON with // comments and trailing commas, as the host reads it.
function parseCommented(text) {
  const tokens = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|,(?=\s*(?:\/\/[^\n]*\s*)*[}\]])/g;
  return JSON.parse(text.replace(tokens, (token) => (token.startsWith('"') ? token : '')));
}

function standard() {
  const manifest = parseCommented(fs.readFileSync(path.join(settings.top, 'plugins.json'), 'utf8'));
  manifest.host = { data_dir: './var', runtime_dir: './run', plugin_path: settings.plugins };
  manifest.log = { format: 'json' };
  const ws = manifest.plugins.ws.config;
  ws.listen = '127.0.0.1:0';
  ws.metrics_listen = '127.0.0.1:0';
  return manifest;
}

// A host without the four plugins.
function bare(plugins = {}) {
  return {
    schema: 1,
    host: { data_dir: './var', runtime_dir: './run', plugin_path: settings.plugins },
    log: { format: 'json' },
    plugins,
  };
}

module.exports = { parseCommented, standard, bare };
