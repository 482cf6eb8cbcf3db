//go:build cgo

#include "v4l2_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BUFFERS 4

struct sotto_camera {
  int fd, count;
  struct {
    void *data;
    size_t size;
  } buffers[BUFFERS];
};

static int call(int fd, unsigned long request, void *arg) {
  int r;
  do {
    r = ioctl(fd, request, arg);
  } while (r < 0 && errno == EINTR);
  return r < 0 ? -errno : r;
}

static int capabilities(int fd, struct v4l2_capability *cap) {
  int err = call(fd, VIDIOC_QUERYCAP, cap);
  if (err < 0) return err == -ENOTTY ? -ENODEV : err;
  unsigned own = cap->capabilities & V4L2_CAP_DEVICE_CAPS ? cap->device_caps : cap->capabilities;
  unsigned want = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  return (own & want) == want ? 0 : -ENODEV;
}

static int open_device(const unsigned char *path, struct v4l2_capability *cap) {
  int fd = open((const char *)path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -errno;
  int err = capabilities(fd, cap);
  if (err == 0) return fd;
  close(fd);
  return err;
}

int sotto_camera_ask(const unsigned char *path, struct sotto_camera_facts *facts) {
  struct v4l2_capability cap = {0};
  int fd = open_device(path, &cap);
  if (fd < 0) return fd;
  close(fd);
  memcpy(facts->name, cap.card, 32);
  memcpy(facts->bus, cap.bus_info, 32);
  facts->name[32] = facts->bus[32] = 0;
  return 0;
}

int sotto_camera_open(const unsigned char *path, sotto_camera **camera) {
  struct v4l2_capability cap = {0};
  int fd = open_device(path, &cap);
  if (fd < 0) return fd;
  sotto_camera *c = calloc(1, sizeof *c);
  if (c == NULL) {
    close(fd);
    return -ENOMEM;
  }
  c->fd = fd;
  *camera = c;
  return 0;
}

int sotto_camera_fourcc(sotto_camera *c, unsigned n, unsigned *fourcc) {
  struct v4l2_fmtdesc d = {.index = n, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  int err = call(c->fd, VIDIOC_ENUM_FMT, &d);
  *fourcc = d.pixelformat;
  return err;
}

int sotto_camera_size(sotto_camera *c, unsigned fourcc, unsigned n, unsigned min[2], unsigned max[2], unsigned step[2]) {
  struct v4l2_frmsizeenum s = {.index = n, .pixel_format = fourcc};
  int err = call(c->fd, VIDIOC_ENUM_FRAMESIZES, &s);
  if (err < 0) return err;
  if (s.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
    min[0] = max[0] = s.discrete.width;
    min[1] = max[1] = s.discrete.height;
    step[0] = step[1] = 1;
    return 0;
  }
  min[0] = s.stepwise.min_width, max[0] = s.stepwise.max_width, step[0] = s.stepwise.step_width;
  min[1] = s.stepwise.min_height, max[1] = s.stepwise.max_height, step[1] = s.stepwise.step_height;
  return 1;
}

int sotto_camera_fastest(sotto_camera *c, unsigned fourcc, unsigned width, unsigned height, unsigned *num, unsigned *den) {
  *num = *den = 0;
  for (unsigned n = 0; n < 64; n++) {
    struct v4l2_frmivalenum i = {.index = n, .pixel_format = fourcc, .width = width, .height = height};
    int err = call(c->fd, VIDIOC_ENUM_FRAMEINTERVALS, &i);
    if (err < 0) return n == 0 ? err : 0;
    struct v4l2_fract f = i.type == V4L2_FRMIVAL_TYPE_DISCRETE ? i.discrete : i.stepwise.min;
    if (*den == 0 || (unsigned long long)f.numerator * *den < (unsigned long long)*num * f.denominator) {
      *num = f.numerator;
      *den = f.denominator;
    }
    if (i.type != V4L2_FRMIVAL_TYPE_DISCRETE) return 0;
  }
  return 0;
}

int sotto_camera_set(sotto_camera *c, struct sotto_camera_format *f) {
  struct v4l2_format v = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  v.fmt.pix.width = f->width;
  v.fmt.pix.height = f->height;
  v.fmt.pix.pixelformat = f->fourcc;
  v.fmt.pix.field = V4L2_FIELD_ANY;
  int err = call(c->fd, VIDIOC_S_FMT, &v);
  if (err < 0) return err;
  f->fourcc = v.fmt.pix.pixelformat;
  f->width = v.fmt.pix.width;
  f->height = v.fmt.pix.height;
  f->stride = v.fmt.pix.bytesperline;
  f->size = v.fmt.pix.sizeimage;
  struct v4l2_streamparm p = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
  p.parm.capture.timeperframe.numerator = f->fps_denominator;
  p.parm.capture.timeperframe.denominator = f->fps_numerator;
  call(c->fd, VIDIOC_S_PARM, &p);  // a device that cannot is read at its own rate
  return 0;
}

int sotto_camera_start(sotto_camera *c) {
  struct v4l2_requestbuffers r = {.count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
  int err = call(c->fd, VIDIOC_REQBUFS, &r);
  if (err < 0) return err;
  if (r.count == 0) return -ENOMEM;
  for (unsigned i = 0; i < r.count && i < BUFFERS; i++) {
    struct v4l2_buffer b = {.index = i, .type = r.type, .memory = r.memory};
    if ((err = call(c->fd, VIDIOC_QUERYBUF, &b)) < 0) return err;
    void *data = mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, b.m.offset);
    if (data == MAP_FAILED) return -errno;
    c->buffers[i].data = data;
    c->buffers[i].size = b.length;
    c->count = i + 1;
    if ((err = call(c->fd, VIDIOC_QBUF, &b)) < 0) return err;
  }
  int type = r.type;
  return call(c->fd, VIDIOC_STREAMON, &type);
}

static long long age_of(const struct v4l2_buffer *b) {
  struct timespec now;
  if ((b->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) != V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC) return 0;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - b->timestamp.tv_sec) * 1000000LL + now.tv_nsec / 1000 - b->timestamp.tv_usec;
}

int sotto_camera_read(sotto_camera *c, int milliseconds, unsigned char *dst, unsigned size, long long *age) {
  struct pollfd p = {.fd = c->fd, .events = POLLIN};
  int n = poll(&p, 1, milliseconds);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  if (n == 0) return 0;
  struct v4l2_buffer b = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
  int err = call(c->fd, VIDIOC_DQBUF, &b);
  // POLLERR alone is what is left of a device that was unplugged.
  if (err == -EAGAIN) return p.revents & (POLLERR | POLLHUP) ? -ENODEV : 0;
  if (err < 0) return err;
  if (b.index >= (unsigned)c->count) return -EIO;
  n = 0;
  if (!(b.flags & V4L2_BUF_FLAG_ERROR) && b.bytesused <= c->buffers[b.index].size) {
    n = b.bytesused < size ? b.bytesused : size;
    memcpy(dst, c->buffers[b.index].data, n);
    *age = age_of(&b);
  }
  err = call(c->fd, VIDIOC_QBUF, &b);
  return err < 0 ? err : n;
}

void sotto_camera_close(sotto_camera *c) {
  int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
  call(c->fd, VIDIOC_STREAMOFF, &type);
  for (int i = 0; i < c->count; i++) munmap(c->buffers[i].data, c->buffers[i].size);
  close(c->fd);
  free(c);
}
