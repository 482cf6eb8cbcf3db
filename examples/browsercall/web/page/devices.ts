/** Camera, microphone and screen. */

/** What was opened, and what of it could not be, in words. */
export interface Devices {
  tracks: MediaStreamTrack[];
  note?: string;
}

const picture: MediaTrackConstraints = {
  width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: 'user',
};
const sound: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * Opens the microphone, and the camera if it is wanted. A device that is not there, or in another program's hands, is left
 * out and noted; a permission that is not given rejects, so that nobody talks unheard without knowing it.
 */
export async function open(camera: boolean): Promise<Devices> {
  if (!camera) return { tracks: await capture({ audio: sound }) };
  let note: string;
  try {
    return { tracks: await capture({ audio: sound, video: picture }) };
  } catch (e) {
    note = `${without('camera', e)}: you are heard, and not seen.`;
  }
  try {
    return { tracks: await capture({ audio: sound }), note };
  } catch (silent) {
    note = `${without('microphone', silent)}: you are seen, and not heard.`;
    return capture({ video: picture }).then((tracks) => ({ tracks, note }), (e: unknown) => {
      throw e instanceof DOMException && e.name === 'NotFoundError' ? silent : e; // no camera, and why no microphone
    });
  }
}

/** Opens the microphone alone. */
export async function openMicrophone(): Promise<MediaStreamTrack> {
  return (await capture({ audio: sound }))[0]!;
}

/** Opens the camera alone. */
export async function openCamera(): Promise<MediaStreamTrack> {
  return (await capture({ video: picture }))[0]!;
}

/** Asks for a screen or window; undefined: the person changed their mind. */
export async function openScreen(): Promise<MediaStreamTrack | undefined> {
  try {
    const s = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 30 } }, audio: false });
    const track = s.getVideoTracks()[0];
    if (track) track.contentHint = 'detail';
    return track;
  } catch (e) {
    if (e instanceof DOMException && e.name === 'NotAllowedError') return undefined;
    throw e;
  }
}

/** Lets go of devices: their lights go out. */
export function close(tracks: Iterable<MediaStreamTrack>): void {
  for (const t of tracks) t.stop();
}

async function capture(c: MediaStreamConstraints): Promise<MediaStreamTrack[]> {
  return (await navigator.mediaDevices.getUserMedia(c)).getTracks();
}

/** Why we go on without a device; throws what must be told as an error. */
function without(device: string, e: unknown): string {
  switch (e instanceof DOMException && e.name) {
    case 'NotFoundError':
    case 'OverconstrainedError':
      return `No ${device} was found`;
    case 'NotReadableError':
    case 'AbortError':
      return `The ${device} does not answer, perhaps since another program uses it`;
  }
  throw e;
}
