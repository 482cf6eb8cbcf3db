import { describe, expect, test, vi } from 'vitest';
import { EndReason, Malformed, MediaError, Refused, SignalError } from '../client/index.ts';
import { choices, isLocal, isLoopback, linkTo, takeInvitation } from './address.ts';
import { browserName } from './environment.ts';
import { namesakeWords, trustOf, trustWords } from './trust.ts';
import { endWords, faultWords, freeName, linkWords, missedWords } from './words.ts';

describe('words', () => {
  test('a name that is taken gets a number, and never more than 64 bytes', () => {
    expect(freeName('Ada', () => false)).toBe('Ada');
    expect(freeName('Ada', (label) => label !== 'Ada (3)')).toBe('Ada (3)');
    for (const wide of ['名', '😀', 'x']) {
      expect(new TextEncoder().encode(freeName(wide.repeat(16), () => true)).length).toBeLessThanOrEqual(64);
    }
  });

  test('every end has words of its own, whoever ended it, and an unknown one has some', () => {
    const said = new Map<string, number>();
    for (const reason of Object.values(EndReason)) {
      for (const remote of [false, true]) {
        const gaveUp = remote && reason === EndReason.TimedOut;
        const same = gaveUp ? EndReason.Cancelled : // one thing to a person
          reason === EndReason.IceTimeout ? EndReason.IceFailed : reason;
        const w = endWords(reason, remote, 'Ada');
        expect(w.title.length).toBeGreaterThan(3);
        expect(w.text).toMatch(/\.$/);
        expect(w.kind).toBe(`end-${reason}`);
        expect(said.get(w.title) ?? same, w.title).toBe(same);
        said.set(w.title, same);
      }
    }
    expect(endWords(200, true, 'Ada').text).toContain('does not know');
  });

  test('a call that nobody answered is told otherwise to who was rung', () => {
    expect(endWords(EndReason.TimedOut, false, 'Ada').text).toContain("Ada's side");
    const late = endWords(EndReason.TimedOut, true, 'Ada'); // our answer came too late
    expect([late.title, late.text]).toEqual(['Missed', 'Ada gave up before you answered.']);
    for (const remote of [false, true]) expect(missedWords(EndReason.TimedOut, remote, 'Ada').title).toBe('Missed');
    expect(missedWords(EndReason.Cancelled, true, 'Ada')).toEqual(endWords(EndReason.Cancelled, true, 'Ada'));
  });

  // Fails if the end of every fault, as of the worker's death, is told as two browsers that do not agree.
  test('descriptions that could not be used are told apart from what broke, and from a call that was up', () => {
    const title = (remote: boolean, cause?: Error, connected?: boolean): string =>
      endWords(EndReason.MediaFailed, remote, 'Ada', cause, connected).title;
    const unusable = new MediaError('description', 'x');
    expect([title(true), title(false, unusable)]).toEqual(Array(2).fill('The call could not be set up'));
    const broken = [title(false), title(false, new Error('the worker has failed')), title(true, undefined, true),
      title(false, unusable, true)];
    expect(broken).toEqual(Array(4).fill('Something went wrong'));
    expect(endWords(EndReason.PeerLost, false, 'Ada', undefined, true).title).toBe('Connection lost');
  });

  test.each([
    [new Malformed('URI: it is cut or mistyped (checksum)'), 'link'],
    [new Refused('weakKey'), 'link'],
    [new Refused('noContact', 'it is blocked'), 'blocked'],
    [new Refused('invitation'), 'invitation'],
    [new SignalError('unavailable'), 'relay-lost'],
    [new TypeError('boom'), 'other'],
  ])('%s makes a link of kind %s', (e, kind) => {
    expect(linkWords(e)).toMatchObject({ kind, detail: e.message });
  });

  test('the cause of a bad end is told, that of a good one is not', () => {
    expect(endWords(EndReason.MediaFailed, false, 'Ada', new Error('no codec')).detail).toBe('no codec');
    expect(endWords(EndReason.Left, false, 'Ada', new Error('x')).detail).toBeUndefined();
  });

  test.each([
    [new DOMException('', 'NotAllowedError'), 'permission'],
    [new DOMException('', 'NotFoundError'), 'no-device'],
    [new DOMException('', 'NotReadableError'), 'device-busy'],
    [new SignalError('unavailable'), 'relay-lost'],
    [new SignalError('rejected'), 'relay-rejected'],
    [new SignalError('throttled'), 'relay-busy'],
    [new SignalError('insecure'), 'relay-insecure'],
    [new Refused('invitation'), 'invitation'],
    [new Refused('storage'), 'storage'],
    [new Refused('noContact'), 'no-contact'],
    [new TypeError('boom'), 'other'],
    ['no error at all', 'other'],
  ])('%s is a fault of kind %s', (e, kind) => {
    expect(faultWords(e, 'start').kind).toBe(kind);
  });
});

