package ffmpeg

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	optionKey  = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
	formatName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)
)

// reserved are the words of ffmpeg's command line itself, in all its versions since 4. They are no options of a format:
// "i" or "y" with a value would name another file to read or write.
var reserved = words(`
	L h help version buildconf formats muxers demuxers devices codecs decoders encoders bsfs protocols filters pix_fmts
	layouts sample_fmts dispositions colors sources sinks hwaccels loglevel v report max_alloc y n ignore_unknown
	filter_threads filter_complex_threads filter_buffered_frames stats max_error_rate vol cpuflags cpucount hide_banner
	copy_unknown recast_media benchmark benchmark_all progress stdin timelimit dump hex vsync frame_drop_threshold async
	adrift_threshold copyts start_at_zero copytb dts_delta_threshold dts_error_threshold xerror abort_on filter_complex
	lavfi filter_complex_script auto_conversion_filters stats_period debug_ts psnr vstats vstats_file vstats_version
	qphist sdp_file vaapi_device qsv_device init_hw_device filter_hw_device f i c codec pre map_metadata fs timestamp
	metadata program target apad frames filter filter_script reinit_filter discard disposition map map_channel
	map_chapters accurate_seek isync dframes re readrate readrate_initial_burst readrate_catchup shortest
	shortest_buf_duration bitexact copyinkf copypriorss tag q qscale profile attach dump_attachment stream_loop
	find_stream_info bits_per_raw_sample autorotate autoscale apply_cropping muxdelay muxpreload time_base enc_time_base
	bsf fpre max_muxing_queue_size muxing_queue_data_threshold dcodec vframes fpsmax s aspect vn vcodec timecode pass vf
	ab b dn rc_override passlogfile intra_matrix inter_matrix chroma_intra_matrix top vtag fps_mode force_fps streamid
	force_key_frames hwaccel hwaccel_device hwaccel_output_format vbsf vpre aframes aq an acodec af atag sample_fmt
	guess_layout_max absf apre sn scodec stag fix_sub_duration fix_sub_duration_heartbeat canvas_size spre stream_group
	mux_stats enc_stats_pre enc_stats_post stats_enc_pre stats_enc_post stats_mux_pre stats_enc_pre_fmt
	stats_enc_post_fmt stats_mux_pre_fmt print_graphs print_graphs_file print_graphs_format max_recon
	display_rotation display_hflip display_vflip guess_layout`)

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// checkOptions says what is wrong with options of a format.
func checkOptions(options map[string]string) error {
	var errs []error
	for key, value := range options {
		switch {
		case !optionKey.MatchString(key):
			errs = append(errs, fmt.Errorf("ffmpeg: option %q: its name must be of a to z, 0 to 9 and _", key))
		case reserved[key] || strings.HasPrefix(key, "no") && reserved[key[2:]]:
			errs = append(errs, fmt.Errorf("ffmpeg: option %q is one of the command line, not of a format", key))
		case strings.ContainsRune(value, 0):
			errs = append(errs, fmt.Errorf("ffmpeg: option %q: %w", key, errNUL))
		}
	}
	return errors.Join(errs...)
}

// optionArgs are the options as arguments, in order of their names.
func optionArgs(options map[string]string) []string {
	var args []string
	for _, key := range slices.Sorted(maps.Keys(options)) {
		args = append(args, "-"+key, options[key])
	}
	return args
}
