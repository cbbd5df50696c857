// tests/scenario/lib/settings.js - where the binary, the plugins and the bad plugins are.
//
// ctest says so by environment variables; by hand the dev preset's folders are taken.
'use strict';

const path = require('node:path');

const top = path.resolve(__dirname, '..', '..', '..');
const built = path.join(top, 'build', 'dev');

function number(name, otherwise) {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${name}=${text} is no positive integer`);
  return value;
}

module.exports = {
  top,
  number,
  binary: process.env.BACKPLANE_BIN || path.join(built, 'bin', 'backplane'),
  plugins: process.env.BACKPLANE_PLUGINS || path.join(built, 'plugins'),
  badPlugins: process.env.BAD_PLUGINS || path.join(built, 'bad_plugins'),
  // "address", "thread" or "": sanitizers change memory and time.
  sanitizer: process.env.BACKPLANE_SANITIZER || '',
  // How long anything may be waited for before the scenario gives up; a busy machine needs a lot.
  patience_ms: number('SCENARIO_PATIENCE_MS', 60_000),
};
