//go:build unix

package pointsman

import "syscall"

// openWithoutWaiting opens a pipe that nobody writes to at once.
const openWithoutWaiting = syscall.O_NONBLOCK
