import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Call } from '../client/index.ts';
import { Own } from './own.ts';
import { fakePage, type FakeElement } from './testing-dom.ts';

/** A microphone, camera or screen. */
class Track {
  enabled = true;
  readyState = 'live';
  onended: (() => void) | null = null;
  readonly kind: 'audio' | 'video';

  constructor(kind: 'audio' | 'video') {
    this.kind = kind;
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** Its device goes. */
  ends(): void {
    this.stop();
    this.onended?.();
  }
}

/** What the browser or the other side has not given yet. */
function later<T>(): { promise: Promise<T>; give: (value: T) => void } {
  let give: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (give = resolve));
  return { promise, give };
}

/** A call in this state, and what was asked of it in order. */
function callOf(state: string) {
  const asked: unknown[][] = [];
  const ask = (name: string) => vi.fn(async (...rest: unknown[]) => void asked.push([name, ...rest]));
  const call = {
    state, setMuted: ask('setMuted'), replaceTrack: ask('replaceTrack'), removeTrack: ask('removeTrack'),
    addTrack: vi.fn(async (...rest: unknown[]) => {
      asked.push(['addTrack', ...rest]);
      return { ctx: 2 };
    }),
  };
  return { call, asked, real: call as unknown as Call };
}

let at: (id: string) => FakeElement;
let own: Own;
let failed: ReturnType<typeof vi.fn>;
let lost: ReturnType<typeof vi.fn>;
let gives: { getUserMedia: () => Promise<unknown>; getDisplayMedia: () => Promise<unknown> };

const stream = (...tracks: Track[]) => ({ getTracks: () => tracks, getVideoTracks: () => tracks });
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const press = async (id: string): Promise<void> => {
  if (!at(id).disabled) at(id).onclick?.();
  await settle();
};
const begin = (...tracks: Track[]): void => own.start({ tracks: tracks as unknown as MediaStreamTrack[] });
/** The own tracks belong to this call, which is connected. */
const connect = async (call: Call): Promise<void> => {
  own.belongs(call);
  own.connected();
  await settle();
};

beforeEach(() => {
  at = fakePage();
  const none = () => Promise.reject(new TypeError('not in this test'));
  gives = { getUserMedia: none, getDisplayMedia: none };
  vi.stubGlobal('navigator', { mediaDevices: gives });
  failed = vi.fn();
  lost = vi.fn();
  own = new Own(() => undefined, failed as () => void, lost as () => void);
});
afterEach(() => vi.unstubAllGlobals());

describe('while the other side does not answer a description', () => {
  const camera = new Track('video');

  /** A screen is being shared, in a call with this camera; give ends that. */
  async function sharing(c = camera) {
    const { call, asked, real } = callOf('connected');
    const answer = later<{ ctx: number }>();
    begin(new Track('audio'), c);
    await connect(real);
    call.addTrack.mockReturnValue(answer.promise);
    gives.getDisplayMedia = () => Promise.resolve(stream(new Track('video')));
    await press('screen');
    expect(at('screen').disabled).toBe(true);
    return { call, asked, answer };
  }

  test('the camera is turned off', async () => {
    const { asked, answer } = await sharing();
    expect(at('camera').disabled).toBe(false);
    await press('camera');
    expect([camera.readyState, asked]).toEqual(['ended', [['setMuted', 1, true]]]);
    expect(at('camera').disabled).toBe(true); // what opens one waits
    answer.give({ ctx: 2 });
    await settle();
    expect([at('camera').disabled, at('self').dataset.shows]).toEqual([false, 'screen']);
  });

  test('a camera that is unplugged is told at once', async () => {
    const unplugged = new Track('video');
    const { asked } = await sharing(unplugged);
    unplugged.ends();
    await settle();
    expect([lost.mock.calls.length, asked]).toEqual([1, [['setMuted', 1, true]]]);
  });

  test('a camera that it would add is turned off, and is off when it does', async () => {
    const { call, asked, real } = callOf('connected');
    begin(new Track('audio'));
    await connect(real);
    const answer = later<{ ctx: number }>();
    call.addTrack.mockReturnValue(answer.promise);
    const added = new Track('video');
    gives.getUserMedia = () => Promise.resolve(stream(added));
    await press('camera');
    expect([at('self').dataset.shows, at('camera').disabled]).toEqual(['camera', false]);
    await press('camera');
    expect([added.readyState, asked]).toEqual(['ended', []]);
    answer.give({ ctx: 1 });
    await settle();
    expect([asked, failed.mock.calls]).toEqual([[['setMuted', 1, true]], []]);
  });

  test('a call that ends leaves the buttons of the next alone', async () => {
    const { answer } = await sharing();
    own.stop();
    const { asked, real } = callOf('connected');
    begin(new Track('audio'), new Track('video'));
    await connect(real);
    expect(at('screen').disabled).toBe(false);
    answer.give({ ctx: 2 });
    await settle();
    expect([at('self').dataset.shows, asked, failed.mock.calls]).toEqual(['camera', [], []]);
  });
});

test('a camera that is turned off while it is opened again stays off for the other side', async () => {
  const { call, asked, real } = callOf('connected');
  begin(new Track('audio'), new Track('video'));
  await connect(real);
  await press('camera');
  const replaced = later<undefined>();
  call.replaceTrack.mockReturnValue(replaced.promise);
  gives.getUserMedia = () => Promise.resolve(stream(new Track('video')));
  await press('camera');
  await press('camera');
  replaced.give(undefined);
  await settle();
  expect(asked).toEqual([['setMuted', 1, true], ['setMuted', 1, true]]);
});

test('a screen that was picked for a call that is over is not shown to the next', async () => {
  begin(new Track('audio'));
  await connect(callOf('connected').real);
  const picked = later<unknown>();
  gives.getDisplayMedia = () => picked.promise;
  await press('screen');
  own.stop();
  const { asked, real } = callOf('connected');
  begin(new Track('audio'));
  await connect(real);
  const screen = new Track('video');
  picked.give(stream(screen));
  await settle();
  expect([screen.readyState, asked]).toEqual(['ended', []]);
});

test('a microphone that was found again while it rings is the one that the call sends', async () => {
  const [gone, found] = [new Track('audio'), new Track('audio')];
  const { call, asked, real } = callOf('ringing');
  begin(gone);
  own.belongs(real);
  gone.ends();
  gives.getUserMedia = () => Promise.resolve(stream(found));
  await press('mute');
  expect([asked, failed.mock.calls, found.enabled]).toEqual([[], [], true]);
  call.state = 'connected';
  own.connected();
  await settle();
  expect(asked).toEqual([['replaceTrack', 0, found]]);
  own.connected(); // again, after a reconnect
  await settle();
  expect(asked.length).toBe(1);
});
