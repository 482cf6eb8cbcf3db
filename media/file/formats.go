package file

import "io"

// Ogg is the Format of Opus in Ogg; see NewOggReader.
func Ogg(r io.Reader) (FrameReader, error) { return reader(NewOggReader(r)) }

// IVF is the Format of VP8, VP9 or AV1 in IVF; see NewIVFReader.
func IVF(r io.Reader) (FrameReader, error) { return reader(NewIVFReader(r)) }

// WAV is the Format of uncompressed audio; see NewWAVReader.
func WAV(r io.Reader) (FrameReader, error) { return reader(NewWAVReader(r)) }

// AnnexB returns the Format of an H264 byte stream with so many pictures a second; see NewAnnexBReader.
func AnnexB(fps Rational) Format {
	return func(r io.Reader) (FrameReader, error) { return reader(NewAnnexBReader(r, fps)) }
}

// reader keeps a nil pointer from becoming an interface that is not nil.
func reader[R FrameReader](r R, err error) (FrameReader, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}
