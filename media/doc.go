// Package media carries encoded frames between the devices of a call.
package media
