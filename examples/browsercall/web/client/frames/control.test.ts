import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hex } from '../bytes.ts';
import { FrameWorker, supported } from './control.ts';
import { Desk } from './desk.ts';
import { FramesError } from './errors.ts';
import type { Request } from './messages.ts';
import { baseKeyOf, camera } from './testing.ts';

/** Stands for a Worker: a desk in this thread, behind what a message does to its content. */
class FakeWorker {
  static last: FakeWorker;
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onerror: ((e: { preventDefault: () => void }) => void) | null = null;
  onmessageerror: (() => void) | null = null;
  terminated = false;
  silent = false;
  sent: Request[] = [];
  url: string | URL;
  desk = new Desk((m) => queueMicrotask(() => this.terminated || this.onmessage?.({ data: structuredClone(m) })));

  constructor(url: string | URL) {
    this.url = url;
    FakeWorker.last = this;
  }

  postMessage(m: Request, transfer: ArrayBuffer[]): void {
    const copy = structuredClone(m, { transfer });
    this.sent.push(copy);
    if (!this.silent) this.desk.handle(copy);
  }

  terminate(): void {
    this.terminated = true;
  }
}

class FakeTransform {
  worker: FakeWorker;
  options: unknown;

  constructor(worker: FakeWorker, options: unknown) {
    this.worker = worker;
    this.options = options;
  }
}

describe('the handle of the frame worker', () => {
  beforeEach(() => {
    vi.stubGlobal('Worker', FakeWorker);
    vi.stubGlobal('RTCRtpScriptTransform', FakeTransform);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('asks in order and is answered', async () => {
    const w = new FrameWorker('/worker.js');
    const baseKey = baseKeyOf(1);
    await w.install({ epoch: 1, baseKey, ownLeaf: 0, leaves: [0, 1] });
    expect(hex(baseKey)).toBe(hex(baseKeyOf(1))); // the caller's own to wipe
    await Promise.all([w.switchSend(1), w.declare(1, [camera]), w.codecs([{ payloadType: 96, codec: 'VP8' }])]);
    expect(await w.stats()).toMatchObject({ sealed: 0, opened: 0, unknownCodec: 0 });
    expect(vi.getTimerCount()).toBe(0);
    const refused = await w.switchSend(9).catch((e: unknown) => e);
    expect(refused).toBeInstanceOf(FramesError);
    expect((refused as FramesError).code).toBe('epoch');
    await w.stopSend();
    expect(await w.switchSend(1).catch((e: FramesError) => e.code)).toBe('destroyed');
  });

  it('gives transforms their options', () => {
    const w = new FrameWorker('/worker.js');
    expect(w.sender(3, 'video')).toMatchObject({
      worker: FakeWorker.last, options: { side: 'send', ctx: 3, kind: 'video' },
    });
    expect(w.receiver(1, '0', 'audio')).toMatchObject({
      options: { side: 'receive', leaf: 1, mid: '0', kind: 'audio' },
    });
  });

  it('passes events on', () => {
    const w = new FrameWorker('/worker.js');
    const heard: unknown[] = [];
    const refused = { info: { mid: '1', kind: 'video' }, refused: true, reason: 'forged' };
    for (const name of ['first', 'refusedChanged', 'keyFrameWanted']) {
      w.addEventListener(name, (e) => heard.push([name, (e as CustomEvent).detail]));
    }
    for (const data of [{ event: 'first', mid: '0' }, { event: 'refusedChanged', ...refused },
      { event: 'keyFrameWanted', ctx: 1 }]) {
      FakeWorker.last.onmessage?.({ data });
    }
    expect(heard).toEqual([
      ['first', { mid: '0' }], ['refusedChanged', refused], ['keyFrameWanted', { ctx: 1 }],
    ]);
  });

  it('rejects what is under way and what comes later when the worker fails', async () => {
    const w = new FrameWorker('/worker.js');
    let died = 0;
    w.addEventListener('died', () => died++);
    FakeWorker.last.silent = true;
    const all = [w.stats(), w.switchSend(1)].map((p) => p.catch((e: unknown) => String(e)));
    FakeWorker.last.onerror?.({ preventDefault: () => undefined });
    FakeWorker.last.onmessageerror?.();
    const why = 'Error: the frame worker has failed: is its script there, and of this build?';
    expect(await Promise.all(all)).toEqual([why, why]);
    await expect(w.stats()).rejects.toThrow('has failed');
    expect(() => w.sender(0, 'audio')).toThrow('has failed');
    expect([died, FakeWorker.last.terminated, vi.getTimerCount()]).toEqual([1, true, 0]);
  });

  it('rejects when the worker is silent', async () => {
    const w = new FrameWorker('/worker.js');
    FakeWorker.last.silent = true;
    const asked = w.stats().catch((e: unknown) => String(e));
    vi.advanceTimersByTime(10_000);
    expect(await asked).toContain('does not answer');
    expect(FakeWorker.last.terminated).toBe(true);
  });

  it('ends with destroy', async () => {
    const w = new FrameWorker('/worker.js');
    FakeWorker.last.silent = true;
    const asked = w.stats().catch((e: unknown) => (e as FramesError).code);
    let died = 0;
    w.addEventListener('died', () => died++);
    w.destroy();
    w.destroy();
    expect(await asked).toBe('destroyed');
    await expect(w.install({ epoch: 1, baseKey: baseKeyOf(1), ownLeaf: 0, leaves: [0] })).rejects.toThrow('destroyed');
    expect([FakeWorker.last.terminated, died]).toEqual([true, 0]);
  });

  it('knows where it cannot work', () => {
    expect(supported()).toBe(false); // senders have no transform here
    class Half { get transform() { return null; } }
    vi.stubGlobal('RTCRtpSender', Half);
    vi.stubGlobal('RTCRtpReceiver', Half);
    expect(supported()).toBe(true);
    vi.stubGlobal('RTCRtpScriptTransform', undefined);
    expect(supported()).toBe(false);
  });
});
