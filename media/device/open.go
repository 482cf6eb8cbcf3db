package device

// OpenCamera looks for a camera and opens it for a moment, to see that it is there and can do what is asked. What is wrong
// with the camera is a *media.DeviceError; faults of cfg are joined. It is in use from the first Read on.
func OpenCamera(cfg VideoConfig) (*Video, error) {
	if !built {
		return nil, notBuilt("camera")
	}
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	if cfg.Width == 0 {
		cfg.Width, cfg.Height = 640, 360
	}
	name, open, err := findCamera(cfg)
	if err != nil {
		return nil, err
	}
	if _, _, err := try(open); err != nil {
		return nil, err
	}
	return newVideo(cfg, KindCamera, name, open, newEncoder)
}

// OpenScreen looks for a screen, as OpenCamera does for a camera. What is on the screen is sent to the peer: all of it.
func OpenScreen(cfg VideoConfig) (*Video, error) {
	if !built {
		return nil, notBuilt("screen")
	}
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	name, open, err := findScreen(cfg)
	if err != nil {
		return nil, err
	}
	width, height, err := try(open)
	if err != nil {
		return nil, err
	}
	if cfg.Width == 0 {
		cfg.Width, cfg.Height = within(width, height, 1280, 720)
	}
	return newVideo(cfg, KindScreen, name, open, newEncoder)
}

// try opens a device and lets it go. It returns its size.
func try(open opener) (width, height int, err error) {
	g, err := open()
	if err != nil {
		return 0, 0, err
	}
	defer g.close()
	width, height = g.size()
	return width, height, nil
}
