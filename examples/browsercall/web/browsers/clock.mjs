import { setTimeout as wait } from 'node:timers/promises';

/** Lets a call go on for so many milliseconds, since what is measured is a stretch of time. */
export function pass(ms) {
  return wait(ms);
}
