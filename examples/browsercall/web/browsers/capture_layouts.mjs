// What of docs/design/06-codec-layouts.md stays readable, taken out of RTP payloads by a reader that shares no code with the
// SDK. Each reader gives frames: { clear: bytes that are authenticated, sealed: F, key: whether packets call it a key frame, sets:
// other readable NAL units }.
import assert from 'node:assert/strict';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** Packets of one stream, in order, once each, without padding. */
export function ordered(packets) {
  const start = packets[0]?.sequence ?? 0;
  const at = (p) => ((p.sequence - start + 0x18000) & 0xffff) - 0x8000;
  const seen = new Set();
  return packets.filter((p) => p.payload && !seen.has(p.sequence) && seen.add(p.sequence))
    .sort((a, b) => at(a) - at(b))
    .map((p) => ({ ...p, payload: Buffer.from(p.payload, 'base64') }));
}

/** Pictures: packets of one timestamp, all of them there. The first and the last may be cut off. */
function* pictures(packets) {
  let group = [];
  for (const p of packets) {
    const last = group.at(-1);
    if (last && p.timestamp !== last.timestamp) {
      const whole = last.marker && group.every((q, i) => i === 0 || ((group[i - 1].sequence + 1) & 0xffff) === q.sequence);
      if (whole) yield group;
      group = [];
    }
    group.push(p);
  }
}

const frame = (clear, sealed, key = true, sets = []) => ({ clear, sealed, key, sets });

function* opus(packets) {
  for (const p of packets) yield frame(Buffer.alloc(0), p.payload);
}

/** RFC 7741, section 4.2. */
function vp8Descriptor(b) {
  let n = 1;
  if (b[0] & 0x80) {
    const x = b[n++];
    if (x & 0x80) n += b[n] & 0x80 ? 2 : 1;
    if (x & 0x40) n++;
    if (x & 0x30) n++;
  }
  return n;
}

function* vp8(packets) {
  for (const group of pictures(packets)) {
    if (!(group[0].payload[0] & 0x10)) continue; // not the start
    const data = Buffer.concat(group.map((p) => p.payload.subarray(vp8Descriptor(p.payload))));
    assert.ok(data[0] === 0 || data[0] === 1, `the readable byte is ${data[0]}`);
    yield frame(data.subarray(0, 1), data.subarray(1), data[0] === 0);
  }
}

/** RFC 9628, section 4.2. */
function vp9Descriptor(b) {
  const [i, p, l, f, , , v] = [0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02].map((bit) => (b[0] & bit) !== 0);
  let n = 1;
  if (i) n += b[n] & 0x80 ? 2 : 1;
  if (l) n += f ? 1 : 2;
  if (f && p) while (b[n++] & 1);
  if (v) {
    const ss = b[n++];
    if (ss & 0x10) n += 4 * ((ss >> 5) + 1);
    if (ss & 0x08) {
      const groups = b[n++];
      for (let g = 0; g < groups; g++) n += 1 + ((b[n] >> 2) & 3);
    }
  }
  return n;
}

function* vp9(packets) {
  let parts = [];
  for (const group of pictures(packets)) {
    for (const { payload } of group) {
      if (payload[0] & 0x08) parts = [];
      parts.push(payload.subarray(vp9Descriptor(payload)));
      if (payload[0] & 0x04) {
        yield frame(Buffer.alloc(0), Buffer.concat(parts), !(payload[0] & 0x40)); // the end of a layer
      }
    }
  }
}

function leb128(b, at) {
  let value = 0;
  for (let i = 0; ; i++) {
    value |= (b[at + i] & 0x7f) << (7 * i);
    if (!(b[at + i] & 0x80)) return { value, end: at + i + 1 };
  }
}

/** The elements of one packet: AV1 RTP specification, section 4.4. */
function elements(b) {
  const count = (b[0] >> 4) & 3;
  const out = [];
  for (let at = 1; at < b.length;) {
    const bare = count > 0 && out.length === count - 1;
    const { value, end } = bare ? { value: b.length - at, end: at } : leb128(b, at);
    out.push(b.subarray(end, end + value));
    at = end + value;
  }
  return out;
}

const sequenceHeader = Buffer.from('0800000024c4ffdf006802', 'hex');

