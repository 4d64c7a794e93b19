//go:build !unix

package pointsman

const openWithoutWaiting = 0
