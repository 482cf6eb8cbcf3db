#!/bin/sh
# Makes tone.opus anew: 50 packets of 80 bytes, one second of 440 Hz, cut out of the middle of a longer tone so that the
# decoder's state at its end is that of its beginning. To an encoder that expects loss each packet stands more for itself.
# Needs ffmpeg with libopus (5.1 was used).
set -eu
cd "$(dirname "$0")"
ffmpeg -v error -y -f lavfi -i "sine=frequency=440:sample_rate=48000:duration=6" -af volume=2 -ac 1 -c:a libopus -b:a 32k -vbr off \
    -application audio -frame_duration 20 -packet_loss 100 -map_metadata -1 -fflags +bitexact tone.ogg
# Each packet has 80 bytes; the raw packets one after the other, without Ogg.
ffmpeg -v error -y -i tone.ogg -c copy -f data -map 0:a - | tail -c +12001 | head -c 4000 > tone.opus
rm tone.ogg
