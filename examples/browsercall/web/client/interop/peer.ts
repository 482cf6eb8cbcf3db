import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** What a request or an answer holds. Bytes go out as base64 and come back so: see {@link bytesOf}. */
export type Fields = Record<string, unknown>;

const source = fileURLToPath(new URL('../../../internal/peer', import.meta.url));

/**
 * Why tests against Go cannot run here, or undefined if they can. Where SOTTO_REQUIRE=1 it never gives a reason, so that
 * a machine without Go fails instead. For `describe.skipIf(noGo())`.
 */
export function noGo(): string | undefined {
  if (process.env['SOTTO_REQUIRE'] === '1') return undefined;
  return spawnSync('go', ['version']).status === 0 ? undefined : 'the go command is not installed';
}

/** Bytes of one field of an answer; throws if it is none. */
export function bytesOf(answer: Fields, field: string): Uint8Array {
  const text = answer[field];
  if (typeof text !== 'string') throw new Error(`the answer has no bytes in ${field}`);
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/**
 * The Go program of internal/peer, in a process of its own. Requests may overlap; they are handled in the order of the
 * calls. After a test: {@link close}.
 */
export class Peer {
  #child: ChildProcessByStdio<Writable, Readable, null>;
  #directory: string;
  #next = 1;
  #ended: Error | undefined;
  #waiting = new Map<number, { resolve: (f: Fields) => void; reject: (e: Error) => void }>();

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, directory: string) {
    this.#child = child;
    this.#directory = directory;
    createInterface({ input: child.stdout }).on('line', (line) => this.#answer(line));
    child.on('close', () => this.#fail(new Error('the Go peer has ended')));
    child.on('error', (e) => this.#fail(e));
    child.stdin.on('error', (e) => this.#fail(e));
  }

  /** Builds and starts the program. The first build takes seconds: give beforeAll 120 s. */
  static start(): Promise<Peer> {
    const directory = mkdtempSync(join(tmpdir(), 'sotto-peer-'));
    const program = join(directory, process.platform === 'win32' ? 'peer.exe' : 'peer');
    try {
      execFileSync('go', ['build', '-o', program, '.'], { cwd: source, stdio: ['ignore', 'inherit', 'inherit'] });
    } catch (e) {
      rmSync(directory, { recursive: true, force: true });
      return Promise.reject(e instanceof Error ? e : new Error(String(e)));
    }
    const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Promise((resolve, reject) => {
      child.once('spawn', () => resolve(new Peer(child, directory)));
      child.once('error', reject);
    });
  }

  /**
   * Asks for op with these fields (Uint8Array becomes base64, undefined is left out); rejects with what Go says is
   * wrong.
   */
  request(op: string, fields: Fields = {}): Promise<Fields> {
    const id = this.#next++;
    const line = JSON.stringify({ ...fields, id, op }, (_, v: unknown) => (v instanceof Uint8Array ? base64(v) : v));
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(line + '\n');
    });
  }

  /** Ends the program and removes it. Requests that are under way are rejected. */
  close(): Promise<void> {
    const gone = () => rmSync(this.#directory, { recursive: true, force: true });
    if (this.#ended) return Promise.resolve(gone());
    return new Promise((resolve) => {
      this.#child.once('close', () => resolve(gone()));
      this.#child.stdin.end();
    });
  }

  #answer(line: string): void {
    const { id, error, ...fields } = JSON.parse(line) as Fields;
    const waiting = this.#waiting.get(id as number);
    if (!waiting) return;
    this.#waiting.delete(id as number);
    if (typeof error === 'string') waiting.reject(new Error(error));
    else waiting.resolve(fields);
  }

  #fail(e: Error): void {
    this.#ended ??= e;
    for (const w of this.#waiting.values()) w.reject(e);
    this.#waiting.clear();
  }
}

function base64(b: Uint8Array): string {
  return Buffer.from(b.buffer, b.byteOffset, b.byteLength).toString('base64');
}
