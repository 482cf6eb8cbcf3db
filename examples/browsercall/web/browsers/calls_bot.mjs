import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const module = fileURLToPath(new URL('../../', import.meta.url));

/** How long a step may take that should take a moment, in milliseconds: the machine may be busy. */
export const slow = 20_000;

/** The Go program, built once for the tests of one file. */
export class Program {
  #folder;
  #within;
  #bots = [];

  /** @param {string[]} within The command that it is run by. */
  static async build(within = []) {
    const p = new Program();
    p.#within = within;
    p.#folder = await mkdtemp(join(tmpdir(), 'browsercall-'));
    await run('go', ['build', '-o', p.#path, '.'], { cwd: module });
    return p;
  }

  get #path() {
    return join(this.#folder, 'browsercall');
  }

  /** Starts it on a free port. */
  async bot(...args) {
    const b = new Bot([...this.#within, this.#path], args);
    this.#bots.push(b);
    b.page = (await b.want('ready')).page;
    return b;
  }

  /**
   * Becomes a contact by a link of a page, with the program that dials from a terminal, and rings: gives its report, of
   * a call that ended in any way, and the last that it said.
   */
  async ringer(link) {
    const dial = join(this.#folder, 'dial');
    await run('go', ['build', '-o', dial, './examples/dial'], { cwd: join(module, '../..') });
    const mine = await mkdtemp(join(this.#folder, 'dial-'));
    const secret = join(mine, 'passphrase');
    await writeFile(secret, 'four words nobody says gladly 7');
    const invitation = link.slice(link.indexOf('#') + 1).replace(/%23([^%#]*)$/, '#$1');
    const relay = new URL('/v1', link.replace('http', 'ws').split('#')[0]).href;
    return new Promise((done) => {
      execFile(dial, ['-json', '-relay', relay, '-identity', join(mine, 'identity'), '-new', '-passphrase-file', secret,
        '-invitation', invitation, '-out', mine, 'them'], { timeout: 2 * slow }, (error, out, errors) => {
        done({ failed: error?.code, report: out.trim() && JSON.parse(out.trim().split('\n').at(-1)), said: errors });
      });
    });
  }

  /** A new folder for recordings. */
  recordings() {
    return mkdtemp(join(this.#folder, 'recordings-'));
  }

  /** What the bots that run have told, for whoever reads why a test failed. */
  log() {
    return this.#bots.map((b) => [...b.told.slice(-30), b.errors.slice(-500)].join('\n  '));
  }

  /** Ends the bots. */
  async quiet() {
    await Promise.all(this.#bots.splice(0).map((b) => b.stop()));
  }

  async stop() {
    await this.quiet();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The program as it runs, and what it tells with -json. */
export class Bot {
  /** The address of its page. */
  page = '';
  /** Lines as they came. */
  told = [];
  errors = '';
  #child;
  #ended;
  #events = [];
  #wakes = new Set();

  constructor([command, ...before], args) {
    this.#child = spawn(command, [...before, '-json', '-listen', '127.0.0.1:0', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#ended = new Promise((done) => { this.#child.on('close', done); });
    this.#child.stderr.on('data', (chunk) => { this.errors += chunk; });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.told.push(line);
      this.#events.push(JSON.parse(line));
      for (const wake of this.#wakes) wake();
    });
  }

  /** Takes the next event of this name, past others, which stay. */
  async want(name, so = () => true) {
    const end = AbortSignal.timeout(slow);
    for (;;) {
      const at = this.#events.findIndex((e) => e.event === name && so(e));
      if (at >= 0) return this.#events.splice(at, 1)[0];
      if (end.aborted) throw new Error(`the program told no ${name} within ${slow} ms`);
      await this.#change(end);
    }
  }

  /** Events of this name that nobody has taken. */
  untaken(name) {
    return this.#events.filter((e) => e.event === name);
  }

  #change(end) {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wakes.delete(wake);
        end.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakes.add(wake);
      end.addEventListener('abort', wake);
    });
  }

  /** Asks it to end, as Ctrl-C does: it hangs up first. */
  interrupt() {
    this.#child.kill('SIGINT');
  }

  /** Ends it as when its machine fails. */
  kill() {
    this.#child.kill('SIGKILL');
  }

  /** Asks it to end, and waits until it has. */
  async stop() {
    this.interrupt();
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(patience);
  }
}
