import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromHex, hex } from '../bytes.ts';
import { Epoch } from './epoch.ts';
import { encodeHeader, parseHeader } from './header.ts';
import { layoutOf } from './layout.ts';
import { OpenKey, SealKey } from './sframe.ts';

const suite = 0xf001;
const root = new URL('../../../../../', import.meta.url);

interface Vectors {
  header: { kid: string; ctr: string; encoded: string }[];
  sframe: {
    cipher_suite: number; kid: string; ctr: string; base_key: string; metadata: string; pt: string; ct: string;
  }[];
  mls: {
    cipher_suite: number; epoch: number; highest_leaf: number; leaf: number; context: number; kid: string;
    base_key: string; pt: string; ct: string;
  }[];
}

/** KIDs and counters as texts: they have up to 64 bits. */
function read(): Vectors {
  const text = readFileSync(new URL('e2ee/sframe/testdata/vectors.json', root), 'utf8');
  return JSON.parse(text.replace(/"(kid|ctr)": (\d+)/g, '"$1": "$2"')) as Vectors;
}

function open(base: string, metadata: string, ct: string): string {
  const sealed = fromHex(ct);
  const header = parseHeader(sealed)!;
  const frame = new OpenKey(fromHex(base), header.kid).open(fromHex(metadata), sealed, header, header.size);
  return typeof frame === 'string' ? frame : hex(frame);
}

describe('the vectors of e2ee/sframe', () => {
  const v = read();

  it('headers', () => {
    expect(v.header.length).toBe(49);
    for (const h of v.header) {
      const header = { kid: BigInt(h.kid), ctr: BigInt(h.ctr) };
      expect(hex(encodeHeader(header))).toBe(h.encoded);
      expect(parseHeader(fromHex(`${h.encoded}ff`))).toEqual({ ...header, size: h.encoded.length / 2 });
      for (let n = 0; n < h.encoded.length; n += 2) expect(parseHeader(fromHex(h.encoded.slice(0, n)))).toBeUndefined();
    }
  });

  it('frames', () => {
    const own = v.sframe.filter((f) => f.cipher_suite === suite);
    expect(own.length).toBe(4);
    for (const f of own) {
      const key = new SealKey(fromHex(f.base_key), BigInt(f.kid), BigInt(f.ctr));
      expect(hex(key.seal(fromHex(f.metadata), fromHex(f.pt))!)).toBe(f.ct);
      expect(open(f.base_key, f.metadata, f.ct)).toBe(f.pt);
    }
  });

  it('KIDs of MLS epochs', () => {
    const own = v.mls.filter((m) => m.cipher_suite === suite);
    expect(own.length).toBe(5);
    for (const m of own) {
      const leaves = [...new Set([m.leaf, m.highest_leaf])];
      const epoch = new Epoch({ epoch: m.epoch, baseKey: fromHex(m.base_key), ownLeaf: m.leaf, leaves });
      const kid = epoch.kid(m.context, m.leaf);
      expect(kid).toBe(BigInt(m.kid));
      expect(epoch.split(kid)).toEqual({ ctx: m.context, leaf: m.leaf });
      expect(hex(new SealKey(fromHex(m.base_key), kid).seal(new Uint8Array(0), fromHex(m.pt))!)).toBe(m.ct);
      expect(open(m.base_key, '', m.ct)).toBe(m.pt);
    }
  });
});

interface LayoutVector {
  comment: string; codec: string; key: boolean; frame: string; sframe: string; metadata: string; layout: string;
}

describe('the vectors of media', () => {
  const all = JSON.parse(readFileSync(new URL('media/testdata/layouts.json', root), 'utf8')) as LayoutVector[];
  // A key frame of AV1 has a sequence header here, and none in Go, whose packetiser is told what is a key frame.
  const sequence = (v: LayoutVector) => (v.codec === 'AV1' && v.key ? '0a0a00000024c4ffdf006802' : '');

  it('layouts', () => {
    expect(all.length).toBeGreaterThanOrEqual(17);
    expect(new Set(all.map((v) => v.codec))).toEqual(new Set(['opus', 'VP8', 'VP9', 'AV1', 'H264']));
    for (const v of all) {
      const layout = layoutOf(v.codec)!;
      let metadata = '';
      const sealed = layout.seal(fromHex(v.frame), v.key, {
        seal: (clear, frame) => {
          metadata = hex(clear);
          expect(hex(frame), v.comment).toBe(v.frame);
          return fromHex(v.sframe);
        },
      });
      if (v.layout === '') {
        expect(sealed, v.comment).toBe('unsealable');
        continue;
      }
      expect(metadata, v.comment).toBe(v.metadata);
      expect(typeof sealed === 'string' ? sealed : hex(sealed), v.comment).toBe(sequence(v) + v.layout);
      for (const data of [v.layout, sequence(v) + v.layout]) {
        const opened = layout.open(fromHex(data), {
          malformed: () => 'malformed',
          open: (clear, inner) => (hex(clear) === v.metadata && hex(inner) === v.sframe ? fromHex(v.frame) : 'forged'),
        });
        expect(typeof opened === 'string' ? opened : hex(opened), v.comment).toBe(v.frame);
      }
    }
  });
});
