import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hex, random } from '../bytes.ts';
import { noGo, Peer, type Fields } from '../interop/peer.ts';
import { Frames } from './frames.ts';
import { layoutOf } from './layout.ts';
import { camera, dice, mic } from './testing.ts';

const streams = [mic, camera];

/** We are leaf 1, Go is leaf 0 of the same group; both have the same base keys. */
describe.skipIf(noGo() !== undefined)('frames to and from Go', () => {
  let peer: Peer;
  const frames = new Frames();
  const roll = dice(11);
  const ask = (op: string, fields: Fields = {}) => peer.request(`frames${op}`, { name: 'go', ...fields });

  beforeAll(async () => {
    peer = await Peer.start();
    await ask('');
    await ask(' declare', { leaf: 1, streams });
    frames.declare(0, streams);
  }, 120_000);
  afterAll(() => peer.close());

  async function begin(epoch: number): Promise<void> {
    const e = { epoch, baseKey: random(32), leaves: [0, 1] };
    await ask(' install', { ...e, ownLeaf: 0 });
    await ask(' switch', { epoch });
    frames.install({ ...e, ownLeaf: 1 });
    frames.switchSend(epoch);
  }

  const many = (n: number) => Array.from({ length: n }, () => random(1 + roll(3000)));
  const lists = (a: Fields) => ({
    payloads: (a['payloads'] as (string | null)[]).map((p) => new Uint8Array(Buffer.from(p ?? '', 'base64'))),
    errors: a['errors'] as string[],
  });

  async function toGo(codec: string, ctx: number, key: boolean, plain: Uint8Array[]): Promise<number> {
    const sealed = plain.map((f) => layoutOf(codec)!.seal(f, key, frames.sealer(ctx)));
    expect(sealed.every((s) => typeof s !== 'string')).toBe(true);
    const { payloads, errors } = lists(await ask(' open', { leaf: 1, mid: String(ctx), codec, payloads: sealed }));
    expect(errors.filter((e) => e !== '')).toEqual([]);
    expect(payloads.map(hex)).toEqual(plain.map(hex));
    const again = lists(await ask(' open', { leaf: 1, mid: String(ctx), codec, payloads: sealed.slice(0, 1) }));
    expect(again.errors[0]).toContain('replay');
    return plain.length;
  }

  async function fromGo(codec: string, ctx: number, key: boolean, plain: Uint8Array[]): Promise<number> {
    const { payloads } = lists(await ask(' seal', { ctx, codec, key, payloads: plain }));
    const opener = frames.opener(0, String(ctx));
    const open = (p: Uint8Array) => layoutOf(codec)!.open(p, opener);
    const changed = payloads[0]!.slice();
    changed[roll(changed.length)]! ^= 1 << roll(8);
    expect(typeof open(changed)).toBe('string');
    expect(payloads.map(open).map((f) => (typeof f === 'string' ? f : hex(f)))).toEqual(plain.map(hex));
    expect(open(payloads[0]!)).toBe('replayed');
    return plain.length;
  }

  it('are opened whole over changing epochs', async () => {
    let sent = 0;
    let got = 0;
    for (const epoch of [1, 2, 3, 7, 15, 16, 17, 33]) {
      await begin(epoch);
      for (const [codec, ctx, key] of [['opus', 0, false], ['VP8', 1, true], ['VP8', 1, false]] as const) {
        sent += await toGo(codec, ctx, key, many(30));
        got += await fromGo(codec, ctx, key, many(30));
      }
    }
    expect([sent, got]).toEqual([720, 720]);
    const st = frames.stats();
    expect([st.sealed, st.opened, st.refused]).toEqual([720, 720, 0]);
  }, 60_000);

  it('of the epoch before are opened beside the new', async () => {
    await begin(40);
    const old = layoutOf('opus')!.seal(random(50), false, frames.sealer(0));
    const { payloads } = lists(await ask(' seal', { ctx: 0, codec: 'opus', payloads: many(1) }));
    await begin(41);
    expect(lists(await ask(' open', { leaf: 1, mid: '0', codec: 'opus', payloads: [old] })).errors).toEqual(['']);
    expect(typeof layoutOf('opus')!.open(payloads[0]!, frames.opener(0, '0'))).not.toBe('string');
  });
});