function* av1(packets) {
  for (const group of pictures(packets)) {
    const obus = [];
    const key = (group[0].payload[0] & 0x08) !== 0;
    for (const { payload } of group) {
      const parts = elements(payload);
      if (payload[0] & 0x80) obus.push(Buffer.concat([obus.pop() ?? Buffer.alloc(0), parts.shift()]));
      obus.push(...parts);
    }
    if (obus[0]?.[0] >> 3 === 1) assert.deepEqual(obus.shift(), sequenceHeader, 'the sequence header is a real one');
    assert.equal(obus.length, 1, 'a picture is not one OBU');
    assert.equal(obus[0][0], 0x30, 'the header of the OBU');
    yield frame(obus[0].subarray(0, 1), obus[0].subarray(1), key);
  }
}

/** RFC 6184, sections 5.6 to 5.8. */
function nalUnits(group) {
  const out = [];
  for (const { payload: b } of group) {
    const type = b[0] & 0x1f;
    if (type === 24) {
      for (let at = 1; at + 2 < b.length; at += 2 + b.readUInt16BE(at)) out.push(b.subarray(at + 2, at + 2 + b.readUInt16BE(at)));
    } else if (type === 28 && b[1] & 0x80) {
      out.push(Buffer.concat([Buffer.of((b[0] & 0xe0) | (b[1] & 0x1f)), b.subarray(2)]));
    } else if (type === 28) {
      out.push(Buffer.concat([out.pop() ?? Buffer.alloc(0), b.subarray(2)]));
    } else {
      out.push(b);
    }
  }
  return out;
}

/** The header byte and what holds three Exp-Golomb codes. */
function sliceStart(nal) {
  const bits = [...nal.subarray(1, 9)].map((b) => b.toString(2).padStart(8, '0')).join('');
  let at = 0;
  for (let code = 0; code < 3; code++) at += 2 * (bits.indexOf('1', at) - at) + 1;
  return nal.subarray(0, 1 + Math.ceil(at / 8));
}

function unescape(start, b) {
  const out = [];
  let zeros = /(\0*)$/.exec(start.toString('latin1'))[1].length;
  for (const c of b) {
    if (zeros >= 2 && c === 3) {
      zeros = 0;
    } else {
      out.push(c);
      zeros = c === 0 ? zeros + 1 : 0;
    }
  }
  return Buffer.from(out);
}

function* h264(packets) {
  for (const group of pictures(packets)) {
    const nals = nalUnits(group);
    const slice = nals.pop();
    for (const nal of nals) assert.ok([7, 8].includes(nal[0] & 0x1f), `a readable NAL unit of type ${nal[0] & 0x1f}`);
    assert.ok([1, 5].includes(slice[0] & 0x1f), 'the last NAL unit is no slice');
    assert.equal(slice.at(-1), 0x80);
    const clear = sliceStart(slice);
    yield frame(clear, unescape(clear, slice.subarray(clear.length, -1)), (slice[0] & 0x1f) === 5, nals);
  }
}

export const readers = { opus, red: opus, VP8: vp8, VP9: vp9, AV1: av1, H264: h264 };

/** RFC 9605, section 4.3: KID, counter, and how long the header is. */
function header(b) {
  const field = (bits, at) => {
    if (!(bits & 8)) return { value: BigInt(bits), end: at };
    const end = at + (bits & 7) + 1;
    return { value: BigInt(`0x${b.subarray(at, end).toString('hex')}`), end };
  };
  const kid = field(b[0] >> 4, 1);
  const ctr = field(b[0] & 15, kid.end);
  return { kid: kid.value, ctr: ctr.value, size: ctr.end };
}

/** Opens F under a base key; throws if it is not authentic. Gives the frame, and where ciphertext and tag begin in F. */
export function open(base, { clear, sealed }) {
  const { kid, ctr, size } = header(sealed);
  const name = Buffer.alloc(10);
  name.writeBigUInt64BE(kid);
  name.writeUInt16BE(0xf001, 8);
  const secret = extract(sha256, base, new Uint8Array(0));
  const make = (what, n) => expand(sha256, secret, Buffer.concat([Buffer.from(`SFrame 1.0 Secret ${what} `), name]), n);
  const nonce = Buffer.from(make('salt', 12));
  const counter = Buffer.alloc(12);
  counter.writeBigUInt64BE(ctr, 4);
  for (let i = 0; i < 12; i++) nonce[i] ^= counter[i];
  const aad = Buffer.concat([sealed.subarray(0, size), clear]);
  const frame = Buffer.from(chacha20poly1305(make('key', 32), nonce, aad).decrypt(sealed.subarray(size)));
  return { frame, kid, ctr, size };
}
