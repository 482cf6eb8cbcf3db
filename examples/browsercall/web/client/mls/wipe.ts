/** Zeroing what is used up, as far as JavaScript allows: copies that the engine made are out of reach. */
import type { ClientState } from 'ts-mls/clientState.js';
import type { SecretTree } from 'ts-mls/secretTree.js';

/** Zeroes byte strings. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const s of secrets) s.fill(0);
}

/** Zeroes what a state holds and its successor does not: all of it, without a successor. */
export function wipeState(old: ClientState, next?: ClientState): void {
  if (old.keySchedule !== next?.keySchedule) {
    const { senderDataSecret, resumptionPsk, ...used } = old.keySchedule;
    wipe(...Object.values(used), resumptionPsk);
    if (!next?.historicalReceiverData.has(old.groupContext.epoch)) wipe(senderDataSecret, ...secretsOf(old.secretTree));
  }
  for (const [epoch, data] of old.historicalReceiverData) {
    if (!next?.historicalReceiverData.has(epoch)) wipe(data.senderDataSecret, ...secretsOf(data.secretTree));
  }
  const kept = new Set(Object.values(next?.privatePath.privateKeys ?? {}));
  wipe(...Object.values(old.privatePath.privateKeys).filter((k) => !kept.has(k)));
}

function secretsOf(tree: SecretTree): Uint8Array[] {
  return tree.flatMap(({ handshake, application }) => [handshake, application])
    .flatMap((r) => [r.secret, ...Object.values(r.unusedGenerations)]);
}
