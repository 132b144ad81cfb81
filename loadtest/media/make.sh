#!/bin/sh
# Makes the recordings that load peers publish, beside this file.
set -eu
cd "$(dirname "$0")"

VIDEO_SECONDS=30
VOICE_SECONDS=10
FRAMES_PER_SECOND=15
# Camera-like: everything moves a little, all the time, with some grain.
PICTURE="mandelbrot=size=640x360:rate=$FRAMES_PER_SECOND:start_scale=1.6:end_scale=0.02:end_pts=780:maxiter=400,\
noise=alls=4:allf=t,format=yuv420p"

# name, size, bit/s: the same pictures in each layer, with one keyframe, the first: a camera has none but those that it is asked
# for. It is as large as that of a browser's encoder may be (percent of a mean frame).
layer() {
  ffmpeg -nostdin -loglevel error -y -f lavfi -i "$PICTURE" -t "$VIDEO_SECONDS" -vf "scale=$2:flags=area" \
    -c:v libvpx -deadline realtime -cpu-used 2 -lag-in-frames 0 -auto-alt-ref 0 -error-resilient default \
    -b:v "$3" -minrate "$3" -maxrate "$3" -bufsize "$3" -qmin 4 -qmax 63 -undershoot-pct 100 \
    -max-intra-rate 450 -g $((VIDEO_SECONDS * FRAMES_PER_SECOND)) -keyint_min $((VIDEO_SECONDS * FRAMES_PER_SECOND)) \
    -sc_threshold 0 -threads 1 \
    -map_metadata -1 -fflags +bitexact -f ivf "$1.ivf"
}
layer q 160x90 45k
layer h 320x180 150k
layer f 640x360 650k

# Speech-like: a voice of changing pitch and its overtones, in syllables and pauses, over a hiss.
PITCH='(120*t+6*sin(2*PI*0.7*t)+3*sin(2*PI*2.3*t))'
VOICE="(sin(2*PI*$PITCH)+0.7*sin(4*PI*$PITCH)+0.5*sin(8*PI*$PITCH)+0.35*sin(14*PI*$PITCH)+0.2*sin(22*PI*$PITCH))"
SYLLABLES="(max(0\,sin(2*PI*3.7*t))*gt(sin(2*PI*0.31*t)\,-0.7))"
ffmpeg -nostdin -loglevel error -y -f lavfi \
  -i "aevalsrc=exprs='0.16*$VOICE*$SYLLABLES+0.01*(random(0)-0.5)':sample_rate=48000:duration=$VOICE_SECONDS" \
  -ac 1 -c:a libopus -application voip -b:a 32k -vbr constrained -frame_duration 20 -fec 1 -packet_loss 10 \
  -map_metadata -1 -fflags +bitexact -f ogg voice.ogg
