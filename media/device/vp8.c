//go:build cgo && vpx

#include "vp8.h"

#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

struct sotto_vp8 {
  vpx_codec_ctx_t codec;
  vpx_codec_enc_cfg_t cfg;
  vpx_image_t image;
  long long last;
};

sotto_vp8 *sotto_vp8_new(unsigned width, unsigned height, unsigned kbps, int screen, const char **why) {
  *why = "out of memory";
  sotto_vp8 *e = calloc(1, sizeof *e);
  if (e == NULL) return NULL;
  vpx_codec_enc_cfg_t *c = &e->cfg;
  vpx_codec_err_t err = vpx_codec_enc_config_default(vpx_codec_vp8_cx(), c, 0);
  c->g_w = width;
  c->g_h = height;
  c->g_timebase.num = 1;
  c->g_timebase.den = 90000;  // true times: the rate control holds the bitrate at any rate of pictures
  c->g_threads = 1;
  c->g_lag_in_frames = 0;
  c->g_pass = VPX_RC_ONE_PASS;
  c->g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  c->rc_end_usage = VPX_CBR;
  c->rc_target_bitrate = kbps;
  c->rc_min_quantizer = 2;
  c->rc_max_quantizer = 56;
  c->rc_undershoot_pct = 100;
  c->rc_overshoot_pct = 15;
  c->rc_buf_sz = 1000;  // milliseconds
  c->rc_buf_initial_sz = 500;
  c->rc_buf_optimal_sz = 600;
  c->rc_dropframe_thresh = 30;
  c->kf_mode = VPX_KF_DISABLED;  // key frames where they are asked for
  if (err == VPX_CODEC_OK) err = vpx_codec_enc_init(&e->codec, vpx_codec_vp8_cx(), c, 0);
  if (err != VPX_CODEC_OK) {
    *why = vpx_codec_err_to_string(err);
    free(e);
    return NULL;
  }
  vpx_codec_control(&e->codec, VP8E_SET_CPUUSED, -8);
  vpx_codec_control(&e->codec, VP8E_SET_STATIC_THRESHOLD, screen ? 100 : 1);
  vpx_codec_control(&e->codec, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION);
  vpx_codec_control(&e->codec, VP8E_SET_NOISE_SENSITIVITY, 0);
  vpx_codec_control(&e->codec, VP8E_SET_SCREEN_CONTENT_MODE, screen ? 1 : 0);
  // A key frame of at most half a second's worth of bits.
  vpx_codec_control(&e->codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, 1500);
  vpx_img_wrap(&e->image, VPX_IMG_FMT_I420, width, height, 1, (unsigned char *)1);
  e->last = -1;
  return e;
}

const unsigned char *sotto_vp8_encode(sotto_vp8 *e, unsigned char *y, unsigned char *u, unsigned char *v, int ystride,
                                      int cstride, long long ticks, int force_key, int *size, int *is_key) {
  e->image.planes[VPX_PLANE_Y] = y;
  e->image.planes[VPX_PLANE_U] = u;
  e->image.planes[VPX_PLANE_V] = v;
  e->image.stride[VPX_PLANE_Y] = ystride;
  e->image.stride[VPX_PLANE_U] = e->image.stride[VPX_PLANE_V] = cstride;
  if (ticks <= e->last) ticks = e->last + 1;
  long long duration = e->last < 0 ? 3000 : ticks - e->last;
  e->last = ticks;
  *size = -1;
  *is_key = 0;
  vpx_enc_frame_flags_t flags = force_key ? VPX_EFLAG_FORCE_KF : 0;
  vpx_codec_err_t err = vpx_codec_encode(&e->codec, &e->image, ticks, duration, flags, VPX_DL_REALTIME);
  memset(e->image.planes, 0, sizeof e->image.planes);  // they are Go's, and libvpx has copied them
  if (err != VPX_CODEC_OK) return NULL;
  *size = 0;
  vpx_codec_iter_t iter = NULL;
  const vpx_codec_cx_pkt_t *p;
  while ((p = vpx_codec_get_cx_data(&e->codec, &iter)) != NULL) {
    if (p->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    *size = (int)p->data.frame.sz;
    *is_key = (p->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
    return p->data.frame.buf;
  }
  return NULL;
}

void sotto_vp8_copy(unsigned char *dst, const unsigned char *src, int size) { memcpy(dst, src, size); }

int sotto_vp8_bitrate(sotto_vp8 *e, unsigned kbps) {
  e->cfg.rc_target_bitrate = kbps;
  return vpx_codec_enc_config_set(&e->codec, &e->cfg) != VPX_CODEC_OK;
}

const char *sotto_vp8_error(sotto_vp8 *e) {
  const char *s = vpx_codec_error_detail(&e->codec);
  return s != NULL ? s : vpx_codec_error(&e->codec);
}

void sotto_vp8_free(sotto_vp8 *e) {
  vpx_codec_destroy(&e->codec);
  free(e);
}
