// tests/scenario/readme_test.js - the README's commands, run as they stand there, print what it says.
//
// Ports are free ones, the build is the one under test, and what differs from run to run (times, ids of
// keys, ciphertexts) is not compared. Nothing else is bent: whoever changes the one changes the other.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const cli = require('./lib/cli');
const settings = require('./lib/settings');
const { blocksOf, commandsOf, Shell } = require('./lib/readme');
const { scenario } = require('./lib/scenario');

const build_ms = 300_000; // compilers on a busy machine
const readme = fs.readFileSync(path.join(settings.top, 'README.md'), 'utf8');

// As much of a checkout as the README touches.
function checkout(stage) {
  const folder = path.join(stage.folder, 'backplane');
  fs.mkdirSync(path.join(folder, 'build'), { recursive: true });
  fs.symlinkSync(
    path.dirname(path.dirname(settings.binary)),
    path.join(folder, 'build', 'release'),
  );
  fs.symlinkSync(path.join(settings.top, 'sdk'), path.join(folder, 'sdk'));
  return folder;
}

// What is another in every run.
function steady(text) {
  return text
    .trim()
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/\b[0-9a-f]{16}\b/g, '<hex>')
    .replace(/\d{6,}/g, '<number>')
    .replace(/"[A-Za-z0-9+/]{24,}={0,2}"/g, '"<bytes>"')
    .replace(/[ \t]+/g, ' ')
    .split('\n')
    .map((line) => line.trim());
}

const listens = /^backplane (?:sub|tap) (\S+)/;

// Runs a command that listens, behind the next ones: {command, end}, once its channel has it.
async function listen(host, shell, command) {
  const [, channel] = listens.exec(command);
  const receivers = async () => {
    const { body } = await host.get('/v1/channels');
    return JSON.parse(body).find(({ name }) => name === channel)?.receivers ?? 0;
  };
  const before = await receivers();
  let ended = false;
  const end = shell.run([command], settings.patience_ms).finally(() => {
    ended = true;
  });
  end.catch(() => {}); // told to whoever awaits it
  while ((await receivers()) <= before)
    assert.ok(!ended, `\`${command}\` ended before it listened`);
  return { command, end };
}

function assertPromised(command, said, promised) {
  assert.deepEqual(steady(said), steady(promised), `$ ${command}\n${said}`);
}

async function play(host, shell, block) {
  const commands = commandsOf(block.text);
  const said = await shell.run(
    commands.map(({ command }) => command),
    settings.patience_ms,
  );
  commands.forEach(({ command, output }, i) => assertPromised(command, said[i].output, output));
}

// Each message of the log, in its order.
function assertLogged(host, text) {
  const promised = text.trim().split('\n');
  const messages = host.lines.slice(0, promised.length).map((line) => line.message);
  assert.equal(messages.at(-1), 'ready', host.text);
  messages.forEach((message, i) => {
    const words = message.replace(`${host.folder}/`, '');
    assert.ok(promised[i].includes(words), `the README has\n${promised[i]}\nthe host:\n${words}`);
  });
}

function shape(value, depth) {
  if (value === null || typeof value !== 'object' || depth === 0) return typeof value;
  if (Array.isArray(value)) return 'array';
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, shape(inner, depth - 1)]),
  );
}

// The program in JavaScript: answers come in any order.
async function assertProgram(host, program, promised) {
  const lines = promised.trim().split('\n');
  const code =
    program.replace('ws://127.0.0.1:9400', host.url) +
    `let left = ${lines.length}; hub.on('message', () => --left || hub.close());`;
  const { stdout, stderr } = await cli.run(process.execPath, ['-e', code], { cwd: __dirname });
  const shapes = (texts) =>
    texts
      .map((text) => JSON.parse(text))
      .sort((a, b) => (a.id ?? 0) - (b.id ?? 0))
      .map((message) => shape(message, 2));
  assert.deepEqual(shapes(stdout.trim().split('\n')), shapes(lines), stderr);
}

scenario('five minutes', async (stage) => {
  const folder = checkout(stage);
  const manifest = fs
    .readFileSync(path.join(settings.top, 'plugins.json'), 'utf8')
    .replace('127.0.0.1:9400', '127.0.0.1:0')
    .replace('127.0.0.1:9464', '127.0.0.1:0');
  const host = await stage.launch(manifest, { folder }).ready();
  const metrics = new URL(host.metricsUrl).host;
  const shell = new Shell(folder, stage.folder);
  let heard = null;
  for (const block of blocksOf(readme, 'Five minutes')) {
    const text = block.text.replaceAll('127.0.0.1:9464', metrics);
    const [first, ...more] = commandsOf(text);
    if (block.language === 'text') {
      assertLogged(host, text);
    } else if (block.language === 'sh') {
      await shell.script(text, settings.patience_ms);
    } else if (more.length === 0 && listens.test(first.command)) {
      heard = { ...(await listen(host, shell, first.command)), promised: first.output };
    } else {
      await play(host, shell, { ...block, text });
      if (heard) {
        const [{ output }] = await heard.end;
        assertPromised(heard.command, output, heard.promised);
        heard = null;
      }
    }
  }
  const [program, answers] = blocksOf(readme, 'From a program: JSON-RPC 2.0 over WebSocket');
  await assertProgram(host, program.text, answers.text);
  await shell.script('backplane ctl shutdown', settings.patience_ms);
  assert.deepEqual(await host.end(), { code: 0, signal: null }, host.text);
});

function withoutComments(code) {
  return code.replace(/\/\/.*$/gm, '').replace(/\s+/g, '');
}

scenario('your first plugin in ten minutes', async (stage) => {
  const shell = new Shell(checkout(stage), stage.folder);
  const [build, source, manifest, use] = blocksOf(readme, 'Your first plugin in ten minutes');
  assert.deepEqual(
    [build, source, manifest, use].map(({ language }) => language),
    ['sh', 'cpp', 'json', 'sh'],
  );
  const said = await shell.script(build.text, build_ms);
  assert.match(said, /100% tests passed/);
  assert.match(said, /org\.example\.thermometer 0\.1\.0/);
  const thermometer = shell.folder;
  const copied = fs.readFileSync(path.join(thermometer, 'plugin.cpp'), 'utf8');
  assert.equal(withoutComments(source.text), withoutComments(copied), 'the template is shown');

  let host = null;
  let heard = null;
  for (const line of use.text.trim().split('\n')) {
    const command = line.replace(/\s+#.*$/, '');
    const [, behind] = /^(.*) & sleep \d+$/.exec(command) ?? [];
    if (behind === 'backplane serve') {
      const binary = (await shell.script('command -v backplane', settings.patience_ms)).trim();
      host = await stage.launch(manifest.text, { folder: thermometer, binary }).ready();
    } else if (behind) {
      heard = await listen(host, shell, behind);
    } else {
      await shell.script(command, settings.patience_ms);
    }
  }
  const [{ output }] = await heard.end;
  assert.deepEqual(JSON.parse(output).message, { sensor: 'roof', degrees: 68 });
  assert.equal((await host.stop()).code, 0);
});
