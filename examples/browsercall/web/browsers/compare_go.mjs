import { execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const built = new Map(); // name → where the program is, once it is

/** Builds a program of examples/browsercall/internal, once for all tests of a file. */
function build(name) {
  if (!built.has(name)) {
    built.set(name, (async () => {
      const folder = await mkdtemp(join(tmpdir(), `${name}-`));
      process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
      const binary = join(folder, name);
      await promisify(execFile)('go', ['build', '-o', binary, `./examples/browsercall/internal/${name}`], { cwd: root });
      return binary;
    })());
  }
  return built.get(name);
}

/** A program of examples/browsercall/internal that prints a JSON object a line, and ends with its input. */
export class GoProgram {
  #child;
  #folder;
  #ended;
  #events = [];
  #waiting = [];
  #told = [];
  #log = '';

  /** Starts it; `args` may be a function of a folder that lives as long as the program. */
  static async start(name, args = []) {
    const p = new GoProgram();
    const binary = await build(name);
    p.#folder = await mkdtemp(join(tmpdir(), `${name}-`));
    p.#child = spawn(binary, typeof args === 'function' ? args(p.#folder) : args, { stdio: ['pipe', 'pipe', 'pipe'] });
    p.#ended = new Promise((done) => { p.#child.on('exit', done); });
    p.#child.on('exit', (code) => p.#over(`${name} ended with ${code}`));
    p.#child.stderr.on('data', (text) => { p.#log += text; });
    createInterface({ input: p.#child.stdout }).on('line', (line) => {
      p.#told.push(line);
      p.#heard(JSON.parse(line));
    });
    return p;
  }

  /** What it told at last, for whoever reads why a test failed. */
  log() {
    return [...this.#told.slice(-30), this.#log.slice(-500)].join('\n  ');
  }

  /** A folder of the program's own. */
  get folder() {
    return this.#folder;
  }

  say(o) {
    this.#child.stdin.write(`${JSON.stringify(o)}\n`);
  }

  /** The next event for which `is` is true, past others; 20 s at most. */
  want(what, is) {
    const at = this.#events.findIndex(is);
    if (at >= 0) {
      return Promise.resolve(this.#events.splice(0, at + 1).at(-1));
    }
    return new Promise((resolve, reject) => {
      const w = { is, resolve, reject };
      const patience = setTimeout(() => w.fail(`no ${what} within 20 s; heard ${JSON.stringify(this.#events)}`), 20_000);
      w.done = () => {
        clearTimeout(patience);
        this.#waiting = this.#waiting.filter((other) => other !== w);
      };
      w.fail = (why) => {
        w.done();
        reject(new Error(`${why}\n${this.#log.slice(-2000)}`));
      };
      this.#waiting.push(w);
    });
  }

  async stop() {
    this.#child.stdin.end();
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), 8000);
    await this.#ended;
    clearTimeout(patience);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #heard(e) {
    const w = this.#waiting.find((one) => one.is(e));
    if (w) {
      w.done();
      this.#events = [];
      w.resolve(e);
    } else {
      this.#events.push(e);
    }
  }

  #over(why) {
    this.#waiting.forEach((w) => w.fail(why));
  }
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Whether there is time for everything that can be measured. */
export const long = process.env.SOTTO_LONG === '1';
