package pointsman

import (
	"fmt"
	"slices"
	"strings"
)

// words are the cases of one of the contract's enums, in its order. In Go each is its place counted from 1, so that a
// field that was forgotten is told from one that is set.
type words []string

// of is the word for a value.
func (w words) of(value uint8) string {
	if !w.has(value) {
		return fmt.Sprintf("unknown(%d)", value)
	}
	return w[value-1]
}

func (w words) has(value uint8) bool {
	return value >= 1 && int(value) <= len(w)
}

// list names them all, for messages.
func (w words) list() string {
	return strings.Join(w, ", ")
}

// text is the word of the JSON entry point, without quotes.
func (w words) text(value uint8) ([]byte, error) {
	if !w.has(value) {
		return nil, fmt.Errorf("%d is none of %s", value, w.list())
	}
	return []byte(strings.ReplaceAll(w[value-1], "-", "_")), nil
}

// marshal is the word of the JSON entry point.
func (w words) marshal(value uint8) ([]byte, error) {
	text, err := w.text(value)
	if err != nil {
		return nil, err
	}
	return []byte(`"` + string(text) + `"`), nil
}

// parse is the value for a word, in kebab-case or as in the JSON entry point.
func (w words) parse(word string) (uint8, error) {
	if place := slices.Index(w, strings.ReplaceAll(word, "_", "-")); place >= 0 {
		return uint8(place + 1), nil
	}
	return 0, fmt.Errorf("`%s` is none of %s", tidied(word, longestWord), w.list())
}

// unmarshal is the value for a word of the JSON entry point.
func (w words) unmarshal(data []byte) (uint8, error) {
	for i := range w {
		if word, _ := w.marshal(uint8(i + 1)); slices.Equal(word, data) {
			return uint8(i + 1), nil
		}
	}
	return 0, fmt.Errorf("%.40s is none of %s", data, strings.ReplaceAll(w.list(), "-", "_"))
}
