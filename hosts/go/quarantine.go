package pointsman

import (
	"slices"
	"sync"
	"time"
)

// The versions of a registry that were reverted: no folder loads them again.

// quarantined is a version that was reverted, as the state folder has it.
type quarantined struct {
	Digest   string `json:"digest"`
	Strategy string `json:"strategy"`
	Version  string `json:"version"`
	Reason   string `json:"reason"`
	// At is when it was, in milliseconds since the Unix epoch. It is for people, and decides nothing.
	At int64 `json:"at"`
}

// quarantine is safe for use by several goroutines at once.
type quarantine struct {
	mutex   sync.Mutex
	entries []quarantined
	// keep is called with all of them after each change; may be nil.
	keep func([]quarantined)
}

func (q *quarantine) has(digest string) bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return q.place(digest) >= 0
}

func (q *quarantine) add(digest, strategy, version, reason string) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if place := q.place(digest); place >= 0 {
		q.entries = slices.Delete(q.entries, place, place+1)
	}
	// The wall clock, whatever clock circuits have: another process reads it.
	q.entries = append(q.entries, quarantined{digest, strategy, version, reason, time.Now().UnixMilli()})
	q.changed()
}

// release lifts a quarantine, and tells which one, where there was one.
func (q *quarantine) release(digest string) (quarantined, bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	place := q.place(digest)
	if place < 0 {
		return quarantined{}, false
	}
	released := q.entries[place]
	q.entries = slices.Delete(q.entries, place, place+1)
	q.changed()
	return released, true
}

// of lists the digests of a strategy's quarantined versions, sorted.
func (q *quarantine) of(strategy string) []string {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	var digests []string
	for _, entry := range q.entries {
		if entry.Strategy == strategy {
			digests = append(digests, entry.Digest)
		}
	}
	slices.Sort(digests)
	return digests
}

func (q *quarantine) place(digest string) int {
	return slices.IndexFunc(q.entries, func(entry quarantined) bool { return entry.Digest == digest })
}

func (q *quarantine) changed() {
	if q.keep != nil {
		q.keep(slices.Clone(q.entries))
	}
}
