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
 * Opens the microphone, and the camera if it is wanted. A device that is not there is left out and noted; a permission
 * that is not given rejects, so that nobody talks unheard without knowing it.
 */
export async function open(camera: boolean): Promise<Devices> {
  if (!camera) return { tracks: await capture({ audio: sound }) };
  try {
    return { tracks: await capture({ audio: sound, video: picture }) };
  } catch (e) {
    if (!isMissing(e)) throw e;
  }
  try {
    return { tracks: await capture({ audio: sound }), note: 'No camera was found: you are heard, and not seen.' };
  } catch (e) {
    if (!isMissing(e)) throw e;
  }
  return { tracks: await capture({ video: picture }), note: 'No microphone was found: you are seen, and not heard.' };
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

function isMissing(e: unknown): boolean {
  return e instanceof DOMException && (e.name === 'NotFoundError' || e.name === 'OverconstrainedError');
}
