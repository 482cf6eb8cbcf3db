import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { open, ordered, readers } from './capture_layouts.mjs';
import { sealedCall, scripts } from './compare_calls.mjs';
import { GoProgram } from './compare_go.mjs';
import { until } from './ends.mjs';
import { Harness } from './harness.mjs';

const codecs = { chromium: ['VP8', 'VP9', 'AV1', 'H264'], firefox: ['VP8', 'VP9', 'AV1'] };
const millis = 2000;
/** What of RTP's header extensions passes: client/media/sdp_section.ts. None tells how loud somebody speaks, or what is seen. */
const extensions = new Set([
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
  'urn:3gpp:video-orientation',
  'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
]);
const window8 = 8; // bytes; that two random strings of a capture share so many has a probability below 2^-30

let harness, bare, url;
before(async () => {
  harness = await Harness.start({ 'page.js': 'capture_page.ts', 'worker.js': '../client/frames/worker.ts' });
  bare = await GoProgram.start('bare', (folder) => ['-out', folder]);
  ({ url } = await bare.want('address', (e) => e.url));
});
after(() => Promise.all([harness.stop(), bare.stop()]));

const base = (key) => new Uint8Array(32).fill(key);

/** Every packet of a kind that the plain receiver wrote down, in order. */
async function caught(name, kind) {
  const text = await readFile(join(bare.folder, `${name}.${kind}.jsonl`), 'utf8');
  return text.trim().split('\n').map((l) => JSON.parse(l));
}

/** Beside the payload, packets carry what may be readable there, though the receiver would take everything. */
function checkExtensions(packets) {
  const carried = [...new Set(packets.flatMap((p) => p.extensions ?? []))];
  assert.ok(carried.length > 0, 'no packet has an extension: was none agreed to?');
  assert.deepEqual(carried.filter((e) => !extensions.has(e)), [], 'header extensions that must not be there');
  return carried.length;
}

/** Checks each frame of a capture: it opens under its key alone, and what is readable is what the layout allows. */
function check(codec, packets, key, ctx) {
  const counts = new Uint32Array(256);
  const hidden = new Set(); // ciphertext, in pieces
  let [frames, keyFrames, bytes, last] = [0, 0, 0, -1n];
  for (const f of readers[codec](ordered(packets))) {
    const { frame, kid, ctr, size } = open(base(key), f);
    assert.equal(kid, BigInt((ctx << 5) | 1), 'the KID is of leaf 0 and epoch 1');
    assert.ok(ctr > last, 'counters rise');
    last = ctr;
    if (frames === 0) assert.throws(() => open(base(key + 1), f), 'opens under another key');
    assert.throws(() => open(base(key), { ...f, sealed: Buffer.concat([f.sealed, Buffer.of(0)]) }));
    readable(codec, f, frame);
    const ciphertext = f.sealed.subarray(size);
    assert.ok(ciphertext.length === frame.length + 16, 'ciphertext and tag, and nothing else');
    assert.equal(shared(pieces(frame), ciphertext), 0, 'plaintext is readable');
    for (const piece of pieces(ciphertext)) hidden.add(piece);
    for (const b of ciphertext) counts[b]++;
    bytes += ciphertext.length;
    frames++;
    keyFrames += f.key ? 1 : 0;
  }
  assert.ok(frames >= 20, `${frames} frames of ${packets.length} packets`);
  const expected = bytes / 256;
  const chi = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  // 255 degrees of freedom: mean 255, deviation 22.6; beyond seven deviations it is not chance.
  assert.ok(chi < 415 && chi > 95, `bytes are not spread like random ones: chi-square ${chi}`);
  return { frames, keyFrames, bytes, chi, hidden };
}

/** Readable bytes are those of the frame, and no more than the layout's. */
function readable(codec, { clear, sets }, frame) {
  if (codec === 'VP8') {
    assert.equal(clear[0], frame[0] & 1, 'the readable byte is the frame type');
  } else if (codec === 'H264') {
    const nals = annexB(frame);
    const slice = nals.find((n) => [1, 5].includes(n[0] & 0x1f));
    assert.deepEqual(clear, slice.subarray(0, clear.length), 'the start is not the slice\'s');
    assert.ok(clear.length <= 3, `${clear.length} bytes of a slice are readable`);
    const own = nals.filter((n) => [7, 8].includes(n[0] & 0x1f)).map((n) => n.toString('hex'));
    assert.deepEqual(sets.map((n) => n.toString('hex')), own, 'parameter sets');
  }
}

function annexB(frame) {
  const starts = [];
  for (let i = frame.indexOf('000001', 0, 'hex'); i >= 0; i = frame.indexOf('000001', i + 3, 'hex')) starts.push(i + 3);
  return starts.map((from, i) => {
    let to = i + 1 < starts.length ? starts[i + 1] - 3 : frame.length;
    while (to > from && frame[to - 1] === 0) to--;
    return frame.subarray(from, to);
  });
}

function* pieces(b) {
  for (let i = 0; i + window8 <= b.length; i++) yield b.readBigUInt64BE(i);
}

/** How many pieces of b are among those. */
function shared(those, b) {
  const known = new Set(those);
  return [...pieces(b)].filter((piece) => known.has(piece)).length;
}

