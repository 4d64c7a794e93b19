package pointsman

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Writing of the contract's types in the words of the JSON entry point. What is written is read back as it was; what
// could not be handed to a plugin cannot be written either.

// jsonWriter writes one value. Once there is an error the rest does not matter.
type jsonWriter struct {
	to  []byte
	err error
	// path has the fields that are being written, for messages.
	path []string
}

// writeJSON writes a value.
func writeJSON[T any](value *T, write func(*jsonWriter, *T)) ([]byte, error) {
	var w jsonWriter
	write(&w, value)
	return w.to, w.err
}

func (w *jsonWriter) fail(format string, args ...any) {
	if w.err == nil {
		w.err = &ArgumentError{strings.Join(w.path, "."), fmt.Sprintf(format, args...)}
	}
}

func (w *jsonWriter) object(fields func()) {
	w.to = append(w.to, '{')
	fields()
	w.to = append(w.to, '}')
}

// field writes a field of an object.
func (w *jsonWriter) field(name string, value func()) {
	if last := w.to[len(w.to)-1]; last != '{' {
		w.to = append(w.to, ',')
	}
	w.to = append(strconv.AppendQuote(w.to, name), ':')
	w.path = append(w.path, name)
	value()
	w.path = w.path[:len(w.path)-1]
}

// orNull writes a field that may be none.
func (w *jsonWriter) orNull(name string, isThere bool, value func()) {
	w.field(name, func() {
		if isThere {
			value()
		} else {
			w.to = append(w.to, "null"...)
		}
	})
}

func (w *jsonWriter) string(value string) {
	if !utf8.ValidString(value) {
		w.fail("is not UTF-8")
	}
	w.to = append(w.to, quoted(value)...)
}

func (w *jsonWriter) text(name, value string) { w.field(name, func() { w.string(value) }) }

func (w *jsonWriter) number(name string, value uint32) {
	w.field(name, func() { w.to = strconv.AppendUint(w.to, uint64(value), 10) })
}

func (w *jsonWriter) boolean(name string, value bool) {
	w.field(name, func() { w.to = strconv.AppendBool(w.to, value) })
}

// fraction writes a ratio, also one out of range, which is for the plugin to refuse.
func (w *jsonWriter) fraction(name string, value float64) {
	w.field(name, func() {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			w.fail("is %v, which is no number in JSON", value)
			return
		}
		written := strconv.FormatFloat(value, 'g', -1, 64)
		if !strings.ContainsAny(written, ".e") {
			written += ".0"
		}
		w.to = append(w.to, written...)
	})
}

func (w *jsonWriter) word(name string, of words, value uint8) {
	w.field(name, func() { w.bareWord(of, value) })
}

func (w *jsonWriter) bareWord(of words, value uint8) {
	word, err := of.marshal(value)
	if err != nil {
		w.fail("is %v", err)
	}
	w.to = append(w.to, word...)
}

func (w *jsonWriter) moment(name string, at time.Time) { w.field(name, func() { w.bareMoment(at) }) }

func (w *jsonWriter) bareMoment(at time.Time) {
	millis, isMoment := millisOf(at)
	if !isMoment {
		w.fail("is %s, not a moment from 1970 on that fits milliseconds in 64 bits", at.UTC().Format(time.RFC3339))
	}
	w.to = strconv.AppendUint(w.to, millis, 10)
}

// momentOrNull writes a moment of which the zero time is none.
func (w *jsonWriter) momentOrNull(name string, at time.Time) {
	w.orNull(name, !at.IsZero(), func() { w.bareMoment(at) })
}

// textOrNull writes a text of which the empty one is none.
func (w *jsonWriter) textOrNull(name, value string) {
	w.orNull(name, value != "", func() { w.string(value) })
}

func (w *jsonWriter) memo(memo *string) { w.orNull("memo", memo != nil, func() { w.string(*memo) }) }

func (w *jsonWriter) labels(labels map[string]string) {
	w.field("labels", func() {
		w.object(func() {
			for _, key := range slices.Sorted(maps.Keys(labels)) {
				if w.to[len(w.to)-1] != '{' {
					w.to = append(w.to, ',')
				}
				w.string(key)
				w.to = append(w.to, ':')
				w.string(labels[key])
			}
		})
	})
}

// config writes a configuration inline; none where there is none.
func (w *jsonWriter) config(config string) {
	if config == "" {
		return
	}
	w.field("config", func() {
		if !json.Valid([]byte(config)) {
			w.fail("is not JSON")
		}
		w.to = append(w.to, config...)
	})
}

func writeList[T any](w *jsonWriter, name string, values []T, write func(*jsonWriter, *T)) {
	w.field(name, func() {
		w.to = append(w.to, '[')
		for i := range values {
			if i > 0 {
				w.to = append(w.to, ',')
			}
			w.path = append(w.path, strconv.Itoa(i))
			write(w, &values[i])
			w.path = w.path[:len(w.path)-1]
		}
		w.to = append(w.to, ']')
	})
}

func writeString(w *jsonWriter, value *string) { w.string(*value) }
