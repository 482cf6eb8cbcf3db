/** A soft sound while somebody rings. */

/** Two notes in hertz, how long each lasts, and how often they come, in seconds. */
const notes = [587.33, 783.99] as const;
const length = 0.45;
const every = 3;

/** Of 1: it calls for attention in a room, not in the next one. */
const loudness = 0.06;

/**
 * Rings until the returned function is called. Without a press of a button or key on the page before, browsers make no
 * sound, and it stays silent: undefined.
 */
export function ring(): (() => void) | undefined {
  if (!navigator.userActivation?.hasBeenActive) return undefined;
  let context: AudioContext;
  try {
    context = new AudioContext();
  } catch {
    return undefined; // no sound here: the dialog is seen all the same
  }
  const play = (): void => notes.forEach((hertz, i) => note(context, hertz, context.currentTime + i * length));
  play();
  const timer = setInterval(play, every * 1000);
  return () => {
    clearInterval(timer);
    context.close().catch(() => undefined);
  };
}

/** One note that swells and fades, from a time of the context on: no click at either end. */
function note(context: AudioContext, hertz: number, from: number): void {
  const [source, volume] = [context.createOscillator(), context.createGain()];
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0, from);
  volume.gain.linearRampToValueAtTime(loudness, from + length / 6);
  volume.gain.linearRampToValueAtTime(0, from + length);
  source.connect(volume).connect(context.destination);
  source.start(from);
  source.stop(from + length);
}
