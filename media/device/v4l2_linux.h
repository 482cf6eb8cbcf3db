// The few calls of V4L2 that camera_linux.go needs. Each returns 0 or more, or -errno.

typedef struct sotto_camera sotto_camera;

struct sotto_camera_facts {
  char name[33], bus[33];
};

// What a device is asked for, and what it gives.
struct sotto_camera_format {
  unsigned fourcc, width, height, stride, size;
  unsigned fps_numerator, fps_denominator;
};

// Says what a device is; -ENODEV if it takes no pictures.
int sotto_camera_ask(const unsigned char *path, struct sotto_camera_facts *facts);

int sotto_camera_open(const unsigned char *path, sotto_camera **camera);

// The n-th format, and the n-th size or the range of sizes of a format: 1 if *min to *max in steps, 0 if one size.
int sotto_camera_fourcc(sotto_camera *c, unsigned n, unsigned *fourcc);
int sotto_camera_size(sotto_camera *c, unsigned fourcc, unsigned n, unsigned min[2], unsigned max[2], unsigned step[2]);

// The shortest interval between pictures of that format and size, as a fraction of a second.
int sotto_camera_fastest(sotto_camera *c, unsigned fourcc, unsigned width, unsigned height, unsigned *num, unsigned *den);

int sotto_camera_set(sotto_camera *c, struct sotto_camera_format *format);
int sotto_camera_start(sotto_camera *c);

// Waits up to milliseconds for a picture and copies it, up to size bytes. 0 without one; otherwise how many bytes it has,
// and how many microseconds ago it was taken (0 if the driver does not say by the monotonic clock).
int sotto_camera_read(sotto_camera *c, int milliseconds, unsigned char *dst, unsigned size, long long *age);

void sotto_camera_close(sotto_camera *c);
