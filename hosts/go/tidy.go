package pointsman

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Corrections to plans that are no reason to reject one: texts that people see, and how soon it is evaluated again.

const (
	// longestMessage is the longest message of a reason, in bytes.
	longestMessage = 1024
	// soonest is the least time to the next evaluation, in milliseconds.
	soonest = 1000
	// ellipsis is the last character of what was shortened.
	ellipsis = "…"
)

// tidy puts right what is to be put right in a plan that was made at `now`.
func (p *RouteChanges) tidy(now time.Time) {
	p.Reason.Code = tidied(p.Reason.Code, longestWord)
	p.Reason.Message = tidied(p.Reason.Message, longestMessage)
	p.Gate = tidied(p.Gate, longestWord)
	if !p.NextEvaluationAt.IsZero() {
		p.NextEvaluationAt = notTooSoon(p.NextEvaluationAt, now)
	}
}

// notTooSoon is the moment of the next evaluation, raised to a second after now where it is after now. One that is not
// after now is for the guard to reject.
func notTooSoon(at, now time.Time) time.Time {
	next, isMoment := millisOf(at)
	this, isNow := millisOf(now)
	if !isMoment || !isNow || next <= this {
		return at
	}
	earliest := uint64(math.MaxUint64)
	if this <= math.MaxUint64-soonest {
		earliest = this + soonest
	}
	if next >= earliest {
		return at
	}
	return moment(earliest)
}

// tidied is a text for people: what could forge a line of a log or change how the text around it is shown is escaped,
// as `\u{9b}`, and what comes to more bytes than `longest` is cut after a whole character or escape, and ends with an
// ellipsis.
func tidied(text string, longest int) string {
	if len(text) <= longest && strings.IndexFunc(text, isControl) < 0 {
		return text
	}
	var tidy []byte
	// cut is where there is still room for the ellipsis.
	cut := 0
	for _, c := range text {
		if isControl(c) {
			tidy = fmt.Appendf(tidy, `\u{%x}`, c)
		} else {
			tidy = utf8.AppendRune(tidy, c)
		}
		if len(tidy) > longest {
			return string(tidy[:cut]) + ellipsis
		}
		if len(tidy)+len(ellipsis) <= longest {
			cut = len(tidy)
		}
	}
	return string(tidy)
}

// longestShown is the longest text of a plugin, a tenant or a file system in a message, in bytes.
const longestShown = 2000

// shown is a text of somebody else's, fit for a message: on one line, bounded, and nothing in it acts on a terminal.
func shown(text string) string { return tidied(text, longestShown) }

// isControl tells of characters that a terminal obeys, that turn the direction of what follows, or that end a line.
func isControl(c rune) bool {
	switch {
	case unicode.IsControl(c), c == 0x061c, c == 0x200e, c == 0x200f:
		return true
	}
	return c >= 0x2028 && c <= 0x202e || c >= 0x2066 && c <= 0x2069
}