describe('the address', () => {
  test('an invitation leaves it, with its own # again', () => {
    const replaceState = vi.fn();
    vi.stubGlobal('history', { replaceState });
    vi.stubGlobal('location', {
      hash: '#sotto:invite/sotto1q?name=100%20%25%231&relay=ws%3A%2F%2Fh%23a-_9',
      pathname: '/', search: '?name=x', origin: 'https://h',
    });
    expect(takeInvitation()).toBe('sotto:invite/sotto1q?name=100%20%25%231&relay=ws%3A%2F%2Fh#a-_9');
    expect(replaceState).toHaveBeenCalledWith(null, '', '/?name=x');
    expect(linkTo('sotto:invite/sotto1q?relay=x#s')).toBe('https://h/#sotto:invite/sotto1q?relay=x%23s');
    vi.stubGlobal('location', { hash: '' });
    expect(takeInvitation()).toBeUndefined();
    expect(replaceState).toHaveBeenCalledTimes(1);
    vi.unstubAllGlobals();
  });

  test('choices', () => {
    expect(choices('')).toEqual({ name: undefined, relayOnly: false, ringFor: undefined });
    const all = { name: 'Ada', relayOnly: true, ringFor: 2000 };
    expect(choices('?name=Ada&relay-only&ring-for=2')).toEqual(all);
    expect(new TextEncoder().encode(choices(`?name=${'😀'.repeat(99)}`).name).length).toBe(64);
    for (const n of ['', '0', '91', 'x']) expect(choices(`?ring-for=${n}`).ringFor).toBeUndefined();
  });

  const near = ['localhost', '127.0.0.1', '10.1.2.3', '192.168.0.7', '172.31.0.1', 'bot.local', '[::1]', '[fd00::1]'];
  test.each(near)('%s is near', (h) => {
    expect(isLocal(h)).toBe(true);
  });

  const far = ['example.org', '172.32.0.1', '11.0.0.1', '10.example.org', '127.0.0.1.example.org', 'localhost.example'];
  test.each(far)('%s is not', (h) => {
    expect(isLocal(h)).toBe(false);
  });

  test('a machine is itself under its loopback names alone', () => {
    expect([...near, ...far].filter(isLoopback)).toEqual(['localhost', '127.0.0.1', '[::1]']);
  });
});

test('trust', () => {
  const now = Date.UTC(2026, 2, 1);
  const since = new Date(now - 25 * 3_600_000);
  const known = { since, verified: undefined, revoked: undefined };
  expect(trustOf(known, now)).toBe('known');
  expect(trustOf({ ...known, since: new Date(now) }, now)).toBe('new');
  expect(trustOf({ ...known, verified: since }, now)).toBe('verified');
  expect(trustOf({ ...known, verified: since, revoked: since }, now)).toBe('revoked');
  expect(trustWords({ ...known, verified: since, revoked: since }, now)).toMatch(/^Revoked by its owner/);
  expect(trustWords(known, now)).toMatch(/^Known since .*2026, not verified$/);
});

describe('a name that another contact has', () => {
  const [day0, day1] = [new Date(0), new Date(1)];
  const person = (since: Date, verified?: Date) => (
    { id: new Uint8Array(64), name: 'Ada (2)', claimed: 'Ada', since, verified });
  /** Contacts of which this one has the name, or one easily taken for it. */
  const book = (how: 'same' | 'alike', of: string, other: { since: Date; verified?: Date }) => ({
    resembling: (_: unknown, name: string) => (
      { same: [], alike: [], ...(name === of && { [how]: [{ name: 'Ada', ...other }] }) }),
  }) as unknown as Parameters<typeof namesakeWords>[0];

  test('is warned of: whether it is theirs or ours, the same or alike', () => {
    for (const how of ['same', 'alike'] as const) {
      for (const of of ['Ada', 'Ada (2)']) {
        const words = namesakeWords(book(how, of, { since: day0 }), person(day1));
        expect(words).toMatch(/^You already know another “Ada”,/);
      }
      expect(namesakeWords(book(how, 'Eve', { since: day0 }), person(day1))).toBeUndefined();
    }
  });

  test('is no matter for who had it first, unless the other one is verified; nor for who is', () => {
    expect(namesakeWords(book('same', 'Ada', { since: day1 }), person(day0))).toBeUndefined();
    expect(namesakeWords(book('same', 'Ada', { since: day1, verified: day1 }), person(day0))).toBeDefined();
    expect(namesakeWords(book('same', 'Ada', { since: day0, verified: day1 }), person(day1, day1))).toBeUndefined();
  });
});

test('browsers by name', () => {
  expect(browserName('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0')).toBe('Firefox on Linux');
  expect(browserName('Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36')).toBe('Chrome on Android');
  expect(browserName('Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/537 Edg/140')).toBe('Edge on Windows');
  expect(browserName('something')).toBe('Browser');
});
