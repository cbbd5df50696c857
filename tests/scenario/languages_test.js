// tests/scenario/languages_test.js - plugins in C, C++ and Rust, built outside the tree from the
// installed SDK and its templates, exchange messages in one host.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');

const cli = require('./lib/cli');
const manifest = require('./lib/manifest');
const settings = require('./lib/settings');
const { scenario } = require('./lib/scenario');

const build_ms = 300_000; // compilers on a busy machine

async function tool(program, ...args) {
  const ended = await cli.run(program, args, { patience_ms: build_ms });
  assert.equal(ended.code, 0, `${program} ${args.join(' ')}\n${ended.stdout}\n${ended.stderr}`);
  return ended.stdout;
}

async function has(program) {
  try {
    return (await cli.run(program, ['--version'])).code === 0;
  } catch {
    return false;
  }
}

// The SDK alone, installed as `cmake --install` of a release would.
async function installSdk(folder) {
  const prefix = path.join(folder, 'prefix');
  const build = path.join(folder, 'sdk');
  await tool(
    'cmake',
    '-S',
    settings.top,
    '-B',
    build,
    '-G',
    'Ninja',
    `-DCMAKE_INSTALL_PREFIX=${prefix}`,
    '-DCMAKE_BUILD_TYPE=Release',
    '-DBACKPLANE_HOST=OFF',
    '-DBACKPLANE_PLUGINS=OFF',
    '-DBUILD_TESTING=OFF',
  );
  await tool('cmake', '--build', build);
  await tool('cmake', '--install', build);
  return prefix;
}

async function buildPlugin(folder, source, name, prefix) {
  const build = path.join(folder, name);
  await tool(
    'cmake',
    '-S',
    source,
    '-B',
    build,
    '-G',
    'Ninja',
    `-DCMAKE_PREFIX_PATH=${prefix}`,
    '-DCMAKE_BUILD_TYPE=Release',
    '-DBUILD_TESTING=OFF',
  );
  await tool('cmake', '--build', build);
  const file = path.join(build, 'plugins', `${name}.so`);
  const symbols = (await tool('nm', '-D', '--defined-only', file)).trim().split('\n');
  assert.equal(symbols.length, 1, `${name} exports ${symbols}`);
  assert.match(symbols[0], / bp_plugin_v1$/);
  return file;
}

scenario(
  'plugins in C, C++ and Rust from the templates exchange messages',
  async (stage, context) => {
    if (!(await has('cmake')) || !(await has('ninja'))) {
      context.skip('no cmake or ninja to build plugins with');
      return;
    }
    const folder = stage.newFolder();
    const prefix = await installSdk(folder);
    const templates = path.join(prefix, 'share', 'backplane', 'templates');
    const plugins = {
      speaker: {
        library: await buildPlugin(folder, path.join(__dirname, 'speaker'), 'speaker', prefix),
      },
      relay: { library: await buildPlugin(folder, path.join(templates, 'c'), 'relay', prefix) },
    };
    const rust = await has('rustc');
    if (rust) {
      const out = path.join(folder, 'rust');
      await tool('sh', path.join(templates, 'rust', 'build.sh'), out);
      plugins.loud = { library: path.join(out, 'loud.so') };
    } else {
      context.diagnostic('no rustc: the messages go through C++ and C only');
    }
    const host = await stage.start(manifest.bare(plugins));
    const last = rust ? 'speaker.out' : 'relay.out';
    const heard = host.verb(['tap', last, '--count', '3']);
    for (;;) {
      const { body } = await host.get('/v1/channels');
      if (JSON.parse(body).find(({ name }) => name === last).receivers >= (rust ? 1 : 2)) break;
    }
    const said = ['one', 'two', 'drei'];
    for (const word of said) await host.verb(['pub', 'speaker.in', JSON.stringify(word)]);
    const lines = (await heard).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    if (rust)
      assert.deepEqual(
        lines,
        said.map((word) => word.toUpperCase()),
      );
    else
      assert.deepEqual(
        lines.map((text) => Buffer.from(text, 'base64').toString()),
        said.map((word) => JSON.stringify(word)),
      );
    assert.deepEqual(await host.stop(), { code: 0, signal: null });
    assert.ok(fs.existsSync(path.join(prefix, 'include', 'backplane', 'backplane.h')));
  },
);
