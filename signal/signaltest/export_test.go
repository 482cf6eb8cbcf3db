package signaltest

import "context"

// Check runs one check by its name and returns what it found.
func Check(ctx context.Context, name string, dial Dial) error {
	for _, c := range checks {
		if c.name == name {
			e := &env{ctx: ctx, dial: dial}
			defer e.close()
			return c.run(e)
		}
	}
	panic("no check " + name)
}
