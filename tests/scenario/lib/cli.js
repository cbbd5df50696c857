// tests/scenario/lib/cli.js - runs a program to its end: what it printed and how it ended.
'use strict';

const { spawn } = require('node:child_process');

const settings = require('./settings');
const { until } = require('./waiting');

const running = new Set();

// The tests' own settings and nothing of the person's who runs them.
function environment(extra = {}) {
  const env = { ...process.env, ...extra };
  if (!('BACKPLANE_LOG' in extra)) delete env.BACKPLANE_LOG;
  delete env.NOTIFY_SOCKET;
  return env;
}

async function run(program, args, options = {}) {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(options.input === undefined ? '' : options.input);
  try {
    const ended = await until(
      `the end of ${program} ${args.join(' ')}`,
      (resolve, reject) => {
        child.on('error', (error) => reject(new Error(`starting ${program}: ${error.message}`)));
        child.on('close', (code, signal) => resolve({ code, signal }));
      },
      options.patience_ms,
    );
    return { ...ended, stdout, stderr };
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    running.delete(child);
  }
}

function backplane(args, options) {
  return run(settings.binary, args, options);
}

// For output that is expected: throws with everything known when the exit code is another.
async function expectCode(code, args, options) {
  const ended = await backplane(args, options);
  if (ended.code !== code) {
    throw new Error(
      `backplane ${args.join(' ')} ended with ${ended.code ?? ended.signal}, not ${code}\n` +
        `stdout: ${ended.stdout}\nstderr: ${ended.stderr}`,
    );
  }
  return ended;
}

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

module.exports = { run, backplane, expectCode, environment };
