import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Conn } from './conn.ts';
import type { ConnEvent, Sealing } from './events.ts';
import { FakePC, fakeTrack, steps } from './fake_pc.ts';
import { parseDescription } from './sdp.ts';

const both = { audio: true, video: true };
const want = new Uint8Array(32).fill(0xab);
const other = new Uint8Array(32).fill(0xac);

beforeEach(() => {
  vi.stubGlobal('RTCPeerConnection', FakePC);
  vi.stubGlobal('RTCRtpScriptTransform', class {});
  vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
  FakePC.deaf = false;
  FakePC.made.length = 0;
  steps.length = 0;
});

function makeSide(callee: boolean) {
  const events: ConnEvent[] = [];
  const transforms: string[] = [];
  const maps: { payloadType: number; codec: string }[][] = [];
  const frames: Sealing = {
    sender: (ctx, kind) => { transforms.push(`send ${ctx} ${kind}`); return {} as RTCRtpScriptTransform; },
    receiver: (leaf, mid, kind) => {
      transforms.push(`receive ${leaf} ${mid} ${kind}`);
      return {} as RTCRtpScriptTransform;
    },
    codecs: async (map) => { maps.push(map); },
    connected: async () => { transforms.push('connected'); },
  };
  const conn = new Conn({ frames, callee, iceServers: [], lan: true, notify: (e) => events.push(e) });
  const pc = FakePC.made.at(-1);
  if (pc === undefined) {
    throw new Error('no connection was made');
  }
  return { conn, pc, events, transforms, maps };
}

async function pair() {
  const caller = makeSide(false);
  const callee = makeSide(true);
  const offer = await caller.conn.offer([fakeTrack('audio'), fakeTrack('video')], both);
  const answer = await callee.conn.answer(offer, want, [fakeTrack('audio')], both);
  await caller.conn.accept(answer, want);
  return { caller, callee };
}

