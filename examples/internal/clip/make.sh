#!/bin/sh
# Makes clip.ivf and clip.ogg anew. Needs ffmpeg with libvpx, libopus and libfreetype (5.1 was used).
set -eu
cd "$(dirname "$0")"
font=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSans-ExtraLight.ttf}

# A tune of eight notes, half a second each, twice: 8 s.
note="st(0,floor(mod(t*2,8))); 4*eq(ld(0),1)+7*eq(ld(0),2)+12*eq(ld(0),3)+9*eq(ld(0),4)+7*eq(ld(0),5)+4*eq(ld(0),6)+2*eq(ld(0),7)"
tone="0.4*sin(2*PI*mod(t,0.5)*261.63*pow(2,($note)/12))*exp(-4*mod(t,0.5))*min(1,200*mod(t,0.5))"
ffmpeg -v error -y -f lavfi -i "aevalsrc='$tone':s=48000:d=8" -c:a pcm_s16le tune.wav

# One packet more comes out (the encoder's delay); the stream is cut to 400 packets of 20 ms.
ffmpeg -v error -y -i tune.wav -c:a libopus -b:a 32k -vbr off -application audio -frame_duration 20 -ac 1 \
    -map_metadata -1 -fflags +bitexact -flags:a +bitexact -frames:a 400 -page_duration 200000 clip.ogg

# Its waveform over a moving gradient, a name and a clock.
ffmpeg -v error -y -i tune.wav \
    -f lavfi -i "gradients=s=640x360:r=30:d=8:c0=0x14213d:c1=0x2a6f97:c2=0xf2a65a:c3=0x7b2d43:n=4:speed=0.012:x0=0:y0=0:x1=640:y1=360:seed=7" \
    -filter_complex "[0:a]showwaves=s=640x120:r=30:mode=cline:colors=white@0.7:scale=sqrt[w];
        [1:v][w]overlay=0:220[v];
        [v]drawtext=fontfile=$font:text=sotto:fontsize=96:fontcolor=white:x=(w-text_w)/2:y=70,
        drawtext=fontfile=$font:text='%{eif\:t\:d}.%{eif\:mod(floor(t*10)\,10)\:d} s':fontsize=28:fontcolor=white@0.8:x=(w-text_w)/2:y=185[o]" \
    -map "[o]" -an -frames:v 240 -pix_fmt yuv420p -c:v libvpx -b:v 300k -maxrate 400k -bufsize 400k -g 60 -keyint_min 60 \
    -auto-alt-ref 0 -lag-in-frames 0 -error-resilient default -deadline good -cpu-used 0 -threads 1 \
    -map_metadata -1 -fflags +bitexact -flags:v +bitexact clip.ivf
rm tune.wav
