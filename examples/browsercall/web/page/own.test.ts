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

/** What was noted last about something. */
const noted = (about: string): unknown => notes.filter(([a]) => a === about).at(-1)?.[1];

/** What the browser or the other side has not given yet. */
function later<T>(): { promise: Promise<T>; give: (value: T) => void } {
  let give: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (give = resolve));
  return { promise, give };
}

/** A call in this state, and what was asked of it in order. It has these streams. */
function callOf(state: string, numbers = { microphone: 0, camera: 1, screen: 2 }) {
  const asked: unknown[][] = [];
  const streams = Object.entries(numbers).map(([role, ctx]) => ({ role, ctx, taken: true }));
  const ask = (name: string) => vi.fn(async (...rest: unknown[]) => void asked.push([name, ...rest]));
  const call = {
    state, streams: () => streams, setMuted: ask('setMuted'), replaceTrack: ask('replaceTrack'), removeTrack: ask('removeTrack'),
    addTrack: vi.fn(async (...rest: unknown[]) => {
      asked.push(['addTrack', ...rest]);
      return { taken: true };
    }),
  };
  return { call, asked, real: call as unknown as Call };
}

let at: (id: string) => FakeElement;
let own: Own;
let said: string[];
let notes: [string, unknown?][];
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
  said = [];
  notes = [];
  own = new Own((text) => said.push(text), (...note) => notes.push(note));
});
afterEach(() => vi.unstubAllGlobals());

describe('while the other side does not answer a description', () => {
  const camera = new Track('video');

  /** A screen is being shared, in a call with this camera; give ends that. */
  async function sharing(c = camera) {
    const { call, asked, real } = callOf('connected');
    const answer = later<{ taken: boolean }>();
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
    answer.give({ taken: true });
    await settle();
    expect([at('camera').disabled, at('self').dataset.shows]).toEqual([false, 'screen']);
  });

  test('a camera that is unplugged is told at once', async () => {
    const unplugged = new Track('video');
    const { asked } = await sharing(unplugged);
    unplugged.ends();
    await settle();
    expect([noted('camera'), asked]).toEqual([expect.stringContaining('is gone'), [['setMuted', 1, true]]]);
  });

  test('a camera that it would add is turned off, and is off when it does', async () => {
    const { call, asked, real } = callOf('connected');
    begin(new Track('audio'));
    await connect(real);
    const answer = later<{ taken: boolean }>();
    call.addTrack.mockReturnValue(answer.promise);
    const added = new Track('video');
    gives.getUserMedia = () => Promise.resolve(stream(added));
    await press('camera');
    expect([at('self').dataset.shows, at('camera').disabled]).toEqual(['camera', false]);
    await press('camera');
    expect([added.readyState, asked]).toEqual(['ended', []]);
    answer.give({ taken: true });
    await settle();
    expect([asked, noted('camera')]).toEqual([[['setMuted', 1, true]], undefined]);
  });

  test('a call that ends leaves the buttons of the next alone', async () => {
    const { answer } = await sharing();
    own.stop();
    const { asked, real } = callOf('connected');
    begin(new Track('audio'), new Track('video'));
    await connect(real);
    expect(at('screen').disabled).toBe(false);
    answer.give({ taken: true });
    await settle();
    expect([at('self').dataset.shows, asked, noted('screen')]).toEqual(['camera', [], undefined]);
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
  expect([asked, noted('microphone'), found.enabled]).toEqual([[], undefined, true]);
  call.state = 'connected';
  own.connected();
  await settle();
  expect(asked).toEqual([['replaceTrack', 0, found]]);
  own.connected(); // again, after a reconnect
  await settle();
  expect(asked.length).toBe(1);
});

// Fails if the numbers are taken for fixed: where the other side does not take a first codec, they are others.
test('what is turned off is what the call sends, whatever its number', async () => {
  const { asked, real } = callOf('connected', { microphone: 5, camera: 4, screen: 6 });
  begin(new Track('audio'), new Track('video'));
  await connect(real);
  await press('camera');
  gives.getDisplayMedia = () => Promise.resolve(stream(new Track('video')));
  await press('screen');
  await press('screen');
  expect(asked.filter(([name]) => name !== 'addTrack')).toEqual([['setMuted', 4, true], ['removeTrack', 6]]);
});

// Fails if what the other side refuses is told as shown to it.
test('a screen that the other side does not take is not said to be shared', async () => {
  const { call, real } = callOf('connected');
  begin(new Track('audio'));
  await connect(real);
  gives.getDisplayMedia = () => Promise.resolve(stream(new Track('video')));
  call.addTrack.mockResolvedValue({ taken: false });
  await press('screen');
  expect([said, at('self').dataset.shows]).toEqual([[], 'screen']);
  await press('screen');
  expect(notes.at(-1)).toEqual(['taken']); // which is nothing any more
});

test.each([['reconnecting', [['removeTrack', 2]]], ['ended', []]])(
  'a screen that is not shared any more is taken away in a call that is %s', async (state, then) => {
    const { call, asked, real } = callOf('connected');
    begin(new Track('audio'));
    await connect(real);
    const screen = new Track('video');
    gives.getDisplayMedia = () => Promise.resolve(stream(screen));
    await press('screen');
    call.state = state;
    screen.ends();
    await settle();
    expect([asked.slice(1), at('self').dataset.shows]).toEqual([then, 'nothing']);
  });

// Fails if a notice stays: nobody would know that they are heard again.
test.each([['microphone', 'mute', 'audio'], ['camera', 'camera', 'video']] as const)(
  'a %s that is gone is no news any more when another is there', async (about, button, kind) => {
    const gone = new Track(kind);
    begin(...(kind === 'audio' ? [gone] : [new Track('audio'), gone]));
    await connect(callOf('connected').real);
    gone.ends();
    await settle();
    expect(noted(about)).toMatch(/is gone: nobody/);
    gives.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    await press(button);
    expect(noted(about)).toBeInstanceOf(DOMException);
    gives.getUserMedia = () => Promise.resolve(stream(new Track(kind)));
    await press(button);
    expect(notes.at(-1)).toEqual([about]);
  });
