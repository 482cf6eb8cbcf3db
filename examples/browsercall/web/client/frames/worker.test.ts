import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { concat, hex, utf8 } from '../bytes.ts';
import { Desk } from './desk.ts';
import type { Answer, Ask, WorkerEvent, WorkerStats } from './messages.ts';
import { baseKeyOf, camera, contains, mic } from './testing.ts';
import type { EncodedFrame, Transformer } from './transform.ts';

interface Told { payloadType?: number; mimeType?: string }

function frame(data: Uint8Array, told: Told, type?: 'key' | 'delta' | 'empty'): EncodedFrame {
  return { data: data.slice().buffer, ...(type && { type }), getMetadata: () => told };
}

/** Stands for an RTCRtpScriptTransformer: frames are written into `in` and come out in `out`. */
class FakeTransformer implements Transformer {
  out: Uint8Array[] = [];
  asked = 0;
  generated = 0;
  #through = new TransformStream<EncodedFrame, EncodedFrame>(undefined, { highWaterMark: 100 }, { highWaterMark: 100 });
  readable = this.#through.readable;
  #writer = this.#through.writable.getWriter();
  writable = new WritableStream<EncodedFrame>({ write: (f) => void this.out.push(new Uint8Array(f.data)) });
  sendKeyFrameRequest = () => Promise.resolve(void this.asked++);
  generateKeyFrame?: () => Promise<unknown>;

  async feed(...frames: EncodedFrame[]): Promise<void> {
    for (const f of frames) await this.#writer.write(f);
    for (let i = 0; i < 20; i++) await Promise.resolve(); // lets what is queued pass
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}

/** A page's side of a desk. */
class Page {
  events: WorkerEvent[] = [];
  answers: Answer[] = [];
  desk = new Desk((m) => ('event' in m ? this.events.push(m) : this.answers.push(m)));

  ask(a: Ask): Answer {
    this.desk.handle({ ...a, id: this.answers.length + 1 });
    return this.answers.at(-1)!;
  }

  use(epoch: number, ownLeaf: number): void {
    this.ask({ op: 'install', epoch: { epoch, baseKey: baseKeyOf(epoch), ownLeaf, leaves: [0, 1] } });
    this.ask({ op: 'switchSend', epoch });
  }

  stats(): WorkerStats {
    const a = this.ask({ op: 'stats' });
    if (!('stats' in a) || !a.stats) throw new Error('no statistics');
    return a.stats;
  }

  transformer(options: unknown, firefox = false): FakeTransformer {
    const t = new FakeTransformer();
    if (firefox) t.generateKeyFrame = () => Promise.resolve();
    this.desk.transform(t, options);
    return t;
  }
}

const codecs = [{ payloadType: 96, codec: 'VP8' }, { payloadType: 111, codec: 'opus' }, { payloadType: 63,
  codec: 'red' }];
const vp8: Told = { payloadType: 96 };
const opus: Told = { payloadType: 111 };
const picture = utf8('a picture of somebody, long enough to be found again');

/** alice, leaf 0, sends and bob, leaf 1, receives. */
function call() {
  const [alice, bob] = [new Page(), new Page()];
  for (const p of [alice, bob]) p.ask({ op: 'codecs', map: codecs });
  bob.ask({ op: 'declare', leaf: 0, streams: [mic, camera] });
  const from = alice.transformer({ side: 'send', ctx: 1, kind: 'video' });
  const to = bob.transformer({ side: 'receive', leaf: 0, mid: '1', kind: 'video' });
  return { alice, bob, from, to };
}

const raw = (b: Uint8Array, type: 'key' | 'delta' = 'delta', told = vp8) => frame(b, told, type);

describe('the frame worker', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('seals and opens, and says so once a section', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    bob.use(1, 1);
    await from.feed(raw(picture, 'key'), raw(picture), raw(picture));
    expect(from.out.map((b) => b[0])).toEqual([0, 1, 1]);
    expect(from.out.some((b) => contains(b, picture.subarray(0, 8)))).toBe(false);
    await to.feed(...from.out.map((b, i) => raw(b, i === 0 ? 'key' : 'delta')));
    expect(to.out.map(hex)).toEqual(Array(3).fill(hex(picture)));
    expect(bob.events).toEqual([{ event: 'first', mid: '1' }]);
    const st = bob.stats();
    expect([st.opened, st.faults, st.keyFrameRequests, alice.stats().sealed]).toEqual([3, 0, 0, 3]);
  });

