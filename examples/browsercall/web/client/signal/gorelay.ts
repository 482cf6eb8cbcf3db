/** For tests: the relay of examples/relay as a process, and a proxy that breaks connections to it. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo, type Server, type Socket as TCP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SocketConstructor } from './session.ts';

/** A WebSocket for Node, which has none of its own before version 22. */
export const NodeWebSocket = createRequire(import.meta.url)('ws') as SocketConstructor;

const root = fileURLToPath(new URL('../../../../..', import.meta.url));

/** Builds the relay into a directory of its own. remove takes that away. */
export function buildRelay(): { binary: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'relay-'));
  const binary = join(dir, 'relay');
  execFileSync('go', ['build', '-o', binary, './examples/relay'], { cwd: root });
  return { binary, remove: () => rmSync(dir, { recursive: true }) };
}

/** A relay that runs. */
export interface GoRelay { port: number; stop(): Promise<void> }

/** Starts a relay that knows itself by these ports of loopback, of which the first is its own; 0 is any. */
export async function startRelay(binary: string, ports: number[] = [0]): Promise<GoRelay> {
  const origins = ports[0] === 0 ? [] : ['-origin', ports.map((p) => `ws://127.0.0.1:${p}`).join(',')];
  const args = ['-listen', `127.0.0.1:${ports[0]}`, '-turn', '127.0.0.1:0', ...origins];
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (b: Buffer) => {
      said += b;
      if (said.includes('ready;')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => reject(new Error(`the relay did not start: ${said}`)));
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const port = Number(/relay:\s+ws:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
  return { port, stop: () => (child.kill('SIGTERM'), ended) };
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const s = await listen(createServer());
  const { port } = s.address() as AddressInfo;
  await new Promise((done) => s.close(done));
  return port;
}

function listen(s: Server): Promise<Server> {
  return new Promise((resolve) => s.listen(0, '127.0.0.1', () => resolve(s)));
}

/** A TCP proxy on loopback. Its connections break after so many bytes, if budget says so. */
export class Proxy {
  readonly #server: Server;
  readonly #open = new Set<TCP>();
  budget: () => number = () => Infinity; // bytes that the next connection carries
  target = 0; // port; 0: nobody answers
  cuts = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (s) => this.#carry(s));
  }

  static async start(): Promise<Proxy> {
    return new Proxy(await listen(createServer()));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Breaks all connections now. */
  cut(): void {
    for (const s of this.#open) s.destroy();
  }

  stop(): Promise<void> {
    this.cut();
    return new Promise((done) => this.#server.close(() => done()));
  }

  #carry(a: TCP): void {
    if (this.target === 0) {
      a.destroy();
      return;
    }
    const b = connect(this.target, '127.0.0.1');
    let left = this.budget();
    for (const [from, to] of [[a, b], [b, a]] as const) {
      this.#open.add(from);
      from.on('data', (data) => {
        to.write(data.subarray(0, left));
        left -= data.length;
        if (left < 0) {
          this.cuts++;
          from.destroy();
        }
      });
      from.on('error', () => {});
      from.on('close', () => {
        this.#open.delete(from);
        to.destroy();
      });
    }
  }
}
