package media

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// logFactory passes what the layers below log to slog, at debug level whatever they think of it: their messages hold
// addresses and are about things that this package reports in its own way.
type logFactory struct{ logger *slog.Logger }

func (f logFactory) NewLogger(scope string) logging.LeveledLogger {
	if f.logger == nil || !f.logger.Enabled(context.Background(), slog.LevelDebug) {
		return quietLogger{}
	}
	return debugLogger{f.logger.With("scope", scope)}
}

type debugLogger struct{ l *slog.Logger }

func (d debugLogger) Trace(string)                   {}
func (d debugLogger) Tracef(string, ...any)          {}
func (d debugLogger) Debug(m string)                 { d.l.Debug(m) }
func (d debugLogger) Debugf(format string, a ...any) { d.l.Debug(fmt.Sprintf(format, a...)) }
func (d debugLogger) Info(m string)                  { d.l.Debug(m) }
func (d debugLogger) Infof(format string, a ...any)  { d.l.Debug(fmt.Sprintf(format, a...)) }
func (d debugLogger) Warn(m string)                  { d.l.Debug(m) }
func (d debugLogger) Warnf(format string, a ...any)  { d.l.Debug(fmt.Sprintf(format, a...)) }
func (d debugLogger) Error(m string)                 { d.l.Debug(m) }
func (d debugLogger) Errorf(format string, a ...any) { d.l.Debug(fmt.Sprintf(format, a...)) }

type quietLogger struct{}

func (quietLogger) Trace(string)          {}
func (quietLogger) Tracef(string, ...any) {}
func (quietLogger) Debug(string)          {}
func (quietLogger) Debugf(string, ...any) {}
func (quietLogger) Info(string)           {}
func (quietLogger) Infof(string, ...any)  {}
func (quietLogger) Warn(string)           {}
func (quietLogger) Warnf(string, ...any)  {}
func (quietLogger) Error(string)          {}
func (quietLogger) Errorf(string, ...any) {}
