// Package resample converts sound between sample rates, and follows a clock that runs a little faster or slower. Use New once
// for a stream, and Resample for each chunk of it, of any size.
//
// The filter is a sinc under a Kaiser window, kept as 64 or more phases of which each is one position between two samples.
// What stays is flat to 0.9 of the lower rate's Nyquist frequency, and what would alias is 70 dB down from there on: speech at
// 8 kHz keeps 3.6 kHz. A ratio of whole numbers (44.1 kHz to 48 kHz is 160 to 147) meets the phases exactly. Under SetDrift the
// filter is interpolated between two of them, with an error near -84 dB.
//
// It delays by 44 samples of the lower rate (Delay): 0.9 ms between 44.1 and 48 kHz, 2.75 ms to or from 16 kHz, 5.5 ms at 8 kHz.
//
// A Resampler belongs to one goroutine. It allocates 50 to 160 kB when it is made and nothing afterwards.
package resample
