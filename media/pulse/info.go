package pulse

import "context"

// deviceInfo is a Device and who made it: a module, and in PipeWire a group of nodes, which often has no module.
type deviceInfo struct {
	Device
	module uint32
	group  string
}

// devices asks for all sources and sinks.
func (c *conn) devices(ctx context.Context) ([]deviceInfo, error) {
	r, err := c.ask(ctx, cmdGetServerInfo, writer{})
	if err != nil {
		return nil, err
	}
	sink, source := readDefaults(r)
	if r.err != nil {
		return nil, r.err
	}
	r, err = c.ask(ctx, cmdGetSourceInfoList, writer{})
	if err != nil {
		return nil, err
	}
	all := readDevices(r, source, false)
	if r.err != nil {
		return nil, r.err
	}
	r, err = c.ask(ctx, cmdGetSinkInfoList, writer{})
	if err != nil {
		return nil, err
	}
	all = append(all, readDevices(r, sink, true)...)
	return all, r.err
}

// readDefaults reads the names of the default devices out of an answer to GetServerInfo.
func readDefaults(r *reader) (sink, source string) {
	r.skip(tagString, tagString, tagString, tagString, tagSpec) // package, version, user, host
	return r.text(), r.text()
}

// readDevices reads an answer to GetSinkInfoList or GetSourceInfoList, which are built alike.
func readDevices(r *reader, def string, sinks bool) []deviceInfo {
	var out []deviceInfo
	for r.err == nil && len(r.b) > 0 {
		d := readDevice(r)
		if sinks {
			d.Kind = Sink
		}
		d.Default = d.ID != "" && d.ID == def
		if r.err == nil {
			out = append(out, d)
		}
	}
	return out
}

func readDevice(r *reader) deviceInfo {
	d := deviceInfo{Device: Device{Kind: Source}}
	r.skip(tagU32)
	d.ID = r.text()
	d.Name = r.text()
	r.skip(tagSpec, tagChannelMap)
	d.module = r.u32()
	r.skip(tagVolumes, tagTrue)
	if r.u32() != undefined { // of a source: the sink that it listens to; of a sink: the source that listens to it
		d.Kind = Monitor
	}
	r.skip(tagString, tagUsec, tagString, tagU32) // monitor's name, latency, driver, flags
	r.properties(func(key, value string) {
		if key == "node.link-group" {
			d.group = value
		}
	})
	r.skip(tagUsec)                           // latency that was asked for
	r.skip(tagVolume, tagU32, tagU32, tagU32) // base volume, state, volume steps, card
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		r.skip(tagString, tagString, tagU32, tagU32) // a port: name, description, priority, availability
	}
	r.skip(tagString) // active port
	for n := r.u8(); n > 0 && r.err == nil; n-- {
		r.skip(tagFormat)
	}
	return d
}

// modules asks for the indices of the modules of a name.
func (c *conn) modules(ctx context.Context, name string) ([]uint32, error) {
	r, err := c.ask(ctx, cmdGetModuleInfoList, writer{})
	if err != nil {
		return nil, err
	}
	out := readModules(r, name)
	return out, r.err
}

func readModules(r *reader, name string) []uint32 {
	var out []uint32
	for r.err == nil && len(r.b) > 0 {
		index, got := r.u32(), r.text()
		r.skip(tagString, tagU32, tagProperties) // arguments, users
		if r.err == nil && got == name {
			out = append(out, index)
		}
	}
	return out
}
