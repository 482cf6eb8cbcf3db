import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * What ffmpeg makes of the one recording with this ending: it decodes all of it, and any complaint is an error.
 *
 * @returns {Promise<{ codec: string, frames: number, seconds: number, loudest: number }>} loudest in dB, of sound
 */
export async function recording(files, ending) {
  const [file, ...more] = files.filter((f) => f.endsWith(`.${ending}`));
  if (!file || more.length > 0) throw new Error(`one recording .${ending} is wanted of ${files}`);
  const probed = JSON.parse((await run('ffprobe', ['-v', 'error', '-count_frames', '-of', 'json',
    '-show_entries', 'stream=codec_name,nb_read_frames,width,height:format=duration', file])).stdout);
  const [stream] = probed.streams;
  // A picture keeps its time: by the frame rate that ffmpeg guesses, two of an unsteady camera may have the same.
  const options = ending === 'ogg' ? ['-af', 'volumedetect'] : ['-fps_mode', 'passthrough', '-enc_time_base', '-1'];
  const { stderr } = await run('ffmpeg', ['-hide_banner', '-nostats', '-v', 'info', '-i', file, ...options, '-f', 'null', '-']);
  const faults = stderr.split('\n').filter((line) => /error|invalid|corrupt|missing/i.test(line));
  if (faults.length > 0) throw new Error(`ffmpeg on ${ending}: ${faults.slice(0, 5).join('; ')}`);
  return {
    codec: stream.codec_name, frames: Number(stream.nb_read_frames), width: stream.width, height: stream.height,
    seconds: Number(probed.format.duration), loudest: Number(/max_volume: (\S+) dB/.exec(stderr)?.[1] ?? NaN),
  };
}

/** The frames of an IVF file of VP8: their times in milliseconds, and whether they are key frames. */
export function frames(file) {
  if (file.toString('latin1', 0, 4) !== 'DKIF' || file.toString('latin1', 8, 12) !== 'VP80') throw new Error('no IVF of VP8');
  const [rate, scale] = [file.readUInt32LE(16), file.readUInt32LE(20)];
  const all = [];
  for (let at = file.readUInt16LE(6); at + 12 < file.length; at += 12 + file.readUInt32LE(at)) {
    const time = Number(file.readBigUInt64LE(at + 4)) * scale * 1000 / rate;
    all.push({ time, key: (file[at + 12] & 1) === 0 });
  }
  return all;
}
