import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Queue } from '../client/call/queue.ts';
import { EndReason, type Call, type CallEvent, type Contact } from '../client/index.ts';
import type { Session } from './session.ts';
import { Talk } from './talk.ts';
import { fakePage, type FakeElement } from './testing-dom.ts';

const ada = { id: new Uint8Array(64).fill(1), name: 'Ada', since: new Date(0), verified: undefined } as Contact;
const bob = { ...ada, id: new Uint8Array(64).fill(2), name: 'Bob' } as Contact;
const camera = { mid: '1', kind: 'video' as const };
const microphone = { mid: '0', kind: 'audio' as const };

let at: (id: string) => FakeElement;
let talk: Talk;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  at = fakePage();
  at('notice').hidden = true;
  const contacts = Object.assign(new EventTarget(), { get: () => undefined });
  talk = new Talk({ contacts, identity: ada } as unknown as Session);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Whether there is no notice, and what it says. */
const notice = (): [boolean, string] => [at('notice').hidden, at('notice').textContent];

/** A call whose events come one by one; what follow gives is in said. */
function follow() {
  const events = new Queue<CallEvent>();
  const streams = (['microphone', 'camera'] as const).map((role) => ({ role, taken: true }));
  const call = { state: 'connected', emoji: () => undefined, epoch: 1, events: () => events, streams: () => streams };
  talk.open(ada, { tracks: [] }, 'dialing', () => undefined);
  const said = talk.follow(call as unknown as Call);
  const tells = async (e: CallEvent): Promise<void> => {
    events.put(e);
    if (e.type === 'ended') events.end();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { tells, said, streams };
}

describe('frames that do not open', () => {
  const refused = (on: boolean, info: typeof camera | typeof microphone): CallEvent =>
    ({ type: 'refusedChanged', info, refused: on, reason: on ? 'forged' : '' });
  const added = (info: typeof camera | typeof microphone): CallEvent =>
    ({ type: 'trackAdded', track: {} as MediaStreamTrack, info });
  const pictures = (): string | undefined => at('remote').dataset.pictures;

  test('are told in words, show no picture, and are forgotten when frames open again', async () => {
    const { tells } = follow();
    for (const e of [{ type: 'connected' } as const, added(microphone), added(camera)]) await tells(e);
    expect([notice(), pictures(), at('remote-note').textContent]).toEqual([[true, ''], '1', 'Ada shows no picture']);
    await tells({ type: 'holdChanged', held: true });
    await tells(refused(true, camera));
    await tells(refused(true, microphone));
    expect(notice()).toEqual([false, expect.stringMatching(/^What arrives from Ada cannot be opened.*neither shown/)]);
    expect([pictures(), at('remote-note').textContent]).toEqual(['0', '']);
    await tells(refused(false, camera));
    expect([notice()[1], pictures()]).toEqual([expect.stringMatching(/^What arrives/), '1']);
    await tells(refused(false, microphone));
    expect(notice()).toEqual([false, 'Ada has put the call on hold.']); // what was said before stands again
  });

  test('do not matter while the other side has turned the stream off, or when the call is over', async () => {
    const { tells } = follow();
    await tells(added(camera));
    await tells(refused(true, camera));
    const mute = (muted: boolean): CallEvent => ({ type: 'muteChanged', ctx: 1, info: camera, muted });
    await tells(mute(true));
    expect(notice()[0]).toBe(true);
    await tells(mute(false));
    expect(notice()[0]).toBe(false);
    await tells({ type: 'trackEnded', info: camera, sent: false });
    expect(notice()[0]).toBe(true);
    await tells(added(camera));
    expect(notice()[0]).toBe(false);
    talk.close();
    expect(notice()).toEqual([true, '']);
  });
});

test('a camera that the other side cannot take is told', async () => {
  const { tells } = follow();
  await tells({ type: 'trackEnded', info: camera, sent: true });
  expect(notice()[0]).toBe(true);
  await tells({ type: 'trackEnded', info: camera, sent: true, error: new Error('no codec in common') });
  expect(notice()).toEqual([false, 'Ada cannot take your picture.']);
});

// Fails if what is offered is taken for sent: programs without a screen take no pictures.
test('what the other side does not take is told for as long as it is so, and hides nothing else', async () => {
  const { tells, streams } = follow();
  await tells({ type: 'connected' });
  const taken = (info: typeof camera | typeof microphone, on: boolean): Promise<void> => {
    streams[info === camera ? 1 : 0]!.taken = on;
    return tells({ type: 'takenChanged', info, taken: on });
  };
  await taken(camera, false);
  expect(notice()).toEqual([false, 'Ada takes no picture: nobody sees you.']);
  await taken(microphone, false);
  expect(notice()[1]).toBe('Ada takes no sound: nobody hears you. Ada takes no picture: nobody sees you.');
  await taken(microphone, true);
  expect(at('status').textContent).toBe('Ada takes your sound now'); // the notice that is gone says nothing to who listens
  await tells({ type: 'holdChanged', held: true });
  expect(notice()[1]).toBe('Ada has put the call on hold.');
  await tells({ type: 'holdChanged', held: false });
  expect(notice()[1]).toBe('Ada takes no picture: nobody sees you.');
  await taken(camera, true);
  expect(notice()).toEqual([true, '']);
});

// Fails if the clock ends with the page: browsers may bring that back as it was.
test('a page that comes back counts the time of its next call', async () => {
  talk.leave();
  const { tells } = follow();
  await tells({ type: 'connected' });
  vi.setSystemTime(Date.now() + 61_000);
  vi.advanceTimersByTime(1000);
  expect(at('call-time').textContent).toMatch(/^1:0/);
});

test('a fault in a call that was connected is not told as one of setting it up', async () => {
  const { tells, said } = follow();
  await tells({ type: 'connected' });
  await tells({ type: 'ended', reason: EndReason.MediaFailed, remote: true });
  expect((await said).title).toBe('Something went wrong');
});

// Fails if all begins anew when the browser gives the devices: a space that is meant for the message would hang up.
test('what is written while the browser asks for the devices stays, and so does the keyboard', () => {
  const open = (): void => talk.open(ada, { tracks: [] }, 'dialing', () => undefined);
  open();
  expect(document.activeElement).toBe(at('hangup'));
  at('chat-toggle').onclick?.();
  at('chat-text').value = 'one moment';
  open();
  expect(document.activeElement).toBe(at('chat-text'));
  expect(at('chat-text').value).toBe('one moment');
  talk.close();
  open();
  expect(document.activeElement).toBe(at('hangup'));
  expect(at('chat-text').value).toBe('');
});

describe('the comparison', () => {
  const compares = async (name: string): Promise<void> => {
    await vi.waitFor(() => expect(at('verify-number').textContent).toMatch(/^\d{5} /));
    expect([at('verify').open, at('verify-title').textContent]).toEqual([true, `Is it really ${name}?`]);
  };

  test('of somebody else is closed when a call is opened', async () => {
    talk.compare(bob);
    await compares('Bob');
    talk.open(ada, { tracks: [] }, 'connecting', () => undefined);
    expect(at('verify').open).toBe(false);
  });

  test('of the call stays when its devices are there', async () => {
    talk.open(ada, { tracks: [] }, 'dialing', () => undefined);
    talk.compare();
    talk.open(ada, { tracks: [] }, 'dialing', () => undefined);
    await compares('Ada');
  });
});
