// The few calls of libvpx that vp8.go needs, without a pointer of Go's inside a struct of C's.

typedef struct sotto_vp8 sotto_vp8;

sotto_vp8 *sotto_vp8_new(unsigned width, unsigned height, unsigned kbps, int screen, const char **why);

// Returns the frame, which is valid until the next call. *size is 0 where the rate control skips the picture, and -1 for
// an error.
const unsigned char *sotto_vp8_encode(sotto_vp8 *e, unsigned char *y, unsigned char *u, unsigned char *v, int ystride,
                                      int cstride, long long ticks, int force_key, int *size, int *is_key);

void sotto_vp8_copy(unsigned char *dst, const unsigned char *src, int size);
int sotto_vp8_bitrate(sotto_vp8 *e, unsigned kbps);
const char *sotto_vp8_error(sotto_vp8 *e);
void sotto_vp8_free(sotto_vp8 *e);
