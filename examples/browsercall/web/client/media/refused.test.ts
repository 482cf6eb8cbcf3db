import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Conn } from './conn.ts';
import type { ConnEvent, Sealing } from './events.ts';
import { FakePC, fakeTrack, steps } from './fake_pc.ts';
import { parseDescription } from './sdp.ts';

const both = { audio: true, video: true };
const want = new Uint8Array(32).fill(0xab);
const yes = () => true;

beforeEach(() => {
  vi.stubGlobal('RTCPeerConnection', FakePC);
  vi.stubGlobal('RTCRtpScriptTransform', class {});
  vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
  steps.length = 0;
});

function makeSide(callee: boolean, video: FakePC['video']) {
  const events: ConnEvent[] = [];
  const frames: Sealing = {
    sender: () => ({}) as RTCRtpScriptTransform, receiver: () => ({}) as RTCRtpScriptTransform,
    codecs: async () => {}, connected: async () => {},
  };
  const conn = new Conn({ frames, callee, iceServers: [], notify: (e) => events.push(e) });
  const pc = FakePC.made.at(-1)!;
  pc.video = video;
  return { conn, pc, events };
}

type Side = ReturnType<typeof makeSide>;

/** Two sides in a call with sound, the first of which has H264 alone. */
async function pair(video: FakePC['video'] = ['VP8']) {
  const caller = makeSide(false, ['H264']);
  const callee = makeSide(true, video);
  const offer = await caller.conn.offer([fakeTrack('audio')], { audio: true, video: false });
  await caller.conn.accept(await callee.conn.answer(offer, want, [fakeTrack('audio')], both), want);
  await Promise.all([caller.conn.start(), callee.conn.start()]);
  return { caller, callee };
}

async function negotiate(from: Side, to: Side, restart = false) {
  await from.conn.described(await to.conn.apply(await from.conn.describe(restart), want, yes), want);
}

const kinds = (sdp: string) => parseDescription(sdp).sections.map((s) => s.kind).filter((k) => k !== 'application');

describe('an offer that cannot be taken', () => {
  // Fails if sections that went with the offer are kept: no offer of this side can be made any more.
  it('leaves the side that refused it as it was', async () => {
    const { caller, callee } = await pair();
    await caller.conn.addTrack(fakeTrack('video'), 'camera');
    const offer = await caller.conn.describe(false);
    for (let n = 0; n < 2; n++) {
      await expect(callee.conn.apply(offer, want, yes)).rejects.toMatchObject({ code: 'codec' });
    }
    expect((await caller.conn.refused()).length).toBe(1);
    expect(kinds(await callee.conn.describe(true))).toEqual(['audio']);
    callee.conn.forget();
    callee.pc.video.push('H264');
    await caller.conn.addTrack(fakeTrack('video'), 'camera');
    await negotiate(caller, callee);
    await negotiate(callee, caller);
    expect(callee.events.filter((e) => e.type === 'trackAdded').map((e) => e.info.mid)).toEqual(['0', '2']);
  });

  it('is refused unseen by a browser that says what it has', async () => {
    const offer = await makeSide(false, ['H264']).conn.offer([fakeTrack('video')], both);
    const capabilities = {
      audio: [{ mimeType: 'audio/opus', clockRate: 48000, channels: 2 }],
      video: [{ mimeType: 'video/VP8', clockRate: 90000 }],
    };
    const getCapabilities = (kind: 'audio' | 'video') => ({ codecs: capabilities[kind] });
    vi.stubGlobal('RTCRtpReceiver', { getCapabilities });
    const { conn } = makeSide(true, ['VP8']);
    await expect(conn.answer(offer, want, [], both)).rejects.toMatchObject({ code: 'codec' });
    expect(steps.filter((s) => s.startsWith('remote'))).toEqual([]);
  });
});