for (const [browser, list] of Object.entries(codecs)) {
  describe(`what ${browser} sends`, () => {
    for (const codec of list) {
      it(`${codec}: readable is what the layout allows`, { timeout: 60_000 }, () => harness.run(`capture ${browser} ${codec}`, async () => {
        const one = async (key) => {
          const name = `${browser}-${codec}-${key}`.toLowerCase();
          const page = await harness.open(browser);
          const counts = await page.evaluate(([u, c, k, ms]) => window.capture.send(u, c, k, ms), [`${url}/capture?name=${name}`, codec, key, millis]);
          await page.close();
          assert.deepEqual([counts.unknownCodec, counts.unsealable, counts.faults], [0, 0, 0], JSON.stringify(counts));
          const video = await caught(name, 'video');
          assert.equal(new Set(video.map((p) => p.codec)).size, 1);
          assert.equal(video[0].codec.toLowerCase(), `video/${codec}`.toLowerCase());
          const audio = await caught(name, 'audio');
          const carried = [video, audio].map(checkExtensions);
          const v = check(codec, video, key, 1);
          const a = check('opus', audio, key, 0);
          assert.ok(v.keyFrames > 0 && v.keyFrames < v.frames / 2, `${v.keyFrames} key frames`);
          console.log(`${browser} ${codec}: ${v.frames} frames (${v.keyFrames} key), ${v.bytes} bytes, chi-square ${v.chi.toFixed(0)}; Opus ${a.frames}, ${a.bytes} bytes, ${a.chi.toFixed(0)}; all opened; ${carried.join(' and ')} header extensions`);
          return [v.hidden, a.hidden];
        };
        const hidden = (await Promise.all([7, 9].map(one))).flat(); // the same made-up pictures under two keys
        for (const i of [0, 1]) assert.equal([...hidden[i]].filter((p) => hidden[i + 2].has(p)).length, 0, 'two keys give the same bytes');
      }));
    }
  });
}

describe('redundant audio', () => {
  it('is sealed whole', { timeout: 60_000 }, () => harness.run('capture red', async () => {
    const page = await harness.open('chromium');
    await page.evaluate(([u, k, ms]) => window.capture.send(u, 'VP8', k, ms, true), [`${url}/capture?name=red`, 7, millis]);
    const packets = await caught('red', 'audio');
    assert.ok(packets.every((p) => p.codec === 'audio/red'), packets[0].codec);
    checkExtensions(packets);
    const r = check('red', packets, 7, 0);
    console.log(`chromium audio/red: ${r.frames} frames, ${r.bytes} bytes, chi-square ${r.chi.toFixed(0)}; all opened`);
  }));
});

/**
 * Lets the call go on until Go has opened so many frames of each kind, hangs up, and gives what became of all that came:
 * while frames come, one may be counted and not opened yet.
 */
async function received(sealed, least) {
  await until(`${least} frames of each kind`, async () => {
    sealed.say({ do: 'ask' });
    const { received: now } = await sealed.want('frames', (e) => e.event === 'freeze');
    return ['audio', 'video'].every((kind) => now?.find((t) => t.kind === kind)?.opened >= least);
  });
  sealed.say({ do: 'hangup' });
  return (await sealed.want('the end', (e) => e.event === 'ended')).received;
}

describe('what Go gets', () => {
  let calls;
  before(async () => { calls = await Harness.start(scripts); });
  after(() => calls.stop());

  it('is sound in redundant packets, if a page of chromium wishes it, and every frame opens', { timeout: 60_000 }, () => calls.run('red', async () => {
    const sealed = await GoProgram.start('sealed');
    try {
      const { relay } = await sealed.want('relay', (e) => e.event === 'ready');
      await sealedCall(calls, 'chromium', sealed, relay, { audio: ['opus'], video: ['VP8'], red: true });
      const sound = (await received(sealed, 50)).find((t) => t.kind === 'audio');
      const { frames, opened, failed, bytes } = sound;
      console.log(`chromium to Go, audio/red: ${JSON.stringify(sound)}`);
      assert.deepEqual([opened, failed], [frames, 0]);
      assert.ok(bytes / frames > 95, `${bytes / frames} bytes a packet are one frame of Opus, not two`);
    } finally {
      await sealed.stop();
    }
  }));

  for (const [browser, list] of Object.entries(codecs)) {
    for (const codec of list.filter((c) => c !== 'VP8')) { // VP8: see loss.test.mjs
      it(`${codec} of ${browser} opens, every frame`, { timeout: 60_000 }, () => calls.run(`opens ${browser} ${codec}`, async () => {
        const sealed = await GoProgram.start('sealed', ['-codecs', `${codec},VP8`]);
        try {
          const { relay } = await sealed.want('relay', (e) => e.event === 'ready');
          await sealedCall(calls, browser, sealed, relay, { audio: ['opus'], video: [codec, 'VP8'] });
          const tracks = await received(sealed, 20);
          console.log(`${browser} to Go, ${codec}: ${JSON.stringify(tracks)}`);
          assert.equal(tracks.find((t) => t.kind === 'video').codec, codec);
          for (const t of tracks) assert.deepEqual([t.opened, t.failed], [t.frames, 0], t.kind);
        } finally {
          await sealed.stop();
        }
      }));
    }
  }
});
