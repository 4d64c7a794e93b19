//go:build !linux

package pointsman

import "errors"

// Other systems have the like, each in its own way: Darwin's MADV_DONTNEED, for one, zeroes nothing.

func reserve(uint64) ([]byte, error) { return nil, errors.ErrUnsupported }

func giveUp([]byte) {}

func giveBack(_ []byte, from, to int) (int, int) { return from, to }
