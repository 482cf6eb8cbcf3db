import { type Drop, drops } from './errors.ts';
import type { FrameOpener } from './opener.ts';
import type { FrameSealer } from './sealer.ts';

/** Frames since the call began, each reason to drop one apart. */
export interface FrameStats extends Record<Drop, number> {
  sealed: number;
  /** Frames that could not be sealed, mostly for want of a key. */
  refused: number;
  /** Frames of the busiest stream under the present sending keys: they are renewed at 2^24. */
  epochFrames: number;
  opened: number;
}

/** Adds up. */
export function count(sealers: Iterable<FrameSealer>, openers: Iterable<FrameOpener>): FrameStats {
  const none = Object.fromEntries(drops.map((d) => [d, 0])) as Record<Drop, number>;
  const st: FrameStats = { sealed: 0, refused: 0, epochFrames: 0, opened: 0, ...none };
  for (const s of sealers) {
    st.sealed += s.sealed;
    st.refused += s.refused;
    st.epochFrames = Math.max(st.epochFrames, s.sealed - s.before);
  }
  for (const o of openers) {
    st.opened += o.opened;
    for (const d of drops) st[d] += o.dropped[d];
  }
  return st;
}

/** How many frames that arrived were not opened. */
export function dropped(st: FrameStats): number {
  return drops.reduce((n, d) => n + st[d], 0);
}
