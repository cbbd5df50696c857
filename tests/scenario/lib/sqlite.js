// tests/scenario/lib/sqlite.js - looks into a database with the sqlite3 shell, as operators do.
'use strict';

const cli = require('./cli');

async function query(database, sql) {
  const ended = await cli.run('sqlite3', ['-readonly', '-json', database, sql]);
  if (ended.code !== 0) throw new Error(`sqlite3 ${database}: ${ended.stderr}`);
  return ended.stdout.trim() === '' ? [] : JSON.parse(ended.stdout);
}

module.exports = { query };