describe('what a peer refuses', () => {
  // Fails if it stays: every later offer would name it, and be refused too.
  it('is in no later description', async () => {
    const { caller, callee } = await pair();
    const track = fakeTrack('video');
    const stream = await caller.conn.addTrack(track, 'camera');
    await callee.conn.apply(await caller.conn.describe(false), want, yes).catch(() => undefined);
    expect(await caller.conn.refused()).toEqual([{ track, info: { mid: '1', kind: 'video' } }]);
    expect([caller.conn.undescribed(), caller.conn.untaken(), caller.conn.streams().length]).toEqual([false, false, 1]);
    track.dispatchEvent(new Event('ended'));
    expect(caller.events.filter((e) => e.type === 'trackEnded')).toEqual([]);
    await caller.conn.hold(true);
    await negotiate(caller, callee);
    await caller.conn.hold(false);
    await negotiate(callee, caller);
    await negotiate(caller, callee, true);
    await caller.conn.addTrack(fakeTrack('audio'), 'screen');
    await negotiate(caller, callee);

    callee.pc.video.push('H264');
    const again = await caller.conn.addTrack(track, 'camera');
    await negotiate(caller, callee);
    expect(again).toMatchObject({ ctx: 4, mid: '3', kind: 'video', codec: 'H264' });
    expect(stream.ctx).toBe(1);
    expect(caller.conn.streams().map((s) => s.ctx)).toEqual([0, 3, 4]);
    expect(callee.events.filter((e) => e.type === 'trackAdded').map((e) => e.info.mid)).toEqual(['0', '2', '3']);
  });

  it('stays where the peer knows the section, and is not sent', async () => {
    const { caller, callee } = await pair(['H264']);
    await caller.conn.addTrack(fakeTrack('video'), 'camera');
    await negotiate(caller, callee);
    await caller.conn.removeTrack(1);
    await negotiate(caller, callee);
    steps.length = 0;
    const { mid } = await caller.conn.addTrack(fakeTrack('video'), 'camera');
    await caller.conn.describe(false);
    expect((await caller.conn.refused()).map((w) => w.info.mid)).toEqual([mid]);
    await negotiate(caller, callee);
    expect(steps.filter((s) => s.endsWith(' track') || s.endsWith(' gone'))).toEqual([]);
    await caller.conn.addTrack(fakeTrack('video'), 'camera');
    await negotiate(caller, callee);
    expect(steps.filter((s) => s.endsWith(' track'))).toEqual(['sender 1 track']);
  });

  it('is not what was added since', async () => {
    const { caller, callee } = await pair();
    await caller.conn.addTrack(fakeTrack('video'), 'camera');
    await caller.conn.describe(false);
    const later = fakeTrack('audio');
    await caller.conn.addTrack(later, 'screen');
    expect((await caller.conn.refused()).map((w) => w.info.kind)).toEqual(['video']);
    await negotiate(caller, callee);
    expect(caller.conn.streams().map((s) => s.ctx)).toEqual([0, 3]);
    expect(steps).toContain('sender 2 track');
  });

  it('goes, too, if its track was taken away before', async () => {
    const { caller, callee } = await pair();
    await caller.conn.addTrack(fakeTrack('video'), 'camera');
    await caller.conn.removeTrack(1);
    await expect(callee.conn.apply(await caller.conn.describe(false), want, yes)).rejects.toMatchObject({ code: 'codec' });
    expect(await caller.conn.refused()).toEqual([]);
    await negotiate(caller, callee);
  });

  it('goes from Firefox, too, whose restarts are in force before they are answered', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Gecko/20100101 Firefox/140.0' });
    const { caller, callee } = await pair();
    const track = fakeTrack('video');
    await caller.conn.addTrack(track, 'camera');
    await caller.conn.describe(true);
    expect(await caller.conn.refused()).toMatchObject([{ track }]);
    await negotiate(caller, callee, true);
    await negotiate(callee, caller);
    vi.unstubAllGlobals();
  });

  it('is as well what could not be described', async () => {
    const { caller, callee } = await pair(['H264']);
    caller.pc.createOffer = () => Promise.reject(new Error('the browser refuses'));
    const track = fakeTrack('video');
    await caller.conn.addTrack(track, 'camera');
    await expect(caller.conn.describe(false)).rejects.toThrow('the browser refuses');
    expect(await caller.conn.refused()).toMatchObject([{ track }]);
    Reflect.deleteProperty(caller.pc, 'createOffer');
    await negotiate(caller, callee);
    expect(caller.conn.streams().length).toBe(1);
    await caller.conn.addTrack(track, 'camera');
    caller.conn.close();
    await expect(caller.conn.refused()).rejects.toMatchObject({ code: 'closed' });
  });

  it('is nothing before the call has begun', async () => {
    const { conn } = makeSide(false, ['VP8']);
    await conn.offer([fakeTrack('audio')], both);
    expect(await conn.refused()).toEqual([]);
    expect(steps.filter((s) => s.endsWith(' gone'))).toEqual([]);
  });
});

