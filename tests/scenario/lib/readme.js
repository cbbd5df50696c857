// tests/scenario/lib/readme.js - the fenced blocks of a README, and a shell that runs them.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const cli = require('./cli');

// The blocks of one section (heading of any level, without its marks): {language, text}.
function blocksOf(markdown, heading) {
  const blocks = [];
  let inside = false;
  let block = null;
  for (const line of markdown.split('\n')) {
    if (block) {
      if (line === '```') block = null;
      else block.text += `${line}\n`;
    } else if (/^#+ /.test(line)) {
      inside = line.replace(/^#+ /, '') === heading;
    } else if (inside && line.startsWith('```')) {
      block = { language: line.slice(3), text: '' };
      blocks.push(block);
    }
  }
  if (blocks.length === 0) throw new Error(`no section "${heading}" with a block in it`);
  return blocks;
}

// "$ command" and the lines it prints.
function commandsOf(text) {
  const commands = [];
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), output: '' });
    else if (commands.length > 0) commands.at(-1).output += `${line}\n`;
  }
  return commands;
}

// One person's shell: its folder and what it exports last from script to script.
class Shell {
  constructor(folder, home) {
    this.folder = folder;
    this.home = home;
    this.state = path.join(home, 'shell-state');
    fs.writeFileSync(this.state, '');
  }

  // Everything, stopping at the first failure; what it printed.
  async script(text, patience_ms) {
    const where = `${this.state}-folder`;
    const ended = await this.#bash(
      `set -e\n${text}\nexport -p >'${this.state}'\npwd >'${where}'\n`,
      patience_ms,
    );
    if (ended.code !== 0)
      throw new Error(`exit ${ended.code ?? ended.signal} of\n${text}\n${ended.stdout}`);
    this.folder = fs.readFileSync(where, 'utf8').trimEnd();
    return ended.stdout;
  }

  // One after the other, whatever they end with: [{code, output}].
  async run(commands, patience_ms) {
    const mark = '--- exit code: ';
    const told = commands.map(
      (command) => `${command}\ncode=$?; printf '\\n${mark}%s\\n' "$code"; (exit "$code")\n`,
    );
    const ended = await this.#bash(told.join(''), patience_ms);
    const parts = ended.stdout.split(`\n${mark}`);
    if (parts.length !== commands.length + 1)
      throw new Error(`${commands.join('\n')}\nended early:\n${ended.stdout}`);
    return commands.map((_, i) => ({
      code: Number.parseInt(parts[i + 1], 10),
      output: i === 0 ? parts[0] : parts[i].slice(parts[i].indexOf('\n') + 1),
    }));
  }

  #bash(script, patience_ms) {
    return cli.run('bash', ['-c', `exec 2>&1\n. '${this.state}'\n${script}`], {
      cwd: this.folder,
      env: { HOME: this.home },
      patience_ms,
    });
  }
}

module.exports = { blocksOf, commandsOf, Shell };