  it('passes nothing without a key, of an unknown codec, of another kind, or empty', async () => {
    const { alice, from } = call();
    await from.feed(raw(picture));
    alice.use(1, 0);
    const bad: Told[] = [
      {}, { payloadType: 97 }, { mimeType: 'video/H265' }, { payloadType: 111 }, { payloadType: 96,
        mimeType: 'video/VP9' },
      { mimeType: 'audio/opus' }, { mimeType: 'VP8' },
    ];
    await from.feed(...bad.map((told) => raw(picture, 'delta', told)), frame(new Uint8Array(0), vp8, 'delta'),
      frame(picture, vp8, 'empty'));
    const broken = raw(picture);
    broken.getMetadata = () => { throw new Error('gone'); };
    await from.feed(broken);
    expect(from.out).toEqual([]);
    const st = alice.stats();
    expect([st.refused, st.unknownCodec, st.empty, st.faults, st.sealed]).toEqual([1, 7, 2, 1, 0]);
    await from.feed(raw(picture), raw(picture, 'delta', { mimeType: 'video/VP8' }));
    expect(from.out.length).toBe(2);
  });

  it('opens what is on its way when payload types change', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    bob.use(1, 1);
    await from.feed(raw(picture, 'key'));
    bob.ask({ op: 'codecs', map: [{ payloadType: 120, codec: 'VP8' }] });
    await to.feed(...from.out.map((b) => raw(b, 'key')));
    expect([to.out.length, bob.stats().unknownCodec]).toEqual([1, 0]);
  });

  it('seals redundant audio whole, by either name', async () => {
    const alice = new Page();
    alice.ask({ op: 'codecs', map: codecs });
    alice.use(1, 0);
    const from = alice.transformer({ side: 'send', ctx: 0, kind: 'audio' });
    await from.feed(...[opus, { payloadType: 63 }, { payloadType: 63, mimeType: 'audio/opus' },
      vp8].map((t) => frame(picture, t)));
    expect(from.out.length).toBe(3);
    expect(from.out.map((b) => b.length)).toEqual(Array(3).fill(1 + picture.length + 16));
  });

  it('passes nothing of a transformer that is not ours', async () => {
    const page = new Page();
    page.use(1, 0);
    for (const options of [undefined, null, 'send', {}, { side: 'send', kind: 'video' }, { side: 'receive',
      kind: 'audio', leaf: 1 },
      { side: 'send', ctx: 1, kind: 'data' }, { side: 'both', ctx: 1, kind: 'video' }]) {
      const t = page.transformer(options);
      await t.feed(raw(picture));
      expect(t.out).toEqual([]);
    }
    expect(page.stats().faults).toBe(8);
  });

  it('drops plaintext, replays, and what another key sealed; of single frames it says nothing', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    await from.feed(raw(picture, 'key'));
    bob.use(1, 1);
    await to.feed(raw(picture), raw(concat(Uint8Array.of(0), picture)), raw(from.out[0]!, 'key'), raw(from.out[0]!,
      'key'), raw(from.out[0]!));
    const forged = from.out[0]!.slice();
    forged[0] = 1;
    await to.feed(raw(forged), raw(forged.subarray(1)));
    expect(to.out.map(hex)).toEqual([hex(picture)]);
    expect(bob.events).toEqual([{ event: 'first', mid: '1' }]);
    const st = bob.stats();
    expect([st.opened, st.replayed, st.malformed]).toEqual([1, 3, 2]);
    const eve = new Page();
    eve.ask({ op: 'codecs', map: codecs });
    eve.ask({ op: 'declare', leaf: 0, streams: [camera] });
    eve.ask({ op: 'install', epoch: { epoch: 1, baseKey: baseKeyOf(9), ownLeaf: 1, leaves: [0, 1] } });
    const there = eve.transformer({ side: 'receive', leaf: 0, mid: '1', kind: 'video' });
    await there.feed(raw(from.out[0]!, 'key'));
    expect([there.out.length, eve.stats().forged]).toEqual([0, 1]);
  });

  /** What the receiving page was told of section 1, but for its first frame. */
  const told = (p: Page) => p.events.flatMap((e) =>
    (e.event === 'refusedChanged' ? [e.refused ? e.reason : 'opens'] : []));

  // Fails if a reason is left out, noEpoch as before, or if what is told is not taken back.
  it.each(['forged', 'malformed', 'noEpoch', 'replayed', 'undeclared', 'wrongMID', 'unknownCodec'])(
    'says within 4 s when all that comes is %s, once, and when frames open again', async (reason) => {
      const { alice, bob, from, to } = call();
      for (const p of [alice, bob]) p.use(1, p === alice ? 0 : 1);
      await from.feed(raw(picture, 'key'));
      await to.feed(raw(from.out[0]!, 'key'));
      if (reason === 'noEpoch') alice.use(2, 0);
      const other = alice.transformer({ side: 'send', ctx: reason === 'wrongMID' ? 0 : 7, kind: 'video' });
      const stray = reason === 'undeclared' || reason === 'wrongMID' ? other : from;
      const spoil = (b: Uint8Array): EncodedFrame => {
        if (reason === 'forged') b[b.length - 1]! ^= 1;
        if (reason === 'malformed') return raw(picture);
        if (reason === 'replayed') return raw(from.out[0]!);
        return raw(b, 'delta', reason === 'unknownCodec' ? { payloadType: 97 } : vp8);
      };
      for (let i = 0; i < 200; i++) {
        await stray.feed(raw(picture));
        await to.feed(spoil(stray.out.at(-1)!));
        vi.advanceTimersByTime(20);
        expect(told(bob), `after ${i} frames`).toEqual(i < 150 ? [] : [reason]);
      }
      if (reason === 'noEpoch') bob.use(2, 1);
      await from.feed(raw(picture, 'key'));
      await to.feed(raw(from.out.at(-1)!, 'key'), raw(from.out.at(-1)!, 'key'));
      expect(told(bob)).toEqual([reason, 'opens']);
      expect(bob.events.at(-1)).toEqual({ event: 'refusedChanged', info: { mid: '1', kind: 'video' }, refused: false,
        reason: '' });
    });

  it('says nothing of strays: among frames that open, few, or far apart', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    bob.use(1, 1);
    for (let i = 0; i < 300; i++) {
      await from.feed(raw(picture));
      if (i % 100 === 0) await to.feed(raw(from.out.at(-1)!)); // one in two seconds opens
      await to.feed(raw(picture));
      vi.advanceTimersByTime(20);
    }
    await from.feed(raw(picture));
    await to.feed(raw(from.out.at(-1)!));
    for (let i = 0; i < 9; i++) {
      await to.feed(raw(picture));
      vi.advanceTimersByTime(500);
    }
    for (let i = 0; i < 50; i++) {
      vi.advanceTimersByTime(5001);
      await to.feed(raw(picture));
    }
    expect(told(bob)).toEqual([]);
  });

  it('asks for key frames at a limited rate, and at once when keys come', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    for (let i = 0; i < 300; i++) {
      await from.feed(raw(picture));
      await to.feed(raw(from.out.at(-1)!));
      vi.advanceTimersByTime(33);
    }
    expect(to.asked).toBeGreaterThanOrEqual(4);
    expect(to.asked).toBeLessThanOrEqual(6); // at 0.5, 0.9, 1.7, 3.3, 6.3 and 9.3 s
    const before = to.asked;
    bob.use(1, 1);
    expect(to.asked).toBe(before + 1);
    expect(bob.events).toEqual([]); // that keys are not there yet is no failure
    await from.feed(raw(picture, 'key'));
    await to.feed(raw(from.out.at(-1)!, 'key'));
    vi.advanceTimersByTime(60_000);
    await from.feed(raw(picture));
    await to.feed(raw(from.out.at(-1)!));
    expect([to.asked, to.out.length]).toEqual([before + 1, 2]);
  });

  it('asks at once when the first frame that opens is no key frame', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    for (let i = 0; i < 100; i++) {
      await from.feed(raw(picture));
      await to.feed(raw(from.out.at(-1)!));
      vi.advanceTimersByTime(33);
    }
    bob.use(1, 1); // asks, for whatever comes with it
    const before = to.asked;
    vi.advanceTimersByTime(100);
    await from.feed(raw(picture), raw(picture));
    await to.feed(raw(from.out.at(-2)!), raw(from.out.at(-1)!));
    expect([to.out.length, to.asked]).toEqual([2, before + 1]);
  });

  it('keeps what comes before the first keys, in order, for half a second', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    await from.feed(raw(picture, 'key'), raw(picture), raw(picture));
    const fed = to.feed(raw(from.out[0]!, 'key'), raw(from.out[1]!));
    await to.feed();
    vi.advanceTimersByTime(499);
    await to.feed();
    expect(to.out).toEqual([]);
    bob.use(1, 1);
    await fed;
    await to.feed(raw(from.out[2]!));
    expect([to.out.length, to.asked, bob.stats().noEpoch, bob.stats().opened]).toEqual([3, 0, 0, 3]);

    const never = call();
    const lost = never.to.feed(raw(from.out[0]!, 'key'));
    await never.to.feed();
    vi.advanceTimersByTime(500);
    await lost;
    await never.to.feed(raw(from.out[1]!));
    expect([never.to.out.length, never.to.asked, never.bob.stats().noEpoch]).toEqual([0, 1, 2]);
  });

  it('wants a key frame of its own encoder when the sending keys change', async () => {
    const { alice, from } = call();
    const audio = alice.transformer({ side: 'send', ctx: 0, kind: 'audio' });
    alice.use(1, 0);
    alice.ask({ op: 'switchSend', epoch: 1 });
    expect(alice.events).toEqual([{ event: 'keyFrameWanted', ctx: 1 }]);
    from.generateKeyFrame = () => Promise.resolve(void from.generated++);
    alice.use(2, 0);
    from.generateKeyFrame = () => Promise.reject(new Error('not now'));
    alice.use(3, 0);
    await from.feed();
    expect([from.generated, audio.generated, alice.events.length]).toEqual([1, 0, 2]);
  });

  it('lets nothing leave after stopSend, and goes on with what arrives', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    bob.use(1, 1);
    await from.feed(raw(picture, 'key'), raw(picture));
    bob.ask({ op: 'stopSend' });
    await to.feed(raw(from.out[0]!, 'key'));
    alice.ask({ op: 'stopSend' });
    await from.feed(raw(picture));
    expect([from.out.length, to.out.map(hex), alice.stats().refused]).toEqual([2, [hex(picture)], 1]);
  });

  it('gives a picture to Firefox when the connection is up, or has had its time, and in order', async () => {
    const { alice, bob, from } = call();
    alice.use(1, 0);
    bob.use(1, 1);
    await from.feed(raw(picture, 'key'), raw(picture));
    const [key, next] = from.out as [Uint8Array, Uint8Array];
    const options = { side: 'receive', leaf: 0, mid: '1', kind: 'video' };
    const up = bob.transformer(options, true);
    const fed = up.feed(raw(key, 'key'), raw(next));
    await up.feed();
    expect(up.out.length).toBe(0);
    bob.ask({ op: 'connected' });
    await fed;
    expect(up.out.map(hex)).toEqual(Array(2).fill(hex(picture)));

    const late = bob.transformer(options, true);
    await from.feed(raw(picture, 'key'));
    const fedLate = late.feed(raw(from.out[2]!, 'key'));
    vi.advanceTimersByTime(99);
    await late.feed();
    expect(late.out.length).toBe(0);
    vi.advanceTimersByTime(1);
    await fedLate;
    await late.feed();
    expect(late.out.length).toBe(1);
  });

  it('destroys old keys by itself after 10 s', async () => {
    const { alice, bob, from, to } = call();
    alice.use(1, 0);
    bob.use(1, 1);
    await from.feed(raw(picture, 'key'), raw(picture));
    bob.use(2, 1);
    vi.advanceTimersByTime(9_999);
    await to.feed(raw(from.out[0]!, 'key'));
    expect(to.out.length).toBe(1);
    vi.advanceTimersByTime(2);
    expect(vi.getTimerCount()).toBe(0);
    await to.feed(raw(from.out[1]!));
    expect([to.out.length, bob.stats().noEpoch]).toEqual([1, 1]);
  });

  it('answers every request, wipes the base key, and says why not without a secret', () => {
    const page = new Page();
    const baseKey = baseKeyOf(1);
    expect(page.ask({ op: 'install', epoch: { epoch: 1, baseKey, ownLeaf: 0, leaves: [0, 1] } })).toEqual({ id: 1 });
    expect(hex(baseKey)).toBe('00'.repeat(32));
    expect(page.ask({ op: 'switchSend', epoch: 2 })).toMatchObject({ id: 2, code: 'epoch' });
    expect(page.ask({ op: 'declare', leaf: 1, streams: [mic, { ...mic, mid: '9' }] })).toMatchObject({ id: 3,
      code: 'streams' });
    const refused = baseKeyOf(1);
    const again = page.ask({ op: 'install', epoch: { epoch: 2, baseKey: refused, ownLeaf: 0, leaves: [0] } });
    expect(again).toMatchObject({ id: 4, code: 'epoch' });
    expect(hex(refused)).toBe('00'.repeat(32));
    expect(page.ask({ op: 'declare', leaf: 1, streams: 7 as unknown as [] })).toMatchObject({ id: 5,
      error: 'the frame worker could not do declare' });
    expect(JSON.stringify(page.answers)).not.toContain('b5b5');
  });

  it('forgets a transformer whose streams end', async () => {
    const { alice, from } = call();
    alice.use(1, 0);
    await from.close();
    await from.feed().catch(() => undefined);
    await vi.waitFor(() => {
      const before = alice.events.length;
      alice.use(alice.answers.length + 2, 0);
      expect(alice.events.length).toBe(before);
    });
  });
});
