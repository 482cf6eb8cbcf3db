// What the module exports: one encoder or one decoder in a sandbox of fixed size, with one buffer for samples and one for the
// packet. Nothing is allocated: the state lies in the data section, and what libopus needs for a call on the stack.

#include <stddef.h>

#include "analysis.h"
#include "opus.h"

#define EXPORT(name) __attribute__((export_name(#name))) name

#define MAX_SAMPLES 5760 // 120 ms at 48 kHz, the most that a packet holds (RFC 6716, section 3.2.5)
#define MAX_PACKET 61440 // 48 frames of 1275 bytes and what frames them, rounded up

static _Alignas(16) unsigned char state[49152];
static _Alignas(16) opus_int16 samples[2 * MAX_SAMPLES];
static _Alignas(16) unsigned char packet[MAX_PACKET];

opus_int16 *EXPORT(samples_at)(void) { return samples; }
unsigned char *EXPORT(packet_at)(void) { return packet; }

int EXPORT(encoder_init)(int rate, int channels, int complexity, int vbr, int dtx) {
  OpusEncoder *e = (OpusEncoder *)state;
  if (complexity > 6) return OPUS_BAD_ARG; // see run_analysis
  if (opus_encoder_get_size(channels) > (int)sizeof state) return OPUS_ALLOC_FAIL;
  int err = opus_encoder_init(e, rate, channels, OPUS_APPLICATION_VOIP);
  if (!err) err = opus_encoder_ctl(e, OPUS_SET_COMPLEXITY(complexity));
  if (!err) err = opus_encoder_ctl(e, OPUS_SET_VBR(vbr));
  if (!err) err = opus_encoder_ctl(e, OPUS_SET_DTX(dtx));
  return err;
}

int EXPORT(encoder_bitrate)(int bps) { return opus_encoder_ctl((OpusEncoder *)state, OPUS_SET_BITRATE(bps)); }

int EXPORT(encoder_loss)(int percent) {
  OpusEncoder *e = (OpusEncoder *)state;
  int err = opus_encoder_ctl(e, OPUS_SET_INBAND_FEC(percent > 0));
  return err ? err : opus_encoder_ctl(e, OPUS_SET_PACKET_LOSS_PERC(percent));
}

// Encodes n samples a channel into at most max bytes; returns the bytes or an error.
int EXPORT(encode)(int n, int max) { return opus_encode((OpusEncoder *)state, samples, n, packet, max); }

int EXPORT(decoder_init)(int rate, int channels) {
  if (opus_decoder_get_size(channels) > (int)sizeof state) return OPUS_ALLOC_FAIL;
  return opus_decoder_init((OpusDecoder *)state, rate, channels);
}

// Decodes a packet of len bytes into at most n samples a channel; len 0 conceals n samples; fec takes the n samples before
// the packet from what it carries of them. Returns the samples a channel or an error.
int EXPORT(decode)(int len, int n, int fec) {
  return opus_decode((OpusDecoder *)state, len ? packet : NULL, len, samples, n, fec);
}

// libopus analyses music and speech from complexity 7 up, and this module is used below it: what the encoder would link of
// that is left out.
void tonality_analysis_init(TonalityAnalysisState *s, opus_int32 rate) { (void)s, (void)rate; }
void tonality_analysis_reset(TonalityAnalysisState *s) { (void)s; }
void run_analysis(TonalityAnalysisState *s, const CELTMode *mode, const void *pcm, int size, int frame, int c1, int c2,
                  int channels, opus_int32 rate, int depth, downmix_func mix, AnalysisInfo *info) {
  (void)s, (void)mode, (void)pcm, (void)size, (void)frame, (void)c1, (void)c2, (void)channels, (void)rate, (void)depth;
  (void)mix;
  info->valid = 0;
}
