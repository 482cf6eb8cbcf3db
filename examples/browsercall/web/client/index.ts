/**
 * Private calls between web browsers and Go programs: what this package exports.
 *
 *     const identity = (await Identity.load('me')) ?? (await Identity.generate());
 *     const contacts = await Contacts.open(identity, 'me');
 *     const transport = await Relay.dial('wss://relay.example', identity.mailbox());
 *     const client = new Client({ identity, contacts, transport, workerURL: '/worker.js' });
 *     const media = { send: stream.getTracks(), receive: { audio: true, video: true } };
 *     const call = await client.dial(contacts.list()[0].id, media);
 *     for await (const e of call.events()) …
 */
export { contactsOnly, type Caller, type Decision, type RingLimits } from './call/admit.ts';
export type { Call, CallStats } from './call/call.ts';
export { Client } from './call/client.ts';
export type { ClientStats } from './call/dispatch.ts';
export type { CallEvent, Participant } from './call/event.ts';
export type { Incoming } from './call/incoming.ts';
export type { ClientOptions, Kinds, MediaOptions } from './call/options.ts';
export { AuthError, EndedError, EndReason, reasonName, StateError, type DeclineReason } from './call/reason.ts';
export type { State } from './call/state.ts';

export { Contact, type Notice } from './contacts/contact.ts';
export { Contacts } from './contacts/contacts.ts';
export { Letter } from './contacts/letter.ts';
export type { ContactState, VerifiedBy } from './contacts/state.ts';
export { Card } from './envelope/card.ts';
export { Invitation } from './envelope/invitation.ts';
export { formatRevocation, revoke } from './envelope/revocation.ts';
export { supported } from './frames/control.ts';
export type { Emoji } from './identity/emoji.ts';
export { Refused, type Refusal } from './identity/errors.ts';
export { sameID, shortID, type ID } from './identity/id.ts';
export { Identity } from './identity/identity.ts';
export { formatID, formatSafetyNumber, parseID, safetyNumber } from './identity/text.ts';
export { isMediaError, MediaError, type MediaErrorCode } from './media/errors.ts';
export type { SentStream, Stream, TrackInfo, TrackRole } from './media/events.ts';
export type { CodecOrder } from './media/sdp_codec.ts';
export { Relay, type RelayOptions, type RelayState } from './signal/relay.ts';
export { SignalError, type SignalFault, type Transport } from './signal/transport.ts';
export { Malformed } from './wire.ts';