describe('a track that goes in another codec than was guessed', () => {
  // Fails if nobody is told that it has to be described again: it would never be sent.
  it('is sent when the peer knows it', async () => {
    const { caller, callee } = await pair(['H264']);
    caller.pc.video = ['VP8', 'H264'];
    const stream = await caller.conn.addTrack(fakeTrack('video'), 'camera');
    expect(caller.conn.undescribed()).toBe(true);
    const offer = await caller.conn.describe(false);
    expect(caller.conn.streams().at(-1)).toMatchObject({ ctx: 1, mid: '1', codec: 'VP8', taken: false });
    await caller.conn.described(await callee.conn.apply(offer, want, yes), want);
    expect([caller.conn.undescribed(), steps.includes('sender 1 track')]).toEqual([true, false]);
    await negotiate(caller, callee);
    expect([caller.conn.undescribed(), steps.includes('sender 1 track')]).toEqual([false, true]);
    expect(stream).toEqual({ ctx: 4, mid: '1', kind: 'video', codec: 'H264', role: 'camera', taken: true });
    expect(caller.conn.streams().at(-1)).toEqual(stream);
  });
});

describe('what the peer takes', () => {
  // Fails if a track counts as taken because it is described.
  it('is known of every stream, and no hold changes it', async () => {
    const [caller, callee] = [makeSide(false, ['VP8']), makeSide(true, ['VP8'])];
    const offer = await caller.conn.offer([fakeTrack('audio'), fakeTrack('video')], both);
    const taken = () => caller.conn.streams().map((s) => `${s.role} ${s.taken}`);
    expect(taken()).toEqual(['microphone false', 'camera false']); // nobody knows yet
    const answer = await callee.conn.answer(offer, want, [fakeTrack('audio')], { audio: true, video: false });
    await caller.conn.accept(answer, want);
    expect(taken()).toEqual(['microphone true', 'camera false']);
    const screen = await caller.conn.addTrack(fakeTrack('video'), 'screen');
    const again = await callee.conn.apply(await caller.conn.describe(false), want, ({ mid }) => mid !== '1');
    await caller.conn.described(again, want);
    expect(screen).toMatchObject({ role: 'screen', taken: true });
    for (const on of [true, false]) {
      await callee.conn.hold(on);
      await negotiate(callee, caller);
      expect(taken()).toEqual(['microphone true', 'camera false', 'screen true']);
    }
    await caller.conn.removeTrack(screen.ctx);
    await caller.conn.addTrack(fakeTrack('video'), 'screen');
    expect(taken()[2]).toBe('screen false'); // not before the peer has said so again
  });

  // Fails if the number that the Welcome named is sealed for: the peer knows it with another codec.
  it('of a caller is sent in the codec of the answer, once that is described', async () => {
    const [caller, callee] = [makeSide(false, ['VP8', 'H264']), makeSide(true, ['H264'])];
    const offer = await caller.conn.offer([fakeTrack('video')], both);
    expect(caller.conn.streams()).toMatchObject([{ ctx: 1, codec: 'VP8' }]); // as the Welcome says, made before the answer is taken
    await caller.conn.accept(await callee.conn.answer(offer, want, [], both), want);
    await caller.conn.start();
    expect([caller.conn.undescribed(), steps.includes('sender 0 track')]).toEqual([true, false]);
    await negotiate(caller, callee);
    expect([caller.conn.undescribed(), steps.includes('sender 0 track')]).toEqual([false, true]);
    expect(caller.conn.streams()).toMatchObject([{ ctx: 4, codec: 'H264', taken: true }]);
  });
});