describe('a connection', () => {
  it('is not made where frames cannot be sealed', () => {
    vi.stubGlobal('RTCRtpScriptTransform', undefined);
    expect(() => makeSide(false)).toThrow('cannot seal');
    expect(FakePC.made).toEqual([]);
  });

  it('gathers nothing before the answer is there', async () => {
    const { conn } = makeSide(false);
    const offer = await conn.offer([fakeTrack('audio')], both);
    expect(steps.filter((s) => s.startsWith('local'))).toEqual([]);
    expect(offer).not.toContain('192.168');
    expect(parseDescription(offer).sections.map((s) => [s.kind, s.sends, s.receives])).toEqual(
      [['audio', true, true], ['video', false, true], ['application', true, true]]);
    expect(conn.fingerprint()).toEqual(want);
  });

  it('seals what a transceiver carries before anything else happens to it', async () => {
    const { conn } = makeSide(false);
    await conn.offer([fakeTrack('audio')], both);
    expect(steps).toEqual(['sender 0 transform', 'receiver 0 transform', 'sender 0 transform', 'sender 1 transform',
      'receiver 1 transform', 'createOffer']);
  });

  it('gives a sender no track where the browser takes no transform', async () => {
    FakePC.deaf = true;
    const { conn } = makeSide(false);
    await expect(conn.offer([fakeTrack('audio')], both)).rejects.toMatchObject({ code: 'unsupported' });
    await conn.start();
    expect(steps.some((s) => s.endsWith(' track'))).toBe(false);
  });

  it('sends after start alone, what the peer takes', async () => {
    const { caller, callee } = await pair();
    expect(steps.some((s) => s.endsWith(' track'))).toBe(false);
    await caller.conn.start();
    expect(steps.filter((s) => s.endsWith(' track'))).toEqual(['sender 0 track', 'sender 1 track']);
    expect(caller.conn.streams()).toEqual([
      { ctx: 0, mid: '0', kind: 'audio', codec: 'opus', role: 'microphone', taken: true },
      { ctx: 1, mid: '1', kind: 'video', codec: 'VP8', role: 'camera', taken: true }]);
    expect(callee.conn.streams()).toMatchObject([{ ctx: 0, mid: '0', kind: 'audio', codec: 'opus' }]);
    expect(caller.maps).toEqual([[{ payloadType: 111, codec: 'opus' }, { payloadType: 96, codec: 'VP8' }]]);
    expect(callee.transforms).toContain('receive 0 1 video');
    expect(caller.transforms).toContain('receive 1 0 audio');
    expect(callee.events.filter((e) => e.type === 'trackAdded').length).toBe(2);
    expect(caller.events.filter((e) => e.type === 'trackAdded').length).toBe(1);
  });

  it('takes a muted track off the wire', async () => {
    const { caller } = await pair();
    await caller.conn.start();
    steps.length = 0;
    await caller.conn.setMuted(0, true);
    await caller.conn.setMuted(0, false);
    expect(steps).toEqual(['sender 0 no track', 'sender 0 stopped', 'sender 0 track', 'sender 0 active']);
    await expect(caller.conn.setMuted(7, true)).rejects.toMatchObject({ code: 'state' });
  });

  // Fails if what begins muted is found by the sections that have a name already.
  it('begins muted also where the peer has no section yet, and says so when it has one', async () => {
    const caller = makeSide(false);
    const callee = makeSide(true);
    const offer = await caller.conn.offer([fakeTrack('video')], { audio: false, video: true });
    const answer = await callee.conn.answer(offer, want, [fakeTrack('audio'), fakeTrack('video')], both);
    await caller.conn.accept(answer, want);
    await callee.conn.start({ audio: true });
    const told = () => callee.events.filter((e) => e.type === 'muted');
    expect([callee.conn.untaken(), callee.conn.streams().length, told().length]).toEqual([true, 1, 0]);
    const describing = await callee.conn.describe(false);
    expect(told()).toEqual([]); // the peer does not know that stream before it has answered
    await callee.conn.described(await caller.conn.apply(describing, want, () => true), want);
    expect(steps.filter((s) => s.endsWith(' track'))).toEqual(['sender 0 track']); // the picture
    expect(told()).toEqual([{ type: 'muted', ctx: 0, muted: true }]);
    await callee.conn.setMuted(0, false);
    expect(steps.filter((s) => s.endsWith(' track'))).toEqual(['sender 0 track', 'sender 1 track']);
    expect([callee.conn.untaken(), told().length]).toEqual([false, 1]);
  });

  it('does not begin muted where it was unmuted before', async () => {
    const { caller } = await pair();
    await caller.conn.setMuted(0, false);
    await caller.conn.start({ audio: true });
    expect(steps.filter((s) => s.endsWith(' track'))).toContain('sender 0 track');
    expect(caller.events.filter((e) => e.type === 'muted')).toEqual([]);
  });

  it('says at once that what the peer knows begins muted', async () => {
    const { caller } = await pair();
    await caller.conn.setMuted(1, true);
    await caller.conn.start({ audio: true });
    expect(steps.filter((s) => s.endsWith(' track'))).toEqual([]);
    expect(caller.events.filter((e) => e.type === 'muted')).toEqual([{ type: 'muted', ctx: 0, muted: true }]);
  });

  // Fails if it closes without a word: whoever waits for an event would call it connected for ever.
  it('says why it closes when a track cannot be taken off the wire', async () => {
    const { caller, callee } = await pair();
    await caller.conn.start();
    const broken = new Error('the browser refuses');
    caller.pc.getTransceivers()[0]!.sender.replaceTrack = () => Promise.reject(broken);
    await callee.conn.hold(true);
    await caller.conn.apply(await callee.conn.describe(false), want, () => true);
    await vi.waitFor(() => expect(steps).toContain('close'));
    expect(caller.events.at(-1)).toEqual({ type: 'state', state: 'failed', error: broken });
    await expect(caller.conn.describe(false)).rejects.toMatchObject({ code: 'closed' });
  });

  it('says that the path is up, once each time', async () => {
    const { caller } = await pair();
    for (const state of ['connecting', 'connected', 'connected', 'disconnected', 'connected']) {
      caller.pc.connectionState = state;
      caller.pc.onconnectionstatechange?.();
    }
    expect(caller.transforms.filter((t) => t === 'connected').length).toBe(2);
    expect(caller.events.map((e) => e.type === 'state' && e.state).filter(Boolean))
      .toEqual(['connecting', 'connected', 'disconnected', 'connected']);
  });

  it.each([[false, 'fingerprint'], [true, 'state']])('says why it failed: up before %s, %s', async (up, code) => {
    const { caller } = await pair();
    Object.assign(caller.pc, { iceConnectionState: 'connected', sctp: { transport: { state: 'failed' } } });
    for (const state of up ? ['connected', 'failed'] : ['failed']) {
      caller.pc.connectionState = state;
      caller.pc.onconnectionstatechange?.();
    }
    const last = caller.events.at(-1);
    expect(last).toMatchObject({ type: 'state', state: 'failed', error: { code } });
  });

  it('refuses another fingerprint and another role, and is none the worse', async () => {
    const caller = makeSide(false);
    const callee = makeSide(true);
    const offer = await caller.conn.offer([], both);
    await expect(callee.conn.answer(offer, other, [], both)).rejects.toMatchObject({ code: 'fingerprint' });
    await expect(callee.conn.answer(offer.replaceAll('actpass', 'active'), want, [],
      both)).rejects.toMatchObject({ code: 'description' });
    const answer = await callee.conn.answer(offer, want, [], both);
    await expect(caller.conn.accept(answer, other)).rejects.toMatchObject({ code: 'fingerprint' });
    await expect(caller.conn.accept(answer.replaceAll('active', 'passive'),
      want)).rejects.toMatchObject({ code: 'description' });
    await expect(caller.conn.accept(answer.replace('mid:0', 'mid:7').replace('BUNDLE 0', 'BUNDLE 7'), want))
      .rejects.toMatchObject({ code: 'description' });
    await caller.conn.accept(answer, want);
  });

  it('keeps its own description when two cross, on the caller’s side', async () => {
    const { caller, callee } = await pair();
    const theirs = await callee.conn.describe(false);
    const ours = await caller.conn.describe(false);
    await expect(caller.conn.describe(false)).rejects.toMatchObject({ code: 'state' });
    await expect(caller.conn.apply(theirs, want, () => true)).rejects.toMatchObject({ code: 'glare' });
    await callee.conn.apply(ours, want, () => true);
    await expect(callee.conn.described(ours, want)).rejects.toMatchObject({ code: 'state' });
  });

  it('tells its browser the DTLS role that the peer has, whoever offers', async () => {
    const { caller, callee } = await pair();
    const shown = [caller, callee].map(({ pc }) => vi.spyOn(pc, 'setRemoteDescription'));
    await callee.conn.described(await caller.conn.apply(await callee.conn.describe(true), want, () => true), want);
    await caller.conn.described(await callee.conn.apply(await caller.conn.describe(true), want, () => true), want);
    const setups = shown.map((f) => f.mock.calls.filter(([d]) => d.type === 'offer')
      .map(([d]) => /a=setup:(\w+)/.exec(d.sdp ?? '')?.[1]));
    expect(setups).toEqual([['active'], ['passive']]); // the callee is the DTLS client
  });

  it('gathers for a restart before it is answered where the browser is Firefox, and takes that back', async () => {
    const { caller } = await pair();
    const set = vi.spyOn(caller.pc, 'setLocalDescription');
    const types = (): string[] => set.mock.calls.map(([d]) => d.type);
    await caller.conn.describe(true);
    expect(types()).toEqual([]);
    caller.conn.forget();
    vi.stubGlobal('navigator', { userAgent: 'Gecko/20100101 Firefox/140.0' });
    const offer = await caller.conn.describe(true);
    expect(types()).toEqual(['offer']);
    caller.conn.forget();
    expect(types()).toEqual(['offer', 'rollback']);
    await caller.conn.describe(false);
    expect([types().length, offer.includes('a=ice-ufrag')]).toEqual([2, true]);
  });

  it('asks before it takes a track that nobody agreed to', async () => {
    const { caller, callee } = await pair();
    await callee.conn.addTrack(fakeTrack('video'), 'camera');
    expect(callee.conn.untaken()).toBe(true);
    const asked: string[] = [];
    await caller.conn.apply(await callee.conn.describe(false), want, (t) => asked.push(t.mid) < 0);
    expect(asked).toEqual(['1']);
    expect(caller.events.filter((e) => e.type === 'trackAdded').length).toBe(1);
  });

  it('takes a track later that nobody had decided on in time', async () => {
    const { caller, callee } = await pair();
    await callee.conn.start();
    await callee.conn.addTrack(fakeTrack('video'), 'camera');
    await callee.conn.described(await caller.conn.apply(await callee.conn.describe(false), want, () => false), want);
    expect([callee.conn.untaken(), caller.conn.take('9'), caller.conn.take('1'), caller.conn.take('1')]).toEqual(
      [true, false, true, false]);
    await caller.conn.described(await callee.conn.apply(await caller.conn.describe(false), want, () => false), want);
    expect(callee.conn.untaken()).toBe(false);
    expect(caller.events.filter((e) => e.type === 'trackAdded').length).toBe(2);
    caller.conn.close();
    expect(caller.conn.take('1')).toBe(false);
  });

  it('keeps candidates that come early, and rewrites its own', async () => {
    const callee = makeSide(true);
    await callee.conn.addCandidate({ mid: '0', line: 'candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag Zk3q' });
    await callee.conn.addCandidate({ mid: '0', line: '' });
    await expect(callee.conn.addCandidate({ mid: '0',
      line: 'candidate:1 1 udp 1 0.0.0.0 9 typ host' })).rejects.toMatchObject({ code: 'candidate' });
    expect(callee.pc.added).toEqual([]);
    await callee.conn.answer(await makeSide(false).conn.offer([], both), want, [], both);
    expect(callee.pc.added).toEqual([{ candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMLineIndex: 0,
      usernameFragment: 'Zk3q' }]);
    const found = { candidate: 'candidate:99 1 udp 5 198.51.100.7 40 typ srflx raddr 10.0.0.1 rport 7 generation 0',
      sdpMid: '0', usernameFragment: null };
    callee.pc.onicecandidate?.({ candidate: found });
    callee.pc.onicecandidate?.({ candidate: { ...found, candidate: '' } });
    callee.pc.onicecandidate?.({ candidate: null });
    expect(callee.events.slice(-2)).toEqual([
      {
        type: 'candidate', mid: '0',
        line: 'candidate:1 1 udp 5 198.51.100.7 40 typ srflx raddr 0.0.0.0 rport 9 ufrag Zk3q',
      },
      { type: 'gathered' },
    ]);
  });

  it('closes once, and is silent after that', async () => {
    const { caller } = await pair();
    const count = caller.events.length;
    caller.conn.close();
    caller.conn.close();
    expect(steps.filter((s) => s === 'close').length).toBe(1);
    expect(caller.events.length).toBe(count);
    await expect(caller.conn.describe(false)).rejects.toMatchObject({ code: 'closed' });
    expect(() => caller.conn.sendMessage(new Uint8Array(1))).toThrow('closed');
  });
});
