package pointsman

import (
	"os"
	"syscall"
)

// reserve takes address space, whose pages are there, and zero, once they are touched.
func reserve(size uint64) ([]byte, error) {
	const flags = syscall.MAP_PRIVATE | syscall.MAP_ANON | syscall.MAP_NORESERVE
	return syscall.Mmap(-1, 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, flags)
}

// giveUp undoes reserve.
func giveUp(bytes []byte) {
	// It fails only for what was not reserved.
	_ = syscall.Munmap(bytes)
}

// giveBack lets go of the whole pages of a part at its beginning, which are zero when they are next touched, and says
// which part is left.
func giveBack(bytes []byte, from, to int) (int, int) {
	size := os.Getpagesize()
	first, last := (from+size-1)/size*size, to/size*size
	if first != from || syscall.Madvise(bytes[first:last], syscall.MADV_DONTNEED) != nil {
		return from, to
	}
	return last, to
}
