/**
 * Whether this browser loses media that comes before it says that it is connected. Firefox makes its receive streams anew
 * at that moment, some milliseconds after packets can come through: of a key frame that is arriving then, each stream has
 * a part, and neither asks for the rest.
 */
export function losesEarlyMedia(): boolean {
  return typeof navigator !== 'undefined' && navigator.userAgent.includes('Firefox');
}
