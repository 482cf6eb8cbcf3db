#!/usr/bin/env bash
# Builds opus.wasm: libopus 1.3.1 as a WebAssembly module without imports. The same tools give the same bytes.
#   wasm/build.sh           writes opus.wasm
#   wasm/build.sh --check   fails unless the committed opus.wasm is what the sources make
# It needs Debian 12's compiler: apt-get install clang-14 lld-14 wasi-libc libclang-rt-14-dev-wasm32
# OPUS_SOURCE names a copy of opus_1.3.1.orig.tar.gz to take; otherwise apt fetches Debian's source package. Debian's only patch
# corrects spelling in the headers' comments, and is not applied.
set -euo pipefail
cd "$(dirname "$0")"

sum=65b58e1e25b2a114157014736a3d9dfeaad8d41be1c8179866f144a2fb44ff9d # of opus_1.3.1.orig.tar.gz, as in opus_1.3.1-3.dsc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The list of sources is apt's own but for this run, so nothing of the machine's configuration changes.
download() {
  local state=$work/apt
  mkdir -p "$state/lists/partial"
  echo 'deb-src http://deb.debian.org/debian bookworm main' >"$state/sources.list"
  local opts=(-qq -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$state/lists"
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
  apt-get "${opts[@]}" update
  (cd "$work" && apt-get "${opts[@]}" source --download-only opus=1.3.1-3)
}

source=${OPUS_SOURCE:-}
if [ -z "$source" ]; then
  download
  source=$work/opus_1.3.1.orig.tar.gz
fi
echo "$sum  $source" | sha256sum --check --quiet
tar -xzf "$source" -C "$work"
cp glue.c rounding.h "$work/opus-1.3.1"

# What the decoder runs is compiled to the letter of C, since it must match the reference. What only the encoder runs (silk/float)
# may reorder its sums, which makes it a quarter faster; libopus allows that with FLOAT_APPROX.
flags=(--target=wasm32-wasi -O2 -msimd128 -mnontrapping-fptoint -mbulk-memory -ffunction-sections -fdata-sections
  -DNDEBUG -DOPUS_BUILD -DVAR_ARRAYS -DHAVE_LRINT -DHAVE_LRINTF -include rounding.h -I. -Iinclude -Icelt -Isilk -Isilk/float -Isrc)
cd "$work/opus-1.3.1"
# The noise shapers call functions of up to 26 parameters, which wazero's code for arm64 gets wrong. Inlined, there is no call.
sed -i -E 's/^static OPUS_INLINE void (silk_noise_shape_quantizer(_del_dec)?\()/static inline __attribute__((always_inline)) void \1/' silk/NSQ{,_del_dec}.c
exact=(glue.c celt/{bands,celt,celt_decoder,celt_encoder,celt_lpc,cwrs,entcode,entdec,entenc,kiss_fft,laplace,mathops,mdct}.c
  celt/{modes,pitch,quant_bands,rate,vq}.c silk/*.c src/{opus,opus_decoder,opus_encoder,repacketizer}.c)
mkdir objects
compile() { clang-14 "${flags[@]}" "${@:2}" -c "$1" -o "objects/$(tr / - <<<"$1").o"; }
for f in "${exact[@]}"; do compile "$f"; done
for f in silk/float/*.c; do compile "$f" -ffast-math -DFLOAT_APPROX; done

# The stack lies first, so that one that overflows traps and overwrites nothing. Memory cannot grow.
memory=$((5 * 65536))
clang-14 --target=wasm32-wasi -nostartfiles -Wl,--no-entry,--gc-sections,--strip-all,--stack-first,-z,stack-size=131072 \
  -Wl,--initial-memory=$memory,--max-memory=$memory objects/*.o -o opus.wasm

cd "$OLDPWD"
if [ "${1:-}" = --check ]; then
  cmp "$work/opus-1.3.1/opus.wasm" opus.wasm
  exit
fi
install -m 644 "$work/opus-1.3.1/opus.wasm" opus.wasm
