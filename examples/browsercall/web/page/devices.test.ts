import { afterEach, describe, expect, test, vi } from 'vitest';
import { open } from './devices.ts';

afterEach(() => vi.unstubAllGlobals());

/** A browser whose microphone and camera fail so, or do not. */
function devices(audio?: string, video?: string): void {
  const getUserMedia = async (c: MediaStreamConstraints) => {
    const failure = (c.video && video) || (c.audio && audio);
    if (failure) throw new DOMException('', failure);
    return { getTracks: () => [...(c.audio ? ['audio'] : []), ...(c.video ? ['video'] : [])] };
  };
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
}

describe('a camera', () => {
  // Fails if only one that is not there is left out: the caller would be declined since another program has the camera.
  test.each([
    ['NotFoundError', /^No camera was found: you are heard/], ['NotReadableError', /^The camera does not answer/],
    ['AbortError', /^The camera does not answer/],
  ])('that fails with %s is left out, and that is said', async (failure, note) => {
    devices(undefined, failure);
    expect(await open(true)).toEqual({ tracks: ['audio'], note: expect.stringMatching(note) });
  });

  // Fails if the last failure is told: the person would look for a camera, and not for who has the microphone.
  test('that is not there does not hide why the microphone fails', async () => {
    devices('NotReadableError', 'NotFoundError');
    await expect(open(true)).rejects.toMatchObject({ name: 'NotReadableError' });
  });

  test('that may not be used is no reason to talk without', async () => {
    devices(undefined, 'NotAllowedError');
    await expect(open(true)).rejects.toMatchObject({ name: 'NotAllowedError' });
  });
});

test('a microphone that does not answer is left out where there is a camera, and nowhere else', async () => {
  devices('NotReadableError');
  expect(await open(true)).toEqual({ tracks: ['video'], note: expect.stringMatching(/^The microphone .*not heard/) });
  await expect(open(false)).rejects.toMatchObject({ name: 'NotReadableError' });
});
